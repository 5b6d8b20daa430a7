#include <catch2/catch.hpp>

#include "program/races.hpp"
#include "program/verify.hpp"
#include "support/mutate.hpp"
#include "support/program_equal.hpp"
#include "support/tiny_program.hpp"

using namespace infsim::program;
using namespace infsim::testing;

TEST_CASE("every mutation changes the tiny Program in one place, or finds none") {
    const Program p = tiny_program();
    for (int m = 0; m < kMutations; ++m) {
        infsim::RandomStream random(7, "mutate");
        int made = 0;
        for (int round = 0; round < 20; ++round)
            if (const auto mutant = mutate(p, static_cast<Mutation>(m), random)) {
                INFO(mutant->what);
                CHECK_FALSE(infsim::testing::equal(mutant->program, p));
                CHECK(mutant->what.find(name(static_cast<Mutation>(m))) == 0);
                ++made;
            }
        INFO(name(static_cast<Mutation>(m)));
        // The recipe starts at element 0 of its tensor, so there is nothing before it.
        CHECK((made > 0) == (static_cast<Mutation>(m) != Mutation::wrong_recipe));
    }
}

TEST_CASE("the same seed makes the same mutants") {
    const Program p = tiny_program();
    infsim::RandomStream a(3, "mutate"), b(3, "mutate");
    for (int m = 0; m < kMutations; ++m) {
        const auto x = mutate(p, static_cast<Mutation>(m), a), y = mutate(p, static_cast<Mutation>(m), b);
        REQUIRE(x.has_value() == y.has_value());
        if (x) CHECK(x->what == y->what);
    }
}

TEST_CASE("verifier and race check together find every lost or early wait and every shortened lifetime") {
    const Program p = tiny_program();
    infsim::RandomStream random(11, "mutate");
    for (Mutation m : {Mutation::drop_wait, Mutation::post_early, Mutation::shorten_lifetime})
        for (int round = 0; round < 30; ++round) {
            const auto mutant = mutate(p, m, random);
            REQUIRE(mutant);
            INFO(mutant->what);
            CHECK((!verify(mutant->program).empty() || !find_races(mutant->program).empty()));
        }
}
