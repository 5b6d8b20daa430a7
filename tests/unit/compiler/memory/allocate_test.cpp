// Where buffers lie and when loads start, and which of the reasons there is when that does not work out.
#include <catch2/catch.hpp>

#include <initializer_list>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "compiler/memory/allocate.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Purpose;

namespace {

using Starts = IdVector<LoadId, std::int32_t>;
using Order = std::vector<LoadId>;

/// A liveness from lifetimes, without any code.
class Lives {
public:
    BufferId buffer(const std::string& name, std::int64_t bytes, int first, int last,
                    Purpose purpose = Purpose::spill) {
        Buffer b;
        b.name = name;
        b.bytes = bytes;
        b.purpose = purpose;
        liveness.lives.push_back({first, last});
        liveness.layer.resize(std::max(liveness.layer.size(), static_cast<std::size_t>(last) + 1), 0);
        return liveness.buffers.push_back(b);
    }
    /// A buffer of weights that is loaded at `first`.
    BufferId loaded(const std::string& name, std::int64_t bytes, int first, int last, std::int32_t stream = 0,
                    std::int32_t earliest = 0) {
        const BufferId b = buffer(name, bytes, first, last, Purpose::weights);
        liveness.loads.push_back({b, stream, earliest, first});
        return b;
    }
    std::variant<Allocation, AllocationFailure> run(std::int64_t capacity, bool prefetch = true, int depth = 64,
                                                    bool settle_constants = false) const {
        AllocateOptions options;
        options.settle_constants = settle_constants;
        options.capacity = capacity;
        options.prefetch = prefetch;
        options.prefetch_depth = depth;
        return allocate(liveness, options);
    }
    Allocation allocated(std::int64_t capacity, bool prefetch = true, int depth = 64) const {
        auto outcome = run(capacity, prefetch, depth);
        if (const auto* no = std::get_if<AllocationFailure>(&outcome)) FAIL(no->wanted << no->why);
        return std::get<Allocation>(outcome);
    }
    /// No two buffers lie in the same bytes at once, each from the start of its load on.
    void check_apart(const Allocation& s) const {
        IdVector<BufferId, Lifetime> lives = liveness.lives;
        for (const LoadId load : liveness.loads.ids()) lives[liveness.loads[load].buffer].first = s.start[load];
        for (const BufferId x : lives.ids())
            for (const BufferId y : IdRange<BufferId>(BufferId(0), x)) {
                const auto end = [&](BufferId id) { return s.offset[id] + liveness.buffers[id].bytes; };
                const bool together = lives[x].first <= lives[y].last && lives[y].first <= lives[x].last;
                if (together) REQUIRE((s.offset[x] >= end(y) || s.offset[y] >= end(x)));
            }
    }
    AllocationFailure refused(std::int64_t capacity) const {
        auto outcome = run(capacity);
        REQUIRE(std::holds_alternative<AllocationFailure>(outcome));
        return std::get<AllocationFailure>(outcome);
    }
    Liveness liveness;
};

}  // namespace

TEST_CASE("what lives at the same time lies apart, what does not may share; activations alone make the lower bound") {
    Lives l;
    const BufferId a = l.buffer("a", 60, 0, 2), b = l.buffer("b", 30, 1, 4), c = l.buffer("c", 60, 3, 5);
    l.loaded("w", 8, 4, 5);
    const Allocation s = l.allocated(100);
    CHECK(s.lower_bound == 90);
    const auto offset = [&](BufferId id) { return s.offset[id]; };
    CHECK(offset(a) == offset(c));
    CHECK((offset(b) >= offset(a) + 60 || offset(b) + 30 <= offset(a)));
}

