// Seeded damage to compiled Programs: what verifier, race check and data together catch.
#include <catch2/catch.hpp>

#include "graph/json_form.hpp"
#include "support/mutate.hpp"
#include "support/run_data.hpp"
#include "support/source_folder.hpp"

using namespace infsim;

namespace {

/// The outputs of a damaged Program; nothing when the executor stopped it.
std::optional<std::vector<std::vector<std::vector<float>>>> outputs_of(const graph::Graph& graph,
                                                                       const program::Program& program,
                                                                       const test::Data& data) {
    try {
        return test::run(graph, program, data);
    } catch (const InternalError&) {  // a fault of the Program that the executor names
        return std::nullopt;
    }
}

}  // namespace

TEST_CASE("at least 95 of 100 mutants of a compiled network are caught") {
    const graph::Graph graph = graph::load_model("three_layers", source_folder("/models"));
    const auto compiled = test::compiled(graph, 2, {}, DType::fp32);
    const test::Data data = test::make_data(graph, 2, 11, test::Numbers::real);
    const auto good = test::run(graph, compiled.program, data);
    RandomStream random(3, "mutants");
    int made = 0, caught = 0;
    std::string survivors;
    for (int round = 0; made < 300; ++round) {
        const auto mutant =
            testing::mutate(compiled.program, static_cast<testing::Mutation>(round % testing::kMutations), random);
        if (!mutant) continue;
        ++made;
        const bool found =
            !test::complaints(mutant->program).empty() || outputs_of(graph, mutant->program, data) != good;
        caught += found ? 1 : 0;
        if (!found) survivors += mutant->what + "\n";
    }
    // Whoever survives computes the right numbers without a race: a lifetime cut where nothing lived any more, two
    // independent transfers of one ring exchanged. Their list is printed so that a new kind of survivor is seen.
    WARN(caught << " of " << made << " mutants caught; survivors:\n" << survivors);
    CHECK(caught * 100 >= made * 95);
}
