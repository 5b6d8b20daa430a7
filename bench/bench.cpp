// Simulated instructions per second: the SystemC chip beside a plain event loop that runs the same Program.
//   infsim_bench [CORES [INFERENCES [LAYERS [GROUPS]]]]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "chip/chip.hpp"
#include "layered_program.hpp"
#include "support/plain_loop.hpp"

using namespace infsim;

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The default chip's numbers, so that clocks and ceilings are as crooked as they are there.
hw::ChipSpec inferentia_like() {
    auto spec = test::round_chip();
    spec.cores = 64;
    spec.dram.capacity = Bytes{std::int64_t{128} << 30};
    spec.pe.clock = spec.act.clock = spec.pool.clock = Frequency{976'562'500};
    spec.dma.engine_bandwidth = Bandwidth{10'700'000'000};
    spec.dma.core_bandwidth = Bandwidth{21'400'000'000};
    spec.dram.channel_bandwidth = Bandwidth{25'600'000'000};
    spec.host.link_bandwidth = Bandwidth{7'877'000'000};
    return spec;
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
        fmt::print(stderr, "usage: infsim_bench [CORES [INFERENCES [LAYERS [GROUPS]]]], numbers from 1\n");
        std::exit(2);
    }
    return static_cast<int>(value);
}

}  // namespace

int main(int argc, char** argv) {
    const int cores = argument(argc, argv, 1, 4), inferences = argument(argc, argv, 2, 16);
    const auto spec = inferentia_like();
    const auto program = std::make_shared<const program::Program>(
        bench::layered_program(spec, argument(argc, argv, 3, 64), argument(argc, argv, 4, 60)));
    const double instructions = static_cast<double>(program::instruction_count(*program)) * cores * inferences;

    chip::Chip chip(spec, cores, {});
    const Outcome systemc = timed(chip, cores, inferences, program, [&] {
        chip.advance_until(time_origin() + std::chrono::seconds(1000));
        return chip.take_completions();
    });
    test::PlainLoop loop(spec, cores, {});
    const Outcome plain = timed(loop, cores, inferences, program, [&] { return loop.run(); });

    bool equal = systemc.done.size() == plain.done.size();
    for (std::size_t i = 0; equal && i < plain.done.size(); ++i)
        equal = systemc.done[i].output_done == plain.done[i].output_done && systemc.done[i].core == plain.done[i].core;
    fmt::print("{} cores, {} inferences each, {} instructions in the program\n", cores, inferences,
               program::instruction_count(*program));
    fmt::print("SystemC chip      {:6.2f} M instructions/s  ({:.3f} s)\n", instructions / systemc.seconds / 1e6,
               systemc.seconds);
    fmt::print("plain event loop  {:6.2f} M instructions/s  ({:.3f} s)\n", instructions / plain.seconds / 1e6, plain.seconds);
    fmt::print("last output at {} ps, {}\n", plain.done.back().output_done.time_since_epoch().count(),
               equal ? "equal in both" : "DIFFERENT in the two");
    return equal ? 0 : 4;
}
