// Simulated instructions per second: the SystemC chip beside a plain event loop that runs the same Program.
// The Program is NETWORK's (a name of models/; ResNet-50 with the stride in the 1x1 if not given), fp16, compiled for
// BATCH items. Last comes the plain loop with the fluid arbiter: what the exact one costs is the ratio of the two.
//   infsim_bench [BATCH [CORES [INFERENCES [CHIP [NETWORK]]]]]      CHIP is a file of configs/chips without its ending
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "graph/json_form.hpp"
#include "hw/load.hpp"
#include "stats/layers.hpp"
#include "stats/stall_accounts.hpp"
#include "stats/traffic.hpp"
#include "support/plain_loop.hpp"

using namespace infsim;

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Outcome {
    std::vector<chip::Completion> done;
    double seconds = 0;
};

template <class Simulator, class Run>
Outcome timed(Simulator& simulator, int cores, int inferences, const std::shared_ptr<const program::Program>& program,
              Run&& run) {
    for (int core = 0; core < cores; ++core) simulator.load(core, program);
    for (int n = 0; n < inferences; ++n)
        for (int core = 0; core < cores; ++core) simulator.submit(core, time_origin() + microseconds(137 * core));
    const auto begin = std::chrono::steady_clock::now();
    Outcome outcome;
    outcome.done = run();
    outcome.seconds = seconds_since(begin);
    return outcome;
}

int argument(int argc, char** argv, int index, int otherwise) {
    if (argc <= index) return otherwise;
    char* end = nullptr;
    const long value = std::strtol(argv[index], &end, 10);
    if (*end != '\0' || value < 1 || value > 1'000'000) {
        fmt::print(stderr,
                   "usage: infsim_bench [BATCH [CORES [INFERENCES [CHIP [NETWORK]]]]], numbers from 1; 5, 4, 16, "
                   "inferentia1 and resnet50-v1 if not given\n");
        std::exit(2);
    }
    return static_cast<int>(value);
}

void print_line(const char* what, double instructions, const Outcome& outcome, const Outcome& reference) {
    fmt::print("{:<32} {:6.2f} M instructions/s  ({:.3f} s, {:.2f} times the reference)\n", what,
               instructions / outcome.seconds / 1e6, outcome.seconds, outcome.seconds / reference.seconds);
}

bool equal(const Outcome& a, const Outcome& b) {
    return a.done.size() == b.done.size() &&
           std::equal(a.done.begin(), a.done.end(), b.done.begin(),
                      [](const auto& x, const auto& y) { return x.core == y.core && x.output_done == y.output_done; });
}

/// The observers of every run of infsim, so that what they cost is part of the figure.
struct Observers {
    Observers(const stats::ProgramIndex& index, const hw::ChipSpec& spec, int cores)
        : stalls(index, cores), traffic(index, cores, spec.dram.channels), layers(index, 0, 1) {}
    std::vector<observe::Observer*> list() { return {&stalls, &traffic, &layers}; }
    stats::StallAccounts stalls;
    stats::Traffic traffic;
    stats::Layers layers;
};

hw::ChipSpec chip_named(const std::string& name) {
    Problems problems;
    const auto file = hw::load_chip(std::string(INFSIM_SOURCE_DIR) + "/configs/chips/" + name + ".json", {}, problems);
    problems.throw_if_any();
    return file->spec;
}

Outcome plain_run(const hw::ChipSpec& spec, int cores, int inferences,
                  const std::shared_ptr<const program::Program>& program, const stats::ProgramIndex& index) {
    Observers observers(index, spec, cores);
    test::PlainLoop loop(spec, cores, observers.list());
    return timed(loop, cores, inferences, program, [&] { return loop.run(); });
}

/// One Chip per process, so the arbiters are compared in the plain loop.
void print_fluid(hw::ChipSpec spec, int cores, int inferences, const std::shared_ptr<const program::Program>& program,
                 const stats::ProgramIndex& index) {
    spec.dram.arbitration = hw::Arbitration::exact;
    const Outcome exact = plain_run(spec, cores, inferences, program, index);
    spec.dram.arbitration = hw::Arbitration::fluid;
    const Outcome fluid = plain_run(spec, cores, inferences, program, index);
    const auto length = [](const Outcome& o) {
        return static_cast<double>((o.done.back().output_done - time_origin()).count());
    };
    fmt::print("plain loop, exact : fluid        {:.2f} in seconds, {:.4f} in simulated time\n",
               exact.seconds / fluid.seconds, length(exact) / length(fluid));
}

int bench(int batch, int cores, int inferences, const std::string& chip_name, const std::string& network) {
    const hw::ChipSpec spec = chip_named(chip_name), reference_spec = chip_named("inferentia1");
    const auto graph = graph::load_model(network, std::string(INFSIM_SOURCE_DIR) + "/models");
    const auto begin = std::chrono::steady_clock::now();
    auto result = compiler::compile(graph, spec, batch, DType::fp16, DType::fp16, {});
    const double compile_seconds = seconds_since(begin);
    if (const auto* no = std::get_if<compiler::DoesNotFit>(&result)) {
        fmt::print(stderr, "{}\n", no->text);
        return 3;
    }
    const auto program =
        std::make_shared<const program::Program>(std::move(std::get<compiler::Compiled>(result).program));
    const double instructions = static_cast<double>(program::instruction_count(*program)) * cores * inferences;
    const stats::ProgramIndex index(*program);
    Observers observers(index, spec, cores);
    chip::Chip chip(spec, cores, observers.list());
    const Outcome systemc = timed(chip, cores, inferences, program, [&] {
        chip.advance_until(time_origin() + std::chrono::seconds(1000));
        return chip.take_completions();
    });
    const Outcome plain = plain_run(spec, cores, inferences, program, index);
    fmt::print(
        "{} at batch {} on {}: {} instructions, compiled in {:.3f} s; {} cores, {} inferences each, observers on\n",
        network, batch, spec.name, program::instruction_count(*program), compile_seconds, cores, inferences);
    if (spec.name == reference_spec.name) {
        print_line("plain event loop (reference)", instructions, plain, plain);
        print_line("SystemC chip", instructions, systemc, plain);
    } else {  // what its DRAM costs is seen against the default chip's
        const Outcome reference = plain_run(reference_spec, cores, inferences, program, index);
        print_line("plain, default chip (reference)", instructions, reference, reference);
        print_line("plain event loop", instructions, plain, reference);
        print_line("SystemC chip", instructions, systemc, reference);
    }
    if (std::holds_alternative<hw::BandwidthDram>(spec.dram.model))
        print_fluid(spec, cores, inferences, program, index);
    fmt::print("last output at {} ps, {}\n", plain.done.back().output_done.time_since_epoch().count(),
               equal(systemc, plain) ? "equal in both" : "DIFFERENT in the two");
    return equal(systemc, plain) ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::string chip = argc > 4 ? argv[4] : "inferentia1";
        const std::string network = argc > 5 ? argv[5] : "resnet50-v1";
        return bench(argument(argc, argv, 1, 5), argument(argc, argv, 2, 4), argument(argc, argv, 3, 16), chip,
                     network);
    } catch (const InputError& e) {
        fmt::print(stderr, "{}\n", e.what());
        return 2;
    }
}
