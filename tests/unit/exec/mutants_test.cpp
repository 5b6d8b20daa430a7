#include <catch2/catch.hpp>

#include "exec/execute.hpp"
#include "exec/segments.hpp"
#include "program/races.hpp"
#include "program/verify.hpp"
#include "support/mutate.hpp"
#include "support/tiny_program.hpp"

using namespace infsim;
using namespace infsim::testing;

namespace {

/// The output of the tiny Program on fixed data; empty when the run ended in a fault.
std::vector<std::byte> output(const program::Program& p) {
    const std::vector<float> w{1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -30}, b{1, 0, -1}, x{1, 0, 2, 5, 1, 2, 3, 4};
    exec::ExecState s(p);
    s.memory.dram[0] = exec::fill_segment(p.segments[0], {{w.data(), 12}});
    s.memory.dram[1] = exec::fill_input(p.segments[1], DType::fp32, reinterpret_cast<const std::byte*>(x.data()), 8);
    s.memory.dram[3] = exec::fill_segment(p.segments[3], {{b.data(), 3}});
    try {
        exec::run_serial(p, s);
    } catch (const exec::DataFault&) {
        return {};
    }
    return s.memory.dram[2];
}

}  // namespace

TEST_CASE("mutants of the tiny Program are found by verifier, race check or data, and never harm the process") {
    const program::Program p = tiny_program();
    const auto good = output(p);
    RandomStream random(5, "mutants");
    int made = 0, found = 0;
    std::string survivors;
    for (int round = 0; round < 600; ++round) {
        const auto mutant = mutate(p, static_cast<Mutation>(round % kMutations), random);
        if (!mutant) continue;
        ++made;
        const bool verified = program::verify(mutant->program).empty();
        const bool caught =
            output(mutant->program) != good || !verified || !program::find_races(mutant->program).empty();
        found += caught ? 1 : 0;
        if (!caught) survivors += mutant->what + "\n";
    }
    INFO(survivors);
    CHECK(made > 400);
    CHECK(found == made);
}