TEST_CASE("constants that part the room of a load are given addresses with the activations") {
    Lives l;
    l.buffer("early", 40, 0, 1);
    l.buffer("a", 30, 0, 5);
    l.buffer("b", 30, 0, 5);
    const BufferId c = l.loaded("constants", 10, 2, 9);
    l.liveness.buffers[c].purpose = Purpose::constants;
    const BufferId w = l.loaded("weights", 65, 6, 8);
    const auto outcome = l.run(100, true, 64, true);
    REQUIRE(std::holds_alternative<Allocation>(outcome));
    const auto& s = std::get<Allocation>(outcome);
    CHECK(s.offset[c] == 0);
    CHECK(s.start[LoadId(0)] == 2);  // as soon as what lay there is gone
    CHECK(s.offset[w] == 35);
    CHECK(s.start[LoadId(1)] == 6);
}

TEST_CASE("too many activations are told from too many weights beside them") {
    Lives l;
    l.buffer("a", 60, 0, 3);
    l.buffer("b", 50, 1, 2);
    l.loaded("w", 20, 2, 3);
    const AllocationFailure alone = l.refused(100);
    CHECK(alone.position == 1);
    CHECK(alone.wanted == 110);
    CHECK(alone.why == " for activations alone");
    const AllocationFailure with_weights = l.refused(112);
    CHECK(with_weights.position == 2);
    CHECK(with_weights.wanted == 130);
    CHECK(with_weights.why == ", weights in use included");
    l.allocated(130);
}

TEST_CASE("a load starts behind the last use of the bytes that it goes to, or as early as it may") {
    Lives l;
    l.buffer("a", 60, 0, 3);
    l.buffer("b", 60, 4, 9);
    l.loaded("w", 40, 8, 9);        // beside both
    l.loaded("later", 40, 10, 11);  // behind w, or behind b: that one is there earlier to end
    const Allocation s = l.allocated(100);
    CHECK(s.start == Starts{0, 10});
    CHECK(s.order == Order{LoadId(0), LoadId(1)});
    CHECK(l.allocated(140).start == Starts{0, 0});
    CHECK(l.allocated(140, false).start == Starts{8, 10});  // without prefetch
    l.liveness.loads[LoadId(1)].earliest = 6;               // what it reads is there
    CHECK(l.allocated(140).start == Starts{0, 6});
}

TEST_CASE("a load waits for the use of the one that is `depth` before it in its stream") {
    Lives l;
    l.loaded("w0", 10, 2, 3);
    l.loaded("w1", 10, 4, 5);
    l.loaded("w2", 10, 6, 7);
    CHECK(l.allocated(100, true, 1).start == Starts{0, 2, 4});
    CHECK(l.allocated(100, true, 2).start == Starts{0, 0, 2});
}

TEST_CASE("loads are ordered by their use, not by their number") {
    Lives l;
    l.loaded("late", 10, 6, 7);
    l.loaded("early", 10, 2, 3);
    CHECK(l.allocated(100).order == Order{LoadId(1), LoadId(0)});
}

TEST_CASE("windows of one name take turns as far as there is room") {
    Lives l;
    for (int i = 0; i < 4; ++i) {
        l.buffer("window", 30, 2 * i, 2 * i + 1);
        l.liveness.buffers.back().rotates = true;
    }
    const auto places = [&](std::int64_t capacity) {
        const Allocation s = l.allocated(capacity);
        return std::set<std::uint32_t>(s.offset.begin(), s.offset.end()).size();
    };
    CHECK(places(100) == 3);  // two further ones lie elsewhere before a place is used again
    CHECK(places(89) == 2);
    CHECK(places(59) == 1);
}

TEST_CASE("what the next pass begins with lies elsewhere than outputs that still leave") {
    Lives l;
    for (const int first : {0, 100}) {
        l.buffer("first", 30, first, first + 10);
        l.buffer("output", 10, first + 80, first + 90);
        l.liveness.buffers.back().lingers = true;
    }
    const auto output_and_next = [&](std::int64_t capacity) {
        const Allocation s = l.allocated(capacity);
        return std::make_pair(s.offset[BufferId(1)], s.offset[BufferId(2)]);
    };
    const auto [output, next] = output_and_next(40);
    CHECK((output >= next + 30 || next >= output + 10));
    CHECK(output_and_next(39) == std::make_pair(0U, 0U));
}

