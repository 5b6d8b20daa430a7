// Addresses for buffers over their lives, how early loads start, and what a refusal says.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/placement.hpp"
#include "compiler/memory/refusals.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Purpose;

namespace {

/// Code whose instructions do nothing but touch buffers.
class Touches {
public:
    BufferId buffer(const std::string& name, std::int64_t bytes, Half half = Half::both,
                    Purpose purpose = Purpose::spill) {
        Buffer b;
        b.name = name;
        b.bytes = bytes;
        b.half = half;
        b.purpose = purpose;
        return code.buffers.push_back(b);
    }
    /// Appends an instruction and returns its index.
    int touch(const std::vector<BufferId>& buffers, int layer = 0) {
        VirtualInstruction in;
        in.op = program::Sync{};
        std::copy(buffers.begin(), buffers.end(), in.buffer.begin());
        in.layer = static_cast<std::uint16_t>(layer);
        code.instructions.push_back(in);
        return static_cast<int>(code.instructions.size()) - 1;
    }
    /// A load of `b`, standing right before its use.
    int load(BufferId b, int stream = 0, int layer = 0) {
        const int at = touch({b}, layer);
        code.instructions.back().load = code.loads.next_id();
        code.loads.push_back({b, stream});
        return at;
    }
    std::variant<Placement, DoesNotFit> place(std::int64_t capacity, bool prefetch = true, int depth = 64) const {
        AllocateOptions options;
        options.capacity = capacity;
        options.prefetch = prefetch;
        options.prefetch_depth = depth;
        const Liveness liveness = dry_run_of(code).liveness;
        auto outcome = allocate(liveness, options);
        if (const auto* no = std::get_if<AllocationFailure>(&outcome))
            return refusal(liveness, {{"conv1", "conv", 0, 0}, {"conv2", "conv", 0, 0}, {"conv3", "conv", 0, 0}}, *no,
                           options);
        return placement_of(code, std::move(std::get<Allocation>(outcome)));
    }
    Placement placed(std::int64_t capacity, bool prefetch = true, int depth = 64) const {
        auto result = place(capacity, prefetch, depth);
        if (const auto* no = std::get_if<DoesNotFit>(&result)) FAIL(no->text);
        return std::get<Placement>(result);
    }
    DoesNotFit refused(std::int64_t capacity) const {
        auto result = place(capacity);
        REQUIRE(std::holds_alternative<DoesNotFit>(result));
        return std::get<DoesNotFit>(result);
    }
    Code code;
};

/// Where instruction `index` stands in the final order.
std::ptrdiff_t position(const Placement& p, int index) {
    return std::find(p.order.begin(), p.order.end(), index) - p.order.begin();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a buffer takes the place of one that is dead") {
    Touches t;
    const auto a = t.buffer("a", 60), b = t.buffer("b", 40), c = t.buffer("c", 60);
    t.touch({a});
    t.touch({a, b});
    t.touch({b, c});
    const Placement p = t.placed(100);
    CHECK(p.offset[a] == p.offset[c]);
    CHECK(p.lower_bound == 100);
    CHECK(p.peak == 100);
}

TEST_CASE("two buffers in different halves of the partitions share an address, in one half they do not") {
    Touches apart;
    const auto a = apart.buffer("a", 80, Half::lower), b = apart.buffer("b", 80, Half::upper);
    apart.touch({a, b});
    CHECK(apart.placed(80).peak == 80);

    Touches together;
    const auto c = together.buffer("c", 80, Half::upper), d = together.buffer("d", 80, Half::upper);
    together.touch({c, d});
    CHECK(together.refused(80).wanted_bytes == 160);

    Touches across;
    const auto e = across.buffer("e", 80, Half::lower), f = across.buffer("f", 40, Half::both);
    across.touch({e, f});
    CHECK(across.placed(120).peak == 120);
}

TEST_CASE("packing finds the lower bound where largest-first does not") {
    // Largest first puts c above a and b; in program order everything fits below 100.
    Touches t;
    const auto a = t.buffer("a", 50), b = t.buffer("b", 50), c = t.buffer("c", 48), d = t.buffer("d", 52);
    t.touch({a, b});
    t.touch({b, c});
    t.touch({c, d});
    const Placement p = t.placed(100);
    CHECK(p.peak == 100);
    CHECK(p.lower_bound == 100);
}

TEST_CASE("tensors of one name that several layers make are no more images") {
    Touches t;  // a composed operator: what its first layer makes, and what its second one makes of that
    const auto first = t.buffer("y", 60), second = t.buffer("y", 70);
    t.code.buffers[second].layer = 1;
    t.touch({first}, 0);
    t.touch({first, second}, 1);
    const DoesNotFit no = t.refused(100);
    REQUIRE(no.tensors.size() == 1);
    CHECK(no.tensors[0].bytes == 130);
    CHECK(no.tensors[0].images == 1);
}

TEST_CASE("a refusal names layer, bytes wanted and there, and what is alive") {
    Touches t;
    const auto x = t.buffer("x", 60), y = t.buffer("y", 70), y2 = t.buffer("y", 20);
    t.touch({x}, 0);
    t.touch({x, y, y2}, 1);
    const DoesNotFit no = t.refused(100);
    CHECK(no.resource == "state buffer");
    CHECK(no.layer == "conv2");
    CHECK(no.wanted_bytes == 150);
    CHECK(no.available_bytes == 100);
    REQUIRE(no.tensors.size() == 2);
    CHECK(no.tensors[0].name == "y");
    CHECK(no.tensors[0].bytes == 90);
    CHECK(no.tensors[0].images == 2);
    CHECK(contains(no.text,
                   "layer conv2 needs 150 bytes per partition of the state buffer, 100 are there: 50 bytes too many"));
    CHECK(contains(no.text, "y 90 B (2 images), x 60 B (1 image)"));
    CHECK(no.unit == "B/partition");
    CHECK(no.instant == 1);
    CHECK(no.instants == 2);
    CHECK(no.tensors[1].from_layer == "conv1");
    CHECK(no.tensors[1].to_layer == "conv2");
    CHECK(no.tensors[0].from_layer == "conv2");
}

TEST_CASE("a refusal says whether activations alone are too many or the weights in use as well") {
    Touches t;
    const auto x = t.buffer("x", 80), w = t.buffer("conv2/weights", 40, Half::both, Purpose::weights);
    t.touch({x});
    t.load(w, 0, 1);
    t.touch({x, w}, 1);
    const DoesNotFit no = t.refused(100);
    CHECK(no.wanted_bytes == 120);
    CHECK(contains(no.text, "weights in use included"));
    CHECK(contains(t.refused(70).text, "for activations alone"));
}

TEST_CASE("a load starts when the bytes it goes to become free, and not before") {
    Touches t;
    const auto early = t.buffer("early", 100), late = t.buffer("late", 50),
               w = t.buffer("w", 50, Half::both, Purpose::weights);
    t.touch({early});
    const int last = t.touch({early});
    t.touch({late});
    t.touch({late});
    const int load = t.load(w), use = t.touch({late, w});
    const Placement prefetched = t.placed(100);
    CHECK(position(prefetched, load) == position(prefetched, last) + 1);
    const Placement lazy = t.placed(100, false);
    CHECK(position(lazy, load) == position(lazy, use) - 1);
    const Placement roomy = t.placed(150);
    CHECK(position(roomy, load) == 0);
}

TEST_CASE("loads of one stream keep their order, those of another may overtake") {
    // Only the big one has to wait until x is dead.
    for (const int second_stream : {0, 1}) {
        Touches t;
        const auto x = t.buffer("x", 60), big = t.buffer("big", 80, Half::lower, Purpose::weights),
                   small = t.buffer("small", 20, Half::upper, Purpose::weights);
        t.touch({x});
        t.touch({x});
        const int first = t.load(big);
        t.touch({big});
        const int second = t.load(small, second_stream);
        t.touch({small});
        const Placement p = t.placed(100);
        CHECK((position(p, first) < position(p, second)) == (second_stream == 0));
    }
}

TEST_CASE("no more loads wait for their use than the depth allows") {
    Touches t;
    std::vector<int> loads, uses;
    for (int k = 0; k < 4; ++k) {
        const auto w = t.buffer("w" + std::to_string(k), 10, Half::both, Purpose::weights);
        t.touch({});
        loads.push_back(t.load(w));
        uses.push_back(t.touch({w}));
    }
    const Placement deep = t.placed(100);
    CHECK(position(deep, loads[3]) < position(deep, uses[0]));
    const Placement shallow = t.placed(100, true, 2);
    CHECK(position(shallow, loads[1]) < position(shallow, uses[0]));
    CHECK(position(shallow, loads[2]) < position(shallow, uses[1]));
    CHECK(position(shallow, loads[3]) > position(shallow, uses[0]));
}

TEST_CASE("every buffer that lives keeps its bytes to itself in the final order") {
    Touches t;
    std::vector<BufferId> alive;
    for (int k = 0; k < 40; ++k) {
        const auto b = t.buffer("b" + std::to_string(k), 4 * (1 + k * 7 % 5),
                                k % 3 == 0   ? Half::lower
                                : k % 3 == 1 ? Half::upper
                                             : Half::both,
                                k % 4 == 0 ? Purpose::weights : Purpose::spill);
        if (k % 4 == 0) t.load(b);
        alive.push_back(b);
        if (alive.size() > 3) alive.erase(alive.begin());
        t.touch(alive);
    }
    const Placement p = t.placed(80);
    for (BufferId a : t.code.buffers.ids())
        for (BufferId b : IdRange(BufferId(0), a)) {
            const Buffer &x = t.code.buffers[a], &y = t.code.buffers[b];
            const bool both_alive = p.first[a] <= p.last[b] && p.first[b] <= p.last[a];
            const bool overlap = p.offset[a] < p.offset[b] + y.bytes && p.offset[b] < p.offset[a] + x.bytes;
            const bool same_partitions = x.half == Half::both || y.half == Half::both || x.half == y.half;
            CHECK(!(both_alive && overlap && same_partitions));
        }
    CHECK(p.peak <= 80);
    CHECK(p.peak >= p.lower_bound);
}
