#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "cli/sensitivity_report.hpp"
#include "cli/table.hpp"
#include "explore/axis_values.hpp"
#include "explore/conditions.hpp"
#include "explore/points.hpp"
#include "flow/limits/limits.hpp"
#include "flow/limits/uncertainty.hpp"
#include "hw/totals.hpp"

namespace infsim::cli {

namespace {

using flow::PointRequest;
using flow::Variation;

constexpr int kMaxBatch = 64;
constexpr int kWindow = 2;

Syntax syntax() {
    po::options_description asked("Question");
    // clang-format off
    asked.add_options()
        ("of", po::value<std::vector<std::string>>()->value_name("KEY")->composing(),
         "a constant of the chip, such as chip.dram.bandwidth; may be repeated (default: all of them)")
        ("percent", po::value<double>()->value_name("P"), "decrease and increase of a constant (default 10)")
        ("limits", "also the largest batch that fits without spilling")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes at a time (default: one per processor)")
        ("csv", "print CSV instead of a table; scripts/plot_tornado.py draws it")
        ("json", "print JSON instead of a table");
    // clang-format on
    return {"sensitivity MODEL [options]",
            "Elasticities at one point: by how many percent throughput and the largest batch that fits change when a\n"
            "constant of the chip increases by one percent. They are central differences; their intervals follow from\n"
            "those of the measurements. Counts such as rows and banks are left out.",
            {asked, point_group(), extents_group(), compiler_group(), neuron_group(), load_group(), common_group()},
            refused_group(),
            "model",
            1};
}

struct Asked {
    PointRequest request;
    double share = 0.1;
    std::vector<std::string> keys;  ///< none: all
    bool limits = false;
    int jobs = 1;
};

Asked asked_of(const po::variables_map& values, Console& console) {
    Problems problems;
    Asked asked;
    if (values.count("percent") > 0) asked.share = values["percent"].as<double>() / 100;
    if (!(asked.share > 0 && asked.share < 1))
        problems.add("", "--percent", "must be above 0 and below 100, and is " + number_text(100 * asked.share));
    if (values.count("of") > 0) asked.keys = values["of"].as<std::vector<std::string>>();
    if (values.count("csv") > 0 && values.count("json") > 0) problems.add("", "--csv", "and --json exclude each other");
    asked.limits = values.count("limits") > 0;
    asked.jobs = jobs_of(values, processors(), console, problems);
    problems.throw_if_any();
    asked.request = request_of(values);
    return asked;
}

/// The key as the chip file has it: the file may state a total by its parts, or the other way round.
std::string in_file(std::string key, const std::vector<Variation>& all) {
    if (key.rfind("chip.", 0) == 0) key = key.substr(5);
    const auto has = [&](const std::string& name) {
        return std::any_of(all.begin(), all.end(), [&](const Variation& v) { return v.key == name; });
    };
    for (const hw::TwoForms& forms : {hw::kStateBufferForms, hw::kDramForms}) {
        const std::string section = std::string(forms.section) + ".";
        std::string part = section + std::string(forms.part), total = section + std::string(forms.total);
        if (key == total && !has(total) && has(part)) return part;
        if (key == part && !has(part) && has(total)) return total;
    }
    return key;
}

/// The values of one constant; the text of a side that is not possible is empty.
struct Sides {
    std::string key, grade, value, less, more, why_not;
};

bool is_more(const Variation& v) { return explore::size_of(v.changed)->size > explore::size_of(v.value)->size; }

/// The requested constants, in the chip file's order, each once.
std::vector<Sides> sides_of(const Asked& asked, const hw::ChipFile& chip) {
    const auto ups = flow::variations_of(chip, asked.share);
    std::vector<std::string> keys, wanted;
    for (const Variation& v : ups)
        if (std::find(keys.begin(), keys.end(), v.key) == keys.end()) keys.push_back(v.key);
    Problems problems;
    for (const std::string& name : asked.keys) {
        wanted.push_back(in_file(name, ups));
        if (std::find(keys.begin(), keys.end(), wanted.back()) == keys.end())
            problems.add("", "--of " + name, "is not a constant of the chip" + suggestion(wanted.back(), keys));
    }
    problems.throw_if_any();
    std::vector<Sides> list;
    for (const std::string& key : keys) {
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), key) == wanted.end()) continue;
        Sides sides;
        for (const Variation& v : ups) {
            if (v.key != key) continue;
            sides.key = key, sides.grade = v.grade, sides.value = v.value;
            if (v.changed.empty()) sides.why_not = v.why_not;
            else (is_more(v) ? sides.more : sides.less) = v.changed;
        }
        list.push_back(std::move(sides));
    }
    return list;
}

