#include "compiler/run_passes.hpp"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/text.hpp"
#include "compiler/ir/code_text.hpp"
#include "compiler/ir/network_text.hpp"
#include "compiler/ir/verify_code.hpp"
#include "compiler/ir/verify_network.hpp"
#include "compiler/pipeline.hpp"
#include "compiler/search/decision_text.hpp"
#include "program/text.hpp"
#include "program/verify.hpp"

namespace infsim::compiler {

namespace {

constexpr std::size_t kMostProblems = 10;

std::vector<std::string> problems_of(const program::Program& program) {
    std::vector<std::string> problems;
    for (const program::Finding& finding : program::verify(program, kMostProblems))
        problems.push_back(program::to_text(program, finding));
    return problems;
}

void throw_if_wrong(const Pass& pass, const Compilation& compilation) {
    const std::vector<std::string> problems = verify(compilation);
    if (problems.empty()) return;
    throw InternalError(fmt::format("pass {} left an invalid form: {}", pass.name, join(problems, "; ")));
}

bool is_left_out(const Pass& pass, const Compilation& c) {
    const auto& asked_for = c.options.optional_passes;
    if (pass.presence == Presence::optional &&
        std::find(asked_for.begin(), asked_for.end(), pass.name) == asked_for.end())
        return true;
    return std::any_of(pass.skips.begin(), pass.skips.end(), [&](const Skip& skip) {
        return std::string(skip.name) == pass.name && !(c.options.*skip.option);
    });
}

bool has_work(const Pass& pass, const Compilation& c) {
    INFSIM_CHECK(c.form >= pass.needs, fmt::format("pass {} has nothing to work on", pass.name));
    const bool done = c.form > pass.needs;  // an earlier pass has gone further than it had to
    return !done && !is_left_out(pass, c) && (pass.wanted == nullptr || pass.wanted(c));
}

std::optional<DoesNotFit> run_pass(const Pass& pass, Compilation& c, std::vector<PassReport>& reports) {
    const auto begin = std::chrono::steady_clock::now();
    PassReport report;
    report.pass = pass.name;
    auto refusal = pass.run(c, report.attempts);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (refusal) report.summary = "does not fit";
    else {
        c.form = pass.leaves;
        report.summary = pass.report(c);
    }
    reports.push_back(std::move(report));
    return refusal;
}

/// What a reader needs to understand the text of a form; empty if the text is a whole Program, which a file may hold.
const char* legend(Form form) {
    switch (form) {
        case Form::network:
            return "# v: values, l: layers, numbered in the order they run (renumbered when a pass adds, drops or "
                   "moves some), t: tensors of the graph\n"
                   "# v5[0+4]: slots 0 to 3 of v5; lanes: channels of each slot, 4*64 stands for four slots of 64; "
                   "planes, kernels, strides and pads in elements; o*64: 64 elements from one o to the next\n"
                   "# slots: width: most channels of one; ways: slots side by side on the partitions, region "
                   "partitions each\n";
        case Form::decision:
            return "# l: layers, 0: emit chooses; b: buffers, @ bytes from the start of each partition; bytes of the "
                   "plan are per partition\n"
                   "# evictions: instructions of the code after emit; addresses and loads: of the code after evict, "
                   "with each save and each return counted as one instruction\n";
        case Form::code:
            return "# q: queues, l: layers, i: images, b: buffers (bytes per partition), dram[n]: segment n from 0; "
                   "an instruction's line starts with its position; earliest: where a load may start\n"
                   "# b4[0+64]@8:fp16(4*112,110*1): partitions 0 to 63, from byte 8 of b4 on, 4 rows 112 elements "
                   "apart of 110 elements each; dram[2]@8+448(..): 448 bytes from partition to partition, steps in "
                   "bytes\n";
        case Form::placement:
            return "# b: buffers of the code after evict, @ bytes from the start of each partition, s: first and last "
                   "position in the new order that touch them\n"
                   "# order: instructions of that code, in the order in which they stand now\n";
        case Form::queues: return "# a Program whose segments have no addresses yet: lay_out_dram sets them\n";
        case Form::graph:
        case Form::program: break;
    }
    return "";
}

void dump(const Compilation& c, const Pass& pass, bool ran, std::ostream& out) {
    const std::string how_to_read = legend(c.form);
    if (!how_to_read.empty())
        out << fmt::format("# {} at batch {}, {}, after {}{}\n{}", program::quoted(c.graph.name), c.batch,
                           dtype_name(c.dtype), pass.name, ran ? "" : ", which was left out or had nothing to do",
                           how_to_read);
    write_text(c, out);
}

}  // namespace

std::vector<std::string> verify(const Compilation& c) {
    switch (c.form) {
        case Form::network: return verify(c.network, c.graph, kMostProblems);
        case Form::code: return verify(c.code, {c.target, c.network.layers.size(), c.batch}, kMostProblems);
        case Form::program: return problems_of(c.program);
        case Form::graph:
        case Form::decision:
        case Form::placement:
        case Form::queues: break;
    }
    return {};
}

void write_text(const Compilation& c, std::ostream& out) {
    switch (c.form) {
        case Form::graph: break;
        case Form::network: return write_text(c.network, out);
        case Form::decision: return write_text(*c.decision, out);
        case Form::code: return write_text(c.code, out);
        case Form::placement: out << to_text(c.placement); break;
        case Form::queues:
        case Form::program: return program::write_text(c.program, out);
    }
}

std::optional<DoesNotFit> run_passes(Compilation& c, const PassWatch& watch, std::vector<PassReport>& reports) {
    for (const Pass& pass : pipeline()) {
        const bool runs = c.form < watch.until && has_work(pass, c);
        if (runs) {
            if (auto refusal = run_pass(pass, c, reports)) return refusal;
            if (watch.verify) throw_if_wrong(pass, c);
        }
        if (watch.dump != nullptr && watch.dump_after == pass.name) dump(c, pass, runs, *watch.dump);
    }
    return std::nullopt;
}

}  // namespace infsim::compiler
