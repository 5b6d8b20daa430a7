#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/json.hpp"
#include "base/output_file.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/passes_table.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "compiler/memory/budget.hpp"
#include "compiler/pass_names.hpp"
#include "compiler/search/estimate.hpp"
#include "flow/run/run_point.hpp"
#include "program/races.hpp"
#include "program/text.hpp"
#include "program/verify.hpp"

namespace infsim::cli {

namespace {

using compiler::Compiled;
using compiler::DoesNotFit;
using program::Program;

Syntax syntax() {
    po::options_description output("Output");
    const std::string after = "print the program after pass PASS, as text, instead of the report. Passes are " +
                              join(compiler::pass_names(), ", ");
    // clang-format off
    output.add_options()
        ("dump", "print the program, one instruction per line, instead of the report")
        ("output,o", po::value<std::string>()->value_name("FILE"), "write the program to a file")
        ("check-races", "also look for conflicting accesses that no chain of waits orders; exit status 4 if any")
        ("passes", "also print what each pass did and tried, and how long it took (to stderr)")
        ("dump-after", po::value<std::string>()->value_name("PASS"), after.c_str())
        ("verify", "verify the program after each pass; exit status 4 if it is wrong")
        ("json", "print the memory report as JSON");
    // clang-format on
    return {"compile MODEL [options]",
            "Compiles one point and prints its memory report, without running it. Exit status 3 if it does not fit.",
            {point_group(), extents_group(), compiler_group(), neuron_group(), output, common_group()},
            refused_group(),
            "model",
            1};
}

const char* engine_text(program::Engine engine) {
    switch (engine) {
        case program::Engine::pe: return "pe";
        case program::Engine::act: return "act";
        case program::Engine::pool: return "pool";
        case program::Engine::dma: return "dma";
    }
    return "?";
}

std::string queue_name(const program::Queue& queue) {
    std::string name = engine_text(queue.engine);
    if (queue.engine == program::Engine::dma)
        name += std::to_string(queue.engine_index) + "." + std::to_string(queue.ring);
    return name;
}

std::string state_buffer_text(const compiler::MemoryReport& m) {
    const std::string binds = m.capacity_binding == compiler::kPhysicalBinding
                                  ? "the state buffer itself binds"
                                  : m.capacity_binding + " binds; the chip has " + number_text(m.physical_bytes);
    return fmt::format(
        "state buffer, bytes per partition: peak {}, every placement needs at least {}, capacity {} ({})", m.peak_bytes,
        m.lower_bound_bytes, m.capacity_bytes, binds);
}

std::string spill_text(const compiler::MemoryReport& m) {
    std::string text = fmt::format(
        "spilled to DRAM per batch: {} B saved, {} B reloaded; reissued loads: {} B; recomputed: {} "
        "instructions, {} us of ACT and POOL",
        m.spill_save_bytes, m.spill_reload_bytes, m.reissued_bytes, m.recomputed_instructions,
        m.recompute_time.count() / 1'000'000);
    if (m.relayout_write_bytes > 0)
        text += fmt::format("; through DRAM to change their layout: {} B written, {} B read", m.relayout_write_bytes,
                            m.relayout_read_bytes);
    return text;
}

/// A line about static weights, if there are any.
std::string static_text(const Program& p) {
    if (p.static_loads.empty()) return "";
    return wrapped(fmt::format("static weights: {} stay on the core from inference to inference",
                               megabytes(static_cast<double>(program::static_bytes(p))))) +
           "\n";
}

/// What the compiler expects of one inference.
struct Expected {
    Duration alone, shared;  ///< on an idle chip; together with inferences on all other cores
};

Expected expected_of(const Program& p, const hw::ChipSpec& chip) {
    return {compiler::estimate(p, chip, 1).makespan, compiler::estimate(p, chip).makespan};
}

std::string expected_text(const Expected& expected) {
    return fmt::format("estimated to take {:.3f} ms alone on the chip, {:.3f} ms with a core's share of DRAM",
                       milliseconds(expected.alone), milliseconds(expected.shared));
}

void print_report(const Compiled& compiled, const hw::ChipSpec& chip) {
    const Program& p = compiled.program;
    const compiler::MemoryReport& m = compiled.memory;
    std::cout << p.model << " at batch " << p.batch << ", " << dtype_name(p.dtype) << ": "
              << program::instruction_count(p) << " instructions in " << p.queues.size() << " queues, "
              << p.layers.size() << " layers\n"
              << wrapped(state_buffer_text(m)) << "\n"
              << wrapped(spill_text(m)) << "\n"
              << static_text(p) << wrapped(expected_text(expected_of(p, chip))) << "\n\n";
    Table queues({"queue", "instructions"});
    for (const program::Queue& q : p.queues) queues.add({queue_name(q), std::to_string(q.instructions.size())});
    Table layers({"layer", "kind", "live B/part.", "weights", "MAC/item"});
    for (const compiler::LayerMemory& l : m.layers) {
        const program::LayerInfo& info = p.layers.at(l.layer);
        layers.add({info.name, info.kind, number_text(l.live_bytes), megabytes(static_cast<double>(info.weight_bytes)),
                    number_text(info.macs)});
    }
    std::cout << queues.text() << "\n" << layers.text();
}

json::Value report_json(const Compiled& compiled, const hw::ChipSpec& chip) {
    const Program& p = compiled.program;
    const compiler::MemoryReport& m = compiled.memory;
    const Expected expected = expected_of(p, chip);
    json::Array layers, queues;
    for (const compiler::LayerMemory& l : m.layers)
        layers.push_back(json::Object{{"layer", p.layers.at(l.layer).name}, {"live_bytes", l.live_bytes}});
    for (const program::Queue& q : p.queues)
        queues.push_back(
            json::Object{{"queue", queue_name(q)}, {"instructions", static_cast<std::int64_t>(q.instructions.size())}});
    return json::Object{{"fits", true},
                        {"model", p.model},
                        {"batch", p.batch},
                        {"capacity_bytes", m.capacity_bytes},
                        {"capacity_binding", m.capacity_binding},
                        {"physical_bytes", m.physical_bytes},
                        {"peak_bytes", m.peak_bytes},
                        {"lower_bound_bytes", m.lower_bound_bytes},
                        {"spill_save_bytes", m.spill_save_bytes},
                        {"spill_reload_bytes", m.spill_reload_bytes},
                        {"relayout_write_bytes", m.relayout_write_bytes},
                        {"relayout_read_bytes", m.relayout_read_bytes},
                        {"reissued_bytes", m.reissued_bytes},
                        {"recomputed_instructions", m.recomputed_instructions},
                        {"recompute_us", seconds(m.recompute_time) * 1e6},
                        {"estimate_alone_ms", milliseconds(expected.alone)},
                        {"estimate_shared_ms", milliseconds(expected.shared)},
                        {"queues", std::move(queues)},
                        {"layers", std::move(layers)}};
}

int report_infeasible(const DoesNotFit& why, bool as_json, Console& console) {
    console.error("does not fit: " + why.text);
    json::Array tensors;
    Table table({why.instant ? "alive there" : "there", why.unit, "images", "from layer", "to layer"});
    for (const auto& t : why.tensors) {
        table.add(
            {t.name, number_text(t.bytes), t.images > 0 ? std::to_string(t.images) : "-", t.from_layer, t.to_layer});
        tensors.push_back(json::Object{{"tensor", t.name},
                                       {"bytes", t.bytes},
                                       {"images", t.images},
                                       {"from_layer", t.from_layer},
                                       {"to_layer", t.to_layer}});
    }
    if (as_json)
        std::cout << json::dump(json::Object{{"fits", false},
                                             {"resource", why.resource},
                                             {"unit", why.unit},
                                             {"layer", why.layer},
                                             {"wanted_bytes", why.wanted_bytes},
                                             {"available_bytes", why.available_bytes},
                                             {"reason", why.text},
                                             {"tensors", std::move(tensors)}})
                  << "\n";
    else if (!why.tensors.empty()) std::cerr << table.text({}, terminal_width(STDERR_FILENO));
    return kDoesNotFit;
}

/// Writes the program under a temporary name and renames it, so that a reader never sees a partial file.
void write_program(const Program& p, const std::string& path) {
    const std::string temporary = path + ".part";
    std::ofstream out(temporary);
    if (out) program::write_text(p, out);
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(temporary, path, error);
    if (out && !error) return;
    std::filesystem::remove(temporary, error);
    throw InputError(path, "", "cannot be written");
}

/// The race check requires a Program that passes the verifier.
int report_races(const Program& p) {
    const auto findings = program::verify(p);
    for (const program::Finding& finding : findings) std::cerr << "wrong: " << program::to_text(p, finding) << "\n";
    if (!findings.empty()) return kInternalFault;
    const auto races = program::find_races(p);
    for (const program::Race& race : races) std::cerr << "race: " << program::to_text(p, race) << "\n";
    std::cerr << races.size() << " races\n";
    return races.empty() ? kDone : kInternalFault;
}

/// What is printed and checked.
struct Asked {
    bool json = false, dump = false, passes = false, verify = false;
    std::string dump_after;
};

/// Throws InputError if two things would go to stdout, or for a pass that does not exist.
Asked asked_for(const po::variables_map& values) {
    Asked asked;
    const auto given = [&](const char* name) { return values.count(name) > 0; };
    asked.json = given("json"), asked.dump = given("dump");
    asked.passes = given("passes"), asked.verify = given("verify");
    if (asked.json && asked.dump) throw InputError("", "--dump", "cannot be combined with --json");
    if (!given("dump-after")) return asked;
    asked.dump_after = values["dump-after"].as<std::string>();
    if (asked.json || asked.dump)
        throw InputError("", "--dump-after",
                         std::string("cannot be combined with --") + (asked.json ? "json" : "dump"));
    const std::vector<std::string> names = compiler::pass_names();
    if (std::find(names.begin(), names.end(), asked.dump_after) == names.end())
        throw InputError("", "--dump-after",
                         "'" + asked.dump_after + "' is not a pass; passes are " + join(names, ", "));
    return asked;
}

compiler::CompileExtras extras_of(const Asked& asked) {
    compiler::CompileExtras extras;
    extras.verify = asked.verify;
    extras.dump_after = asked.dump_after;
    extras.dump = &std::cout;
    return extras;
}

}  // namespace

int run_compile_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Console console(*values);
    const Asked asked = asked_for(*values);
    const flow::Point point = point_of(request_of(*values), console);
    if (values->count("output") > 0) check_output_file((*values)["output"].as<std::string>());
    const compiler::CompileResult result = flow::compile_point(point, extras_of(asked));
    if (const auto* why = std::get_if<DoesNotFit>(&result)) {
        if (asked.passes) std::cerr << passes_text(why->passes);
        return report_infeasible(*why, asked.json, console);
    }
    const auto& compiled = std::get<Compiled>(result);
    if (asked.passes) std::cerr << passes_text(compiled.passes);
    if (values->count("output") > 0) write_program(compiled.program, (*values)["output"].as<std::string>());
    if (asked.dump) program::write_text(compiled.program, std::cout);
    else if (asked.json) std::cout << json::dump(report_json(compiled, point.chip)) << "\n";
    else if (asked.dump_after.empty()) print_report(compiled, point.chip);
    return values->count("check-races") > 0 ? report_races(compiled.program) : kDone;
}

}  // namespace infsim::cli