PointRequest with(PointRequest request, const std::string& key, const std::string& value) {
    request.settings.push_back({"chip." + key, json::from_argument(value), "", key});
    return request;
}

/// Points to measure, in order. Equal requests are measured once.
class Measurements {
public:
    Measurements(const Asked& asked, Console& console)
        : asked_(asked), progress_(console.progress()), models_(console.notice()) {}

    /// Adds a point. Empty if such a chip is not possible; `why` then has the reason.
    std::optional<std::size_t> add(const PointRequest& request, std::string& why) {
        Problems problems;
        const auto point = flow::resolve(request, models_, problems);
        if (!point) {
            why = problems.list().front().what;
            return std::nullopt;
        }
        requests_.push_back(request);
        prepared_.push_back(flow::record_of(*point));
        return requests_.size() - 1;
    }

    /// False when interrupted.
    bool run() {
        progress_.start(requests_.size(), 0);
        auto records = explore::run_points(
            requests_, prepared_, {explore::own_executable(), "worker"}, asked_.jobs,
            [&](std::size_t n, const record::RunRecord& r) {
                const auto& settings = requests_[n].settings;
                const auto size = asked_.request.settings.size();
                const std::string what = settings.size() == size
                                             ? "as the file has it"
                                             : settings.back().key + "=" + explore::value_text(settings.back().value);
                progress_.step(what + ": " + fixed(r.throughput_avg, 0) + " items/s");
            });
        progress_.finish();
        if (records) records_ = std::move(*records);
        return records.has_value();
    }

    Measured result(std::size_t n, const std::string& value) const { return {value, records_[n], limit(requests_[n])}; }

private:
    std::optional<flow::LargestBatch> limit(const PointRequest& request) const {
        if (!asked_.limits) return std::nullopt;
        PointRequest r = flow::resident_request(request);
        const auto fits = [&](int batch) {
            r.batch = batch;
            return !tools_.compile(r);
        };
        return flow::find_largest(fits, kMaxBatch, kWindow);
    }

    const Asked& asked_;
    explore::Progress& progress_;
    flow::ModelCache models_;
    flow::LimitsTools tools_ = flow::compiling_tools();
    std::vector<PointRequest> requests_;
    std::vector<record::RunRecord> prepared_, records_;
};

/// The measurements of both sides of a constant; the base point for a side that is not possible.
struct Planned {
    Sides sides;
    std::size_t less = 0, more = 0;
};

std::optional<SensitivityReport> measured(const Asked& asked, const std::vector<Sides>& constants, Console& console) {
    SensitivityReport report;
    report.share = asked.share;
    Measurements measurements(asked, console);
    std::string why;
    if (!measurements.add(asked.request, why)) throw InputError("", "MODEL", why);
    std::vector<Planned> planned;
    for (const Sides& sides : constants) {
        Planned plan{sides, 0, 0};
        why = sides.why_not;
        if (!sides.less.empty())
            plan.less = measurements.add(with(asked.request, sides.key, sides.less), why).value_or(0);
        if (!sides.more.empty())
            plan.more = measurements.add(with(asked.request, sides.key, sides.more), why).value_or(0);
        if (plan.less == plan.more) report.left.emplace_back(sides.key, why);
        else planned.push_back(std::move(plan));
    }
    if (!measurements.run()) return std::nullopt;
    const auto side = [&](std::size_t n, const std::string& changed, const std::string& value) {
        return measurements.result(n, n == 0 ? value : changed);
    };
    report.base = measurements.result(0, "").record;
    for (const Planned& plan : planned) {
        const Sides& s = plan.sides;
        report.list.push_back(
            {s.key, s.grade, s.value, side(plan.less, s.less, s.value), side(plan.more, s.more, s.value)});
    }
    sort_by_elasticity(report.list);
    return report;
}

}  // namespace

int run_sensitivity_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Console console(*values);
    const Asked asked = asked_of(*values, console);
    Problems problems;
    const auto chip = flow::chip_of(asked.request, problems);
    problems.throw_if_any();
    const auto report = measured(asked, sides_of(asked, *chip), console);
    if (!report) return kInterrupted;
    if (report->base.status != record::Status::ok) {
        console.error(std::string(record::status_name(report->base.status)) + ": " + report->base.reason);
        return report->base.status == record::Status::infeasible ? kDoesNotFit : kInternalFault;
    }
    if (values->count("json") > 0) std::cout << json::dump(sensitivity_json(*report)) << "\n";
    else std::cout << (values->count("csv") > 0 ? sensitivity_csv(*report) : sensitivity_text(*report));
    return kDone;
}

}  // namespace infsim::cli
