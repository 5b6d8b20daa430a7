// Simulated instructions per second: the SystemC chip beside a plain event loop that runs the same Program.
// The Program is ResNet-50's (stride in the 1x1), fp16, compiled for BATCH images on the default chip.
//   infsim_bench [BATCH [CORES [INFERENCES]]]
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
        fmt::print(stderr, "usage: infsim_bench [BATCH [CORES [INFERENCES]]], numbers from 1; 5, 4 and 16 if not given\n");
        std::exit(2);
    }
    return static_cast<int>(value);
}

}  // namespace

int main(int argc, char** argv) {
    const int batch = argument(argc, argv, 1, 5), cores = argument(argc, argv, 2, 4), inferences = argument(argc, argv, 3, 16);
    const std::string root = INFSIM_SOURCE_DIR;
    Problems problems;
    const auto chip_file = hw::load_chip(root + "/configs/chips/inferentia1.json", {}, problems);
    problems.throw_if_any();
    const hw::ChipSpec& spec = chip_file->spec;
    const auto graph = graph::load_model("resnet50-v1", root + "/models");
    const auto begin = std::chrono::steady_clock::now();
    auto result = compiler::compile(graph, spec, batch, DType::fp16, DType::fp16, {});
    const double compile_seconds = seconds_since(begin);
    if (const auto* no = std::get_if<compiler::DoesNotFit>(&result)) {
        fmt::print(stderr, "{}\n", no->text);
        return 3;
    }
    const auto program = std::make_shared<const program::Program>(std::move(std::get<compiler::Compiled>(result).program));
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
    fmt::print("ResNet-50 at batch {}: {} instructions, compiled in {:.3f} s; {} cores, {} inferences each\n", batch,
               program::instruction_count(*program), compile_seconds, cores, inferences);
    fmt::print("SystemC chip      {:6.2f} M instructions/s  ({:.3f} s)\n", instructions / systemc.seconds / 1e6,
               systemc.seconds);
    fmt::print("plain event loop  {:6.2f} M instructions/s  ({:.3f} s)\n", instructions / plain.seconds / 1e6, plain.seconds);
    fmt::print("last output at {} ps, {}\n", plain.done.back().output_done.time_since_epoch().count(),
               equal ? "equal in both" : "DIFFERENT in the two");
    return equal ? 0 : 4;
}
