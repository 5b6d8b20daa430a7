// Runs ONNX's node tests: prints what passes and what is skipped and why, and fails when the list of what passed
// before has shrunk or something ran and was wrong. `--update` writes the lists and the counts of the README instead.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "hw/load.hpp"
#include "node_case.hpp"

namespace infsim::onnx_node {

namespace fs = std::filesystem;

namespace {

struct Result {
    NodeCase node_case;
    Outcome outcome;
};

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.size() > 240 ? text.substr(0, 240) + "..." : text;
}

std::string line_of(const Result& r) {
    return r.node_case.name + (r.outcome.detail.empty() ? "" : ": " + one_line(r.outcome.detail));
}

/// Names in front of the colons of a list file.
std::set<std::string> listed(const fs::path& file) {
    std::set<std::string> names;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        if (!line.empty()) names.insert(line.substr(0, line.find(':')));
    return names;
}

std::string list_text(const std::vector<Result>& results, bool passed) {
    std::string text;
    for (const Result& r : results)
        if (r.outcome.passed == passed) text += line_of(r) + "\n";
    return text;
}

/// The table of counts: of every operator's tests, how many pass. A test counts for each operator of its model.
std::string counts_table(const std::vector<Result>& results) {
    struct Count {
        int passed = 0, total = 0;
    };
    std::map<std::string, Count> counts;
    int passed = 0, on_host = 0;
    for (const Result& r : results) {
        passed += r.outcome.passed ? 1 : 0;
        on_host += r.outcome.passed && r.outcome.on_host ? 1 : 0;
        for (const std::string& op : r.node_case.operators) {
            counts[op].total += 1;
            counts[op].passed += r.outcome.passed ? 1 : 0;
        }
    }
    std::string text =
        fmt::format("{} of {} tests pass, {} of them on the host.\n\n| operator | passed | tests |\n|---|---|---|\n",
                    passed, results.size(), on_host);
    for (const auto& [op, count] : counts) text += fmt::format("| {} | {} | {} |\n", op, count.passed, count.total);
    return text;
}

void write(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

void update_readme(const fs::path& file, const std::string& table) {
    static const std::string begin = "<!-- onnx_node: generated from here -->\n", end = "<!-- onnx_node: to here -->\n";
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const std::string old = text.str();
    const auto from = old.find(begin), to = old.find(end);
    if (from == std::string::npos || to == std::string::npos)
        throw InputError(file.string(), "", "lacks the marks around the generated part");
    write(file, old.substr(0, from + begin.size()) + table + old.substr(to));
}

int judge(const std::vector<Result>& results, const fs::path& lists) {
    const auto before = listed(lists / "passed.txt");
    int bad = 0;
    for (const Result& r : results) {
        if (r.outcome.wrong) fmt::print("WRONG  {}\n", line_of(r));
        if (!r.outcome.passed && before.count(r.node_case.name) > 0) fmt::print("LOST   {}\n", line_of(r));
        bad += r.outcome.wrong || (!r.outcome.passed && before.count(r.node_case.name) > 0) ? 1 : 0;
    }
    std::set<std::string> seen;
    for (const Result& r : results) seen.insert(r.node_case.name);
    for (const std::string& name : before)
        if (seen.count(name) == 0) {
            fmt::print("LOST   {}: it is not among the tests\n", name);
            ++bad;
        }
    return bad;
}

int run(const std::string& data, const fs::path& source, bool update, const std::string& only) {
    if (!fs::exists(data)) {
        fmt::print("SKIPPED: {} is not there; Debian's libonnx-testdata has it\n", data);
        return 77;
    }
    Problems problems;
    const auto chip = hw::load_chip((source / "configs/chips/inferentia1.json").string(), {}, problems);
    problems.throw_if_any();
    std::set<std::string> folders;
    for (const auto& entry : fs::directory_iterator(data))
        if (fs::exists(entry.path() / "model.onnx") && (only.empty() || entry.path().filename() == only))
            folders.insert(entry.path().string());
    std::vector<Result> results;
    int passed = 0;
    for (const std::string& folder : folders) {
        Result r{read_case(folder), {}};
        r.outcome = run_case(r.node_case, chip->spec);
        fmt::print("{} {}\n", r.outcome.passed ? "passed " : r.outcome.wrong ? "WRONG  " : "skipped", line_of(r));
        passed += r.outcome.passed ? 1 : 0;
        r.node_case.data.clear();
        results.push_back(std::move(r));
    }
    fmt::print("{} of {} passed\n", passed, results.size());
    const fs::path lists = source / "tests/onnx_node";
    if (!only.empty()) return passed == 1 ? 0 : 1;
    if (!update) return judge(results, lists) == 0 ? 0 : 1;
    write(lists / "passed.txt", list_text(results, true));
    write(lists / "skipped.txt", list_text(results, false));
    update_readme(source / "tests/README.md", counts_table(results));
    return 0;
}

}  // namespace

}  // namespace infsim::onnx_node

int main(int argc, char** argv) {
    const std::string option = argc > 1 ? argv[1] : "";
    const bool update = option == "--update";
    try {
        return infsim::onnx_node::run(ONNX_NODE_DATA, INFSIM_SOURCE_DIR, update, update ? "" : option);
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}\n", e.what());
        return 2;
    }
}
