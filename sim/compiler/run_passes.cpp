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
    throw InternalError(fmt::format("pass {} left what is wrong: {}", pass.name, join(problems, "; ")));
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
    const bool done = c.form > pass.needs;  // a pass before has gone further than it had to
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
        if (has_work(pass, c)) {
            if (auto refusal = run_pass(pass, c, reports)) return refusal;
            if (watch.verify) throw_if_wrong(pass, c);
        }
        if (watch.dump != nullptr && watch.dump_after == pass.name) write_text(c, *watch.dump);
    }
    return std::nullopt;
}

}  // namespace infsim::compiler