TEST_CASE("windows take as many turns as there is room for beside thousands of loads, too, if one is patient") {
    Lives l;
    for (int i = 0; i < 4; ++i) {
        l.buffer("window", 30, 2 * i, 2 * i + 1);
        l.liveness.buffers.back().rotates = true;
    }
    for (int i = 0; i < 5000; ++i) l.loaded("w", 1, 10 + i, 10 + i);
    AllocateOptions options;
    options.capacity = 89;  // two windows and not three
    const auto places = [&] {
        const auto outcome = allocate(l.liveness, options);
        const auto& s = std::get<Allocation>(outcome);
        return std::set<std::uint32_t>(s.offset.begin(), s.offset.begin() + 4).size();
    };
    CHECK(places() == 1);
    options.patient = true;
    CHECK(places() == 2);
}

TEST_CASE("windows of one name do not wait for turns that come long after") {
    Lives l;
    for (const int first : {0, 2, 1000, 1002}) {
        l.buffer("window", 30, first, first + 1);
        l.liveness.buffers.back().rotates = true;
    }
    l.buffer("between", 80, 500, 510);
    AllocateOptions options;
    options.capacity = 100;
    const auto places = [&] {
        const auto outcome = allocate(l.liveness, options);
        const auto& s = std::get<Allocation>(outcome);
        return std::set<std::uint32_t>(s.offset.begin(), s.offset.begin() + 4).size();
    };
    CHECK(places() == 1);  // stretched to the next turn, a window and the buffer in between take too much
    options.near_rotation = true;
    CHECK(places() == 2);
}

TEST_CASE("where a load finds no gap only those before it start late, if one is patient") {
    // `a` sends `many` to the end of its bytes, where it leaves no 65 for `big`; right before its use it lies in front.
    Lives l;
    l.buffer("a", 50, 0, 4);
    l.loaded("early", 10, 2, 3);
    l.loaded("many", 30, 5, 30);
    l.loaded("big", 65, 10, 12);
    AllocateOptions options;
    options.capacity = 100;
    options.prefetch_depth = 1;
    const auto starts = [&] { return std::get<Allocation>(allocate(l.liveness, options)).start; };
    CHECK(starts() == Starts{2, 5, 10});
    options.patient = true;
    CHECK(starts()[LoadId(0)] == 0);
    CHECK(starts()[LoadId(1)] == 5);
}

TEST_CASE("where loads find no gap around the activations everything is packed together") {
    // Largest first puts b beside a and leaves 20 bytes on either side of what is free for w, which needs 40.
    Lives l;
    l.buffer("a", 50, 0, 4);
    l.buffer("b", 40, 3, 7);
    l.buffer("c", 20, 6, 9);
    l.loaded("w", 60, 8, 9);
    const Allocation s = l.allocated(100);
    std::vector<bool> taken(100, false);
    for (BufferId b : {BufferId(2), BufferId(3)})  // alive together at the end
        for (std::int64_t at = s.offset[b], end = at + l.liveness.buffers[b].bytes; at < end; ++at) {
            REQUIRE(!taken[static_cast<std::size_t>(at)]);
            taken[static_cast<std::size_t>(at)] = true;
        }
}

