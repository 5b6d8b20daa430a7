// Layers of random networks that run fused, in stripes of rows, compute what the reference computes: whichever layers,
// however many rows, and whoever else reads what they make.
#include "checks.hpp"

#include "compiler/ir/fused_layers.hpp"
#include "compiler/pipeline.hpp"
#include "compiler/search/plans.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

struct Tally {
    int fused = 0, again = 0, residuals = 0, elementwise = 0, arranged = 0, kept = 0;
};

/// Sections of which the second one is fused; none if these layers cannot be.
std::vector<Section> random_sections(const Network& network, const NetworkRows& rows, int batch, RandomStream& random) {
    const int layers = static_cast<int>(network.layers.size());
    for (int attempt = 0; attempt < 40; ++attempt) {
        Section fused;
        fused.first = static_cast<int>(random.uniform_int(0, layers - 1));
        fused.last = static_cast<int>(random.uniform_int(fused.first + 1, std::min(layers, fused.first + 9)));
        if (!can_fuse(network, rows, LayerId(fused.first), LayerId(fused.last))) continue;
        fused.images = random.uniform_int(0, 1) == 0 ? 1 : batch;
        fused.stripe_rows = static_cast<int>(random.uniform_int(1, 9));
        fused.recompute_halo = random.uniform_int(0, 2) == 0;
        std::vector<Section> list;
        if (fused.first > 0) list.push_back({0, fused.first, 1});
        list.push_back(fused);
        if (fused.last < layers) list.push_back({fused.last, layers, batch});
        return list;
    }
    return {};
}

void note(Tally& tally, const Network& network, const NetworkRows& rows, const Section& section) {
    ++tally.fused;
    tally.again += section.recompute_halo;
    const FusedLayers fused(network, rows, LayerId(section.first), LayerId(section.last));
    int kept = 0;
    for (const FusedLayers::Item& item : fused.items()) kept += item.maker.exists() && !item.streams;
    tally.kept += kept > 1;  // the last layer's output is always there as a whole
    bool residual = false, elementwise = false, arranged = false;
    for (const LayerId l : IdRange<LayerId>(fused.first(), fused.end())) {
        const LayerOp& op = network.layers[l].op;
        if (const auto* conv = std::get_if<ConvOp>(&op)) residual = residual || conv->residual;
        arranged = arranged || std::holds_alternative<ArrangeOp>(op);
        elementwise = elementwise || std::holds_alternative<UnaryOp>(op) || std::holds_alternative<ScalarOp>(op) ||
                      std::holds_alternative<BinaryOp>(op);
    }
    tally.arranged += arranged;
    tally.residuals += residual;
    tally.elementwise += elementwise;
}

/// The Program of the fastest plan in sections of which one is fused; none where no layers can be.
std::optional<program::Program> fused_program(const graph::Graph& graph, const hw::ChipSpec& chip, int batch,
                                              RandomStream& random, Tally& tally) {
    Compilation c{graph, chip, target_of(chip), batch, DType::fp32, DType::fp32};
    c.options.overlap_stripes = random.uniform_int(0, 2) != 0;
    c.options.pair_images = random.uniform_int(0, 1) == 0;
    c.options.stream_stem = random.uniform_int(0, 1) == 0;
    Problems problems;
    c.options = resolved(c.options, c.target, problems);
    c.budget = budget_of(c.options, c.target);
    std::vector<Attempt> attempts;
    for (const Pass& pass : pipeline()) {
        if (pass.wanted != nullptr && !pass.wanted(c)) continue;
        if (pass.presence == Presence::optional || (std::string(pass.name) == "stem" && !c.options.stream_stem))
            continue;
        if (std::string(pass.name) == "fit") {
            const NetworkRows rows(c.network);
            Plan plan = plans(c.network, c.target, batch, c.dtype, c.options).front();
            plan.sections = random_sections(c.network, rows, batch, random);
            if (plan.sections.empty()) return std::nullopt;
            for (const Section& s : plan.sections)
                if (s.stripe_rows > 0) note(tally, c.network, rows, s);
            c.plans = {plan};
        }
        const auto no = pass.run(c, attempts);
        INFO(pass.name << ": " << (no ? no->text : ""));
        REQUIRE(!no);
    }
    return std::move(c.program);
}

}  // namespace

TEST_CASE("layers that run fused compute what the reference computes") {
    Tally tally;
    const hw::ChipSpec chip = default_chip();
    for (std::uint64_t seed = 610001; seed < 610401; ++seed) {
        const graph::Graph graph = RandomNetwork(seed, Numbers::real).draw();
        RandomStream random(seed, "fused layers");
        const int batch = static_cast<int>(random.uniform_int(1, 3));
        INFO("seed " << seed << ", batch " << batch << "\n" << to_text(graph));
        const auto program = fused_program(graph, chip, batch, random, tally);
        if (!program) continue;
        CHECK(complaints(*program) == "");
        check_equals_reference(graph, *program, make_data(graph, batch, seed, Numbers::real), 3e-5);
    }
    INFO(tally.fused << " fused, " << tally.again << " with rows computed again, " << tally.residuals
                     << " across a residual add, " << tally.elementwise << " with elementwise layers, "
                     << tally.arranged << " with moved elements, " << tally.kept
                     << " with something that others read as well");
    CHECK(tally.fused >= 100);
    CHECK(tally.again >= 20);
    CHECK(tally.residuals >= 10);
    CHECK(tally.elementwise >= 20);
    CHECK(tally.arranged >= 5);
    CHECK(tally.kept >= 10);
}
