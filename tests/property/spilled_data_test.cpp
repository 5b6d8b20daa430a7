// Programs that spill, load or compute again, run in sections or lie in bands compute what the reference computes.
#include <algorithm>
#include <map>

#include "checks.hpp"
#include "spill_traffic.hpp"

using namespace infsim;
using namespace infsim::test;

namespace {

struct Tally {
    int programs = 0, spilled = 0, reissued = 0, recomputed = 0, sections = 0, bands = 0;
};

/// More buffers of one tensor were spilled than there are images: each is a band of rows.
bool in_bands(const compiler::Compiled& c) {
    std::map<std::string, int> buffers;
    for (const compiler::SpilledTensor& t : c.memory.spilled) ++buffers[t.name];
    return std::any_of(buffers.begin(), buffers.end(), [&](const auto& of) { return of.second > c.program.batch; });
}

bool in_sections(const compiler::Compiled& c) {
    return std::any_of(c.passes.begin(), c.passes.end(), [](const compiler::PassReport& pass) {
        return pass.pass == "search" && pass.summary.find(" sections") != std::string::npos &&
               pass.summary.find(" 1 sections") == std::string::npos;
    });
}

void check_network(std::uint64_t seed, Tally& tally) {
    const graph::Graph graph = RandomNetwork(seed, Numbers::real).draw();
    RandomStream random(seed, "spilled data");
    const int batch = static_cast<int>(random.uniform_int(2, 4));
    const hw::ChipSpec chip = default_chip();
    compiler::CompileOptions options;
    options.slab_bytes = 1024;
    options.search_sections = seed % 2 == 0;
    options.rematerialization = seed % 3 != 0;
    const auto plenty = checked(graph, chip, batch, options);
    REQUIRE(plenty.has_value());
    options.state_buffer_budget = plenty->memory.lower_bound_bytes * random.uniform_int(50, 110) / 100;
    INFO("seed " << seed << ", batch " << batch << "\n" << to_text(options) << "\n" << to_text(graph));
    const auto c = checked(graph, chip, batch, options);
    if (!c) return;
    ++tally.programs;
    tally.spilled += spill_traffic(c->program).saved > 0;
    tally.reissued += c->memory.reissued_bytes > 0;
    tally.recomputed += c->memory.recomputed_instructions > 0;
    tally.sections += in_sections(*c);
    tally.bands += in_bands(*c);
    check_equals_reference(graph, c->program, make_data(graph, batch, seed, Numbers::real), 3e-5);
}

}  // namespace

TEST_CASE(
    "programs that spill, load and compute again, run in sections and lie in bands compute what the reference "
    "computes") {
    Tally tally;
    for (std::uint64_t seed = 400001; seed < 400601; ++seed) check_network(seed, tally);
    INFO(tally.programs << " programs, " << tally.spilled << " spilled, " << tally.reissued << " reissued, "
                        << tally.recomputed << " recomputed, " << tally.sections << " in sections, " << tally.bands
                        << " in bands");
    CHECK(tally.programs >= 200);
    CHECK(tally.spilled >= 50);
    CHECK(tally.reissued >= 30);
    CHECK(tally.recomputed >= 8);
    CHECK(tally.sections >= 10);
    CHECK(tally.bands >= 20);
}

namespace {

/// Pre-activation blocks as in ResNet-50 v2: what a block normalises and activates stays for its residual sum.
graph::Graph pre_activation(int channels, int side, int blocks) {
    Net net("pre-activation");
    TensorId x = net.conv(net.input({1, 3, side, side}), channels, Window::square(3, 1, 1));
    for (int b = 0; b < blocks; ++b) {
        const TensorId scaled = net.binary(graph::Op::mul, x, net.constant({channels, 1, 1}));
        const TensorId active = net.relu(net.binary(graph::Op::add, scaled, net.constant({channels, 1, 1})));
        const TensorId narrow = net.relu(net.conv(active, channels / 4, Window::square(1)));
        x = net.add(
            net.conv(net.relu(net.conv(narrow, channels / 4, Window::square(3, 1, 1))), channels, Window::square(1)),
            x);
    }
    return net.finish({x});
}

}  // namespace

TEST_CASE("computed again or spilled, pre-activation blocks give the same numbers, and fewer bytes are spilled") {
    constexpr int kBatch = 4;
    int computed = 0, free_of_spills = 0;
    for (const auto& [channels, side] : {std::pair{256, 20}, std::pair{128, 24}, std::pair{160, 17}}) {
        const graph::Graph graph = pre_activation(channels, side, 3);
        const auto plenty = checked(graph, default_chip(), kBatch, {});
        REQUIRE(plenty.has_value());
        const Data data = make_data(graph, kBatch, 31, Numbers::small_integers);
        const Outputs right = run(graph, plenty->program, data);
        for (int percent : {100, 90, 80, 70, 60}) {
            compiler::CompileOptions options;
            options.slab_bytes = 1024;
            options.state_buffer_budget = plenty->memory.lower_bound_bytes * percent / 100;
            INFO(channels << " channels, " << side << " x " << side << ", " << percent << " %");
            const auto again = checked(graph, default_chip(), kBatch, options);
            options.recompute = false;
            const auto spilled = checked(graph, default_chip(), kBatch, options);
            REQUIRE(again.has_value() == spilled.has_value());
            if (!again) continue;
            CHECK(spilled->memory.recomputed_instructions == 0);
            CHECK((again->memory.recompute_time.count() > 0) == (again->memory.recomputed_instructions > 0));
            CHECK(spill_traffic(again->program).total() <= spill_traffic(spilled->program).total());
            for (const auto* c : {&*again, &*spilled}) CHECK(difference(run(graph, c->program, data), right) == 0);
            computed += again->memory.recomputed_instructions > 0;
            free_of_spills += spill_traffic(again->program).total() == 0 && spill_traffic(spilled->program).total() > 0;
        }
    }
    CHECK(computed >= 10);
    CHECK(free_of_spills >= 2);
}
