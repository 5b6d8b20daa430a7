#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/diff_report.hpp"
#include "cli/point_options.hpp"
#include "explore/assign.hpp"
#include "explore/points.hpp"
#include "explore/sweep_file.hpp"
#include "flow/run/run_point.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

namespace fs = std::filesystem;
using flow::PointRequest;

constexpr std::size_t kBoth = 2;

Syntax syntax() {
    po::options_description asked("Question");
    // clang-format off
    asked.add_options()
        ("against", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
         "how the other point differs: a key of a sweep, such as batch=8 or compiler=layer_by_layer; may be repeated")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "simulations at a time (default 2)")
        ("all", "also list parts that hardly differ")
        ("json", "print JSON instead of tables");
    // clang-format on
    return {
        "diff MODEL [options] --against KEY=VALUE ... | diff A B",
        "Explains why one point is faster than another: time by layer, what the engines wait for, bytes by purpose,\n"
        "plan. The points are MODEL with the given options and the same with other values, or A and B, two point\n"
        "folders of a sweep (DIR/points/ID). Exit status 3 if one does not fit.",
        {asked, point_group(), extents_group(), compiler_group(), neuron_group(), load_group(), common_group()},
        refused_group(),
        "model",
        kBoth};
}

/// A point stored by a sweep.
DiffSide stored_side(const std::string& folder, Problems& problems) {
    DiffSide side;
    side.name = folder;
    const std::string record = folder + "/record.json", layers = folder + "/layers.csv";
    if (!fs::is_regular_file(record)) {
        problems.add(folder, "", "is not the folder of a point: there is no record.json");
        return side;
    }
    const auto text = read_file(record, problems);
    if (!text) return side;
    side.record = record::from_json(*text, record);
    if (!fs::is_regular_file(layers)) return side;
    if (const auto csv = read_file(layers, problems)) side.layers = explore::parse_layers(*csv, layers);
    return side;
}

/// Folders determine both points, so another option would have no effect.
void refuse_options(const po::variables_map& values, Problems& problems) {
    for (const auto& [name, value] : values)
        if (name != "model" && name != "all" && name != "json" && name != "quiet" && name != "color" &&
            !value.defaulted())
            problems.add("", "--" + name, "has no effect on two point folders");
}

/// What each pass did, with the attempts that its search took.
std::vector<std::pair<std::string, std::string>> passes_of(const flow::Point& point) {
    std::vector<std::pair<std::string, std::string>> list;
    const auto result = flow::compile_point(point);
    const auto* const compiled = std::get_if<compiler::Compiled>(&result);
    if (compiled == nullptr) return list;
    for (const compiler::PassReport& pass : compiled->passes) {
        std::string what = pass.summary;
        for (const compiler::Attempt& attempt : pass.attempts)
            if (attempt.taken) what += (what.empty() ? "" : ", ") + attempt.name;
        if (!what.empty()) list.emplace_back(pass.pass, what);
    }
    return list;
}

PointRequest other_request(PointRequest request, const std::vector<std::string>& words) {
    Problems problems;
    for (const std::string& word : words) {
        const flow::Setting setting = explore::parse_setting(word, "--against", problems);
        if (!setting.key.empty()) explore::assign(request, setting, "", problems);
    }
    problems.throw_if_any();
    return request;
}

/// Simulates both; empty when interrupted.
std::optional<std::vector<DiffSide>> run_sides(const po::variables_map& values, Console& console) {
    Problems problems;
    const int jobs = jobs_of(values, static_cast<int>(kBoth), console, problems);
    problems.throw_if_any();
    const auto against = values["against"].as<std::vector<std::string>>();
    const PointRequest first = request_of(values);
    const std::vector<PointRequest> requests{first, other_request(first, against)};
    std::vector<flow::Point> points;
    std::vector<record::RunRecord> prepared;
    for (const PointRequest& request : requests) {
        points.push_back(point_of(request, console));
        prepared.push_back(flow::record_of(points.back()));
    }
    const auto stored = explore::run_whole_points(requests, prepared, {explore::own_executable(), "worker"}, jobs);
    if (!stored) return std::nullopt;
    std::vector<DiffSide> sides(kBoth);
    for (std::size_t i = 0; i < kBoth; ++i) {
        sides[i].name = first.model + (i == 0 ? ", as the options say" : ", with " + join(against, " "));
        sides[i].record = (*stored)[i].record;
        sides[i].layers = explore::parse_layers((*stored)[i].layers_csv, "layers of " + sides[i].name);
        sides[i].passes = passes_of(points[i]);
    }
    return sides;
}

std::optional<std::vector<DiffSide>> sides_of(const po::variables_map& values, Console& console) {
    const auto words =
        values.count("model") > 0 ? values["model"].as<std::vector<std::string>>() : std::vector<std::string>();
    if (words.size() < kBoth) {
        if (words.size() == 1 && values.count("against") == 0)
            throw InputError("", "--against", "is missing: how the other point differs, such as --against batch=8");
        if (words.empty()) throw InputError("", "MODEL", "is missing; give a model or two point folders");
        return run_sides(values, console);
    }
    Problems problems;
    refuse_options(values, problems);
    std::vector<DiffSide> sides;
    for (const std::string& folder : words) sides.push_back(stored_side(folder, problems));
    problems.throw_if_any();
    return sides;
}

}  // namespace

int run_diff_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Console console(*values);
    auto sides = sides_of(*values, console);
    if (!sides) return kInterrupted;
    int status = kDone;
    for (const DiffSide& side : *sides) {
        if (side.record.status == record::Status::ok) continue;
        console.error(side.name + ": " + std::string(record::status_name(side.record.status)) + ": " +
                      side.record.reason);
        status = std::max<int>(status, side.record.status == record::Status::infeasible ? kDoesNotFit : kInternalFault);
    }
    if (status != kDone) return status;
    const Difference difference(std::move((*sides)[0]), std::move((*sides)[1]));
    if (values->count("json") > 0) std::cout << json::dump(diff_json(difference)) << "\n";
    else std::cout << diff_text(difference, values->count("all") > 0);
    return kDone;
}

}  // namespace infsim::cli