TEST_CASE("the cheap answer is yes only where addresses are found, and most times then") {
    RandomStream random(3, "surely allocated");
    int sure = 0, found = 0;
    for (int round = 0; round < 400; ++round) {
        Lives l;
        for (int b = 0; b < 12; ++b) {
            const auto first = static_cast<int>(random.uniform_int(0, 20)),
                       last = first + static_cast<int>(random.uniform_int(0, 8));
            const std::int64_t bytes = 4 * random.uniform_int(1, 10);
            random.uniform_int(0, 1) == 0 ? l.buffer("b", bytes, first, last) : l.loaded("w", bytes, first, last);
        }
        AllocateOptions options;
        options.capacity = 4 * random.uniform_int(10, 40);
        options.prefetch = random.uniform_int(0, 3) > 0;
        const bool finds = std::holds_alternative<Allocation>(allocate(l.liveness, options));
        const bool says = surely_allocates(l.liveness, options);
        if (says) CHECK(finds);
        sure += says ? 1 : 0;
        found += finds ? 1 : 0;
    }
    CHECK(sure > found * 3 / 4);
    CHECK(sure < 400);
}

TEST_CASE("settled constants find addresses wherever others do, and let loads start earlier where these found none") {
    RandomStream random(7, "settled constants");
    std::int64_t among = 0, settled = 0;
    for (int round = 0; round < 600; ++round) {
        Lives l;
        for (int i = 0; i < 12; ++i) {
            const auto first = static_cast<int>(random.uniform_int(0, 20));
            const std::int64_t bytes = 4 * random.uniform_int(1, 10), kind = random.uniform_int(0, 4);
            const auto life = static_cast<int>(random.uniform_int(0, kind == 0 ? 16 : 6));
            if (kind > 2) l.buffer("b", bytes, first, first + life);
            else if (const BufferId b = l.loaded("w", kind == 0 ? 4 : bytes, first, first + life); kind == 0)
                l.liveness.buffers[b].purpose = Purpose::constants;
        }
        const std::int64_t capacity = 4 * random.uniform_int(12, 24);
        const auto a = l.run(capacity), b = l.run(capacity, true, 64, true);
        REQUIRE(std::holds_alternative<Allocation>(a) <= std::holds_alternative<Allocation>(b));
        if (!std::holds_alternative<Allocation>(a)) continue;
        for (const LoadId load : l.liveness.loads.ids()) {
            among += std::get<Allocation>(a).start[load];
            settled += std::get<Allocation>(b).start[load];
        }
        l.check_apart(std::get<Allocation>(b));
    }
    CHECK(settled < among);
}

TEST_CASE("around a load without a gap only its neighbours are packed together, if one is patient") {
    // A crowd in front, much room behind it.
    RandomStream random(11, "patient packing");
    int found = 0, earlier = 0, later = 0;
    for (int round = 0; round < 1200; ++round) {
        Lives l;
        for (int i = 0; i < 10; ++i) {
            const auto first = static_cast<int>(random.uniform_int(0, 16));
            const auto last = first + static_cast<int>(random.uniform_int(2, 8));
            const std::int64_t bytes = 4 * random.uniform_int(2, 9);
            i % 2 == 0 ? l.buffer("b", bytes, first, last) : l.loaded("w", bytes, first, last);
        }
        for (int at = 30; at < 120; at += 10)
            l.loaded("v", 4 * random.uniform_int(2, 6), at, at + static_cast<int>(random.uniform_int(5, 9)));
        AllocateOptions options;
        options.capacity = 4 * random.uniform_int(18, 28);
        const auto hasty = allocate(l.liveness, options);
        options.patient = true;
        const auto patient = allocate(l.liveness, options);
        REQUIRE(std::holds_alternative<Allocation>(hasty) == std::holds_alternative<Allocation>(patient));
        const auto* s = std::get_if<Allocation>(&patient);
        if (!s) continue;
        ++found;
        l.check_apart(*s);
        for (const LoadId load : l.liveness.loads.ids()) {
            earlier += s->start[load] < std::get<Allocation>(hasty).start[load];
            later += s->start[load] > std::get<Allocation>(hasty).start[load];
        }
    }
    INFO(found << " found, " << earlier << " loads earlier, " << later << " later");
    CHECK(found > 100);
    CHECK(earlier > 300);
    CHECK(later == 0);
}
