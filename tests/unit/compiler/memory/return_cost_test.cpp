// What the return of a buffer costs, and that the choice goes by it.
#include <catch2/catch.hpp>

#include <variant>
#include <vector>

#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/return_cost.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// The first buffer that goes where two have room.
BufferId first_to_go(const Script& s, const EvictionOptions& with = {}) {
    EvictionOptions options = with;
    options.budget = 2 * kBufferBytes + 4;
    const DryRun dry_run = dry_run_of(s.code);
    const auto outcome = choose_evictions(dry_run.liveness, dry_run.uses, options);
    REQUIRE(std::holds_alternative<std::vector<Eviction>>(outcome));
    const auto& list = std::get<std::vector<Eviction>>(outcome);
    REQUIRE(list.size() == 1);
    return list[0].buffer;
}

/// Three buffers, the third from 3 to 5; the second is needed next at 6, the first at `next`. The second is loaded or
/// written; it is needed in layer 1.
Script two_that_wait(int next, bool loaded) {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
    s.write(a);                       // 0
    loaded ? s.load(b) : s.write(b);  // 1
    s.read(b), s.write(c);            // 2, 3
    s.read(c), s.read(c);             // 4, 5
    s.layer = 1;
    s.read(b);  // 6
    s.layer = 0;
    const BufferId other = s.buffer("other", 4);
    for (int p = 7; p < next; ++p) s.write(other, elements_at(0, 2));
    s.read(a);
    return s;
}

EvictionOptions with_intensity(double of_layer_1) {
    EvictionOptions options;
    options.intensity = {0, of_layer_1};
    options.balance = 20;
    return options;
}

}  // namespace

TEST_CASE("bytes that have to be saved count once more than those that device DRAM holds") {
    const DryRun dry_run = dry_run_of(two_that_wait(8, false).code);
    const EvictionOptions options;
    const Banned none;
    const ChoiceInput in{dry_run.liveness, dry_run.uses, options, 1, none};
    CHECK(transfer_cost(in, true, 6) == 1);
    CHECK(transfer_cost(in, false, 6) == 2);
}

TEST_CASE("of what is saved and what is loaded again the first may be away twice as long before it goes") {
    // At 3, b is needed in 3 instructions at one transfer, a in 5 or 7 at two.
    CHECK(first_to_go(two_that_wait(8, true)).value() == 1);
    CHECK(first_to_go(two_that_wait(10, true)).value() == 0);
}

TEST_CASE("bytes for a layer that waits for the PE array count half, others do not") {
    const DryRun dry_run = dry_run_of(two_that_wait(8, false).code);
    const Banned none;
    const auto cost = [&](double intensity, bool in_dram, std::int32_t next) {
        const EvictionOptions options = with_intensity(intensity);
        return transfer_cost({dry_run.liveness, dry_run.uses, options, 1, none}, in_dram, next);
    };
    CHECK(cost(21, false, 6) == 1);
    CHECK(cost(21, true, 6) == 0.5);
    CHECK(cost(20, false, 6) == 2);  // it has to wait longer for the PE than for device DRAM
    CHECK(cost(21, false, 8) == 2);  // of layer 0
}

TEST_CASE("what a layer that waits for the PE needs goes before what is needed later, but less than twice as late") {
    // At 3, b is needed in 3 instructions, a in 5 or 7; both would be saved.
    CHECK(first_to_go(two_that_wait(8, false), with_intensity(21)).value() == 1);
    CHECK(first_to_go(two_that_wait(10, false), with_intensity(21)).value() == 0);
    CHECK(first_to_go(two_that_wait(8, false), with_intensity(20)).value() == 0);
}
