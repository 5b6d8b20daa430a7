#include <algorithm>
#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "explore/points.hpp"
#include "flow/limits/limits.hpp"
#include "flow/limits/uncertainty.hpp"

namespace infsim::cli {

namespace {

using flow::Claims;
using flow::Moved;
using flow::PointRequest;
using flow::Variation;

constexpr double kNotable = 0.01;  ///< a constant is listed if it changes throughput by at least this

Syntax syntax() {
    po::options_description asked("Question");
    // clang-format off
    asked.add_options()
        ("percent", po::value<double>()->value_name("P"), "increase and decrease of each constant (default 20)")
        ("only", po::value<std::string>()->value_name("TEXT"), "only constants whose key contains TEXT")
        ("batches", po::value<std::string>()->value_name("LIST"), "batches to simulate (default 1,2,3,4,5,6,8)")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes at a time (default: one per processor)")
        ("json", "print JSON instead of a table");
    // clang-format on
    return {
        "uncertainty MODEL [options]",
        "Shows which constants the claims about a network on a chip depend on (the largest batch that fits without\n"
        "spilling, knee, b95, best batch, throughput). Each constant is increased and decreased in turn; counts such\n"
        "as rows and banks are not varied. Takes some hundred simulations, or fewer with --only.\n",
        {point_group(false), extents_group(), compiler_group(), neuron_group(), load_group(), asked, common_group()},
        refused_group(),
        "model",
        1};
}

struct Asked {
    PointRequest request;
    double share = 0.2;
    std::string only;
    std::vector<int> batches{1, 2, 3, 4, 5, 6, 8};
    int jobs = 1;
    bool json = false;
};

std::vector<int> batches_of(const std::string& text, Problems& problems) {
    std::vector<int> batches;
    for (const std::string& part : split(text, ',')) {
        const std::string word(trim(part));
        const bool digits =
            !word.empty() && word.size() < 6 && word.find_first_not_of("0123456789") == std::string::npos;
        const int batch = digits ? std::stoi(word) : 0;
        if (batch < 1 || batch > flow::kMaxBatch)
            problems.add(
                "", "--batches",
                fmt::format("must be numbers from 1 to {}, separated by commas, but has '{}'", flow::kMaxBatch, word));
        batches.push_back(std::max(1, batch));
    }
    std::sort(batches.begin(), batches.end());
    batches.erase(std::unique(batches.begin(), batches.end()), batches.end());
    return batches;
}

Asked asked_of(const po::variables_map& values, Console& console) {
    Problems problems;
    Asked asked;
    if (values.count("percent") > 0) asked.share = values["percent"].as<double>() / 100;
    if (!(asked.share > 0 && asked.share < 1))
        problems.add("", "--percent", "must be above 0 and below 100, and is " + number_text(100 * asked.share));
    if (values.count("only") > 0) asked.only = values["only"].as<std::string>();
    if (values.count("batches") > 0) asked.batches = batches_of(values["batches"].as<std::string>(), problems);
    asked.jobs = jobs_of(values, processors(), console, problems);
    problems.throw_if_any();
    asked.request = request_of(values);
    asked.json = values.count("json") > 0;
    return asked;
}

PointRequest with(PointRequest request, const Variation& v) {
    request.settings.push_back({"chip." + v.key, json::from_argument(v.changed), "", v.key});
    return request;
}

/// A variation with its results. The first case has no variation: it is the file as it is.
struct Case {
    std::optional<Variation> variation;
    PointRequest request;
    std::string refused;  ///< why such a chip is not possible
    Claims claims;
};

/// The largest resident batch. Most constants do not affect it, so the unchanged file's answer is tried first.
flow::LargestBatch resident_of(const PointRequest& request, int most, int guess, const flow::LimitsTools& tools) {
    PointRequest r = flow::resident_request(request);
    const auto fits = [&](int batch) {
        r.batch = batch;
        return !tools.compile(r);
    };
    if (guess > 0 && guess < most && fits(guess) && !fits(guess + 1)) return {guess, false, {}, {guess, guess + 1}};
    return flow::find_largest(fits, most, 2);
}

/// Simulates all batches of all cases and derives the claims. False when interrupted.
bool run_cases(std::vector<Case>& cases, const Asked& asked, Console& console) {
    std::vector<PointRequest> requests;
    std::vector<record::RunRecord> prepared;
    flow::ModelCache models(console.notice());
    const flow::LimitsTools tools = flow::compiling_tools();
    const int most = asked.batches.back();
    for (Case& c : cases) {
        Problems problems;
        std::vector<record::RunRecord> mine;
        for (const int batch : asked.batches) {
            c.request.batch = batch;
            if (const auto point = flow::resolve(c.request, models, problems)) mine.push_back(flow::record_of(*point));
            if (!problems.empty()) break;
        }
        if (!problems.empty()) {
            if (!c.variation) problems.throw_if_any();
            c.refused = problems.list().front().what;
            continue;
        }
        c.claims.resident = resident_of(c.request, most, cases.front().claims.resident.batch, tools);
        for (const int batch : asked.batches) requests.push_back(c.request), requests.back().batch = batch;
        prepared.insert(prepared.end(), mine.begin(), mine.end());
    }
    explore::Progress& progress = console.progress();
    progress.start(requests.size(), 0);
    const auto records = explore::run_points(
        requests, prepared, {explore::own_executable(), "worker"}, asked.jobs,
        [&](std::size_t n, const record::RunRecord& r) {
            const auto& settings = requests[n].settings;
            progress.step(fmt::format("{} B={}: {} items/s", settings.empty() ? "" : settings.back().key,
                                      requests[n].batch, fixed(r.throughput_avg, 0)));
        });
    progress.finish();
    if (!records) return false;
    auto next = records->begin();
    for (Case& c : cases) {
        if (!c.refused.empty()) continue;
        const auto end = next + static_cast<std::ptrdiff_t>(asked.batches.size());
        c.claims = flow::claims_of({next, end}, c.claims.resident);
        next = end;
    }
    return true;
}

std::string batch_text(const std::optional<std::int64_t>& batch) { return batch ? number_text(*batch) : "none"; }
std::string resident_text(const flow::LargestBatch& r) {
    return number_text(std::int64_t{r.batch}) + (r.open ? " or more" : "");
}

std::string sentence(const Claims& c, const Asked& asked) {
    return fmt::format(
        "With the file unchanged: fits without spilling up to B={}, knee B={}, b95 B={}, best of the batches tried "
        "B={}; {} items/s at B={}, {} at best.",
        resident_text(c.resident), batch_text(c.knee), batch_text(c.b95), batch_text(c.best),
        rate_text(c.first.value_or(0)), asked.batches.front(), rate_text(c.highest.value_or(0)));
}

std::string change(double share) { return std::abs(share) < 0.0005 ? "" : signed_percent(share); }

/// "key (reason), ..."; consecutive keys with the same reason share it.
std::string with_reasons(const std::vector<std::pair<std::string, std::string>>& list) {
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i) {
        text += (i == 0 ? "" : ", ") + list[i].first;
        if (i + 1 == list.size() || list[i + 1].second != list[i].second) text += " (" + list[i].second + ")";
    }
    return text;
}

void print(const std::vector<Case>& cases, const std::vector<std::pair<std::string, std::string>>& left,
           const Asked& asked) {
    const Claims& before = cases.front().claims;
    std::cout << wrapped(sentence(before, asked)) << "\n\n";
    Table table({"constant", "from", "to", "fits", "knee", "b95", "best", fmt::format("B={}", asked.batches.front()),
                 "at best"});
    std::vector<std::string> still;
    for (const Case& c : cases) {
        if (!c.variation || !c.refused.empty()) continue;
        const Moved m = flow::moved(before, c.claims);
        if (!m.any_batch() && std::max(std::abs(m.first), std::abs(m.highest)) < kNotable) {
            if (std::find(still.begin(), still.end(), c.variation->key) == still.end())
                still.push_back(c.variation->key);
            continue;
        }
        const auto cell = [](bool is_other, const std::string& text) { return is_other ? text : std::string(); };
        table.add({c.variation->key, c.variation->value, c.variation->changed,
                   cell(m.resident, resident_text(c.claims.resident)), cell(m.knee, batch_text(c.claims.knee)),
                   cell(m.b95, batch_text(c.claims.b95)), cell(m.best, batch_text(c.claims.best)), change(m.first),
                   change(m.highest)});
    }
    std::cout << table.text()
              << wrapped("fits to best: batches, if they change; the last two columns: change of items/s.") << "\n\n";
    if (!still.empty())
        std::cout << wrapped(fmt::format(
                         "Hardly any effect in at least one direction (no batch, throughput by less than 1 %): {}.",
                         fmt::join(still, ", ")))
                  << "\n";
    if (!left.empty()) std::cout << wrapped("Not varied: " + with_reasons(left) + ".") << "\n";
}

json::Value claims_json(const Claims& c) {
    const auto batch = [](const std::optional<std::int64_t>& b) { return b ? json::Value(*b) : json::Value(nullptr); };
    const auto number = [](const std::optional<double>& x) { return x ? json::Value(*x) : json::Value(nullptr); };
    json::Array rivals;
    for (const std::int64_t b : c.knee_rivals) rivals.emplace_back(b);
    return json::Object{{"fits_without_spilling", c.resident.batch},
                        {"or_more", c.resident.open},
                        {"knee", batch(c.knee)},
                        {"knee_within_intervals", std::move(rivals)},
                        {"b95", batch(c.b95)},
                        {"best", batch(c.best)},
                        {"items_s_first", number(c.first)},
                        {"items_s_best", number(c.highest)}};
}

/// Names of the batches that changed, as in claims_json().
json::Array moved_json(const Moved& m) {
    json::Array names;
    if (m.resident) names.emplace_back("fits_without_spilling");
    if (m.knee) names.emplace_back("knee");
    if (m.b95) names.emplace_back("b95");
    if (m.best) names.emplace_back("best");
    return names;
}

json::Value to_json(const std::vector<Case>& cases, const std::vector<std::pair<std::string, std::string>>& left,
                    const Asked& asked) {
    json::Array batches, list, stayed;
    for (const int b : asked.batches) batches.emplace_back(b);
    for (const Case& c : cases) {
        if (!c.variation || !c.refused.empty()) continue;
        json::Object entry{{"key", c.variation->key},
                           {"grade", c.variation->grade},
                           {"value", c.variation->value},
                           {"changed", c.variation->changed}};
        const json::Value claims = claims_json(c.claims);
        for (const auto& [key, value] : claims.as_object()) entry.set(key, value);
        entry.set("moved", moved_json(flow::moved(cases.front().claims, c.claims)));
        list.emplace_back(std::move(entry));
    }
    for (const auto& [key, why] : left) stayed.emplace_back(json::Object{{"key", key}, {"why", why}});
    return json::Object{{"percent", 100 * asked.share},
                        {"batches", std::move(batches)},
                        {"before", claims_json(cases.front().claims)},
                        {"cases", std::move(list)},
                        {"left", std::move(stayed)}};
}

}  // namespace

int run_uncertainty_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Console console(*values);
    const Asked asked = asked_of(*values, console);
    Problems problems;
    const auto chip = flow::chip_of(asked.request, problems);
    problems.throw_if_any();
    std::vector<Case> cases{{std::nullopt, asked.request, "", {}}};
    std::vector<std::pair<std::string, std::string>> left;
    for (const Variation& v : flow::variations_of(*chip, asked.share)) {
        if (v.key.find(asked.only) == std::string::npos) continue;
        if (!v.changed.empty()) cases.push_back({v, with(asked.request, v), "", {}});
        else if (left.empty() || left.back().first != v.key) left.emplace_back(v.key, v.why_not);
    }
    if (cases.size() == 1)
        throw InputError("", "--only",
                         "names '" + asked.only + "', which is not in any key of the chip that can be varied");
    if (!run_cases(cases, asked, console)) return kInterrupted;
    for (const Case& c : cases)
        if (!c.refused.empty()) left.emplace_back(c.variation->key + "=" + c.variation->changed, c.refused);
    if (asked.json) std::cout << json::dump(to_json(cases, left, asked)) << "\n";
    else print(cases, left, asked);
    return kDone;
}

}  // namespace infsim::cli
