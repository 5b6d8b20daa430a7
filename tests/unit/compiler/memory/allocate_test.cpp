// Where buffers lie and when loads start, and which of the reasons there is when that does not work out.
#include <catch2/catch.hpp>

#include <initializer_list>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "compiler/memory/allocate.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Purpose;

namespace {

/// An liveness from lifetimes, without any code.
class Lives {
public:
    BufferId buffer(const std::string& name, std::int64_t bytes, int first, int last,
                    Purpose purpose = Purpose::spill) {
        Buffer b;
        b.name = name;
        b.bytes = bytes;
        b.purpose = purpose;
        liveness.buffers.push_back(b);
        liveness.lives.push_back({first, last});
        liveness.layer.resize(std::max(liveness.layer.size(), static_cast<std::size_t>(last) + 1), 0);
        return static_cast<BufferId>(liveness.buffers.size()) - 1;
    }
    /// A buffer of weights that is loaded at `first`.
    BufferId loaded(const std::string& name, std::int64_t bytes, int first, int last, std::int32_t stream = 0,
                    std::int32_t earliest = 0) {
        const BufferId b = buffer(name, bytes, first, last, Purpose::weights);
        liveness.loads.push_back({b, stream, earliest, first});
        return b;
    }
    std::variant<Allocation, AllocationFailure> run(std::int64_t capacity, bool prefetch = true, int depth = 64) const {
        AllocateOptions options;
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
    const auto offset = [&](BufferId id) { return s.offset[static_cast<std::size_t>(id)]; };
    CHECK(offset(a) == offset(c));
    CHECK((offset(b) >= offset(a) + 60 || offset(b) + 30 <= offset(a)));
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
    CHECK(s.start == std::vector<std::int32_t>{0, 10});
    CHECK(s.order == std::vector<std::int32_t>{0, 1});
    CHECK(l.allocated(140).start == std::vector<std::int32_t>{0, 0});
    CHECK(l.allocated(140, false).start == std::vector<std::int32_t>{8, 10});  // without prefetch
    l.liveness.loads[1].earliest = 6;                                          // what it reads is there
    CHECK(l.allocated(140).start == std::vector<std::int32_t>{0, 6});
}

TEST_CASE("a load waits for the use of the one that is `depth` before it in its stream") {
    Lives l;
    l.loaded("w0", 10, 2, 3);
    l.loaded("w1", 10, 4, 5);
    l.loaded("w2", 10, 6, 7);
    CHECK(l.allocated(100, true, 1).start == std::vector<std::int32_t>{0, 2, 4});
    CHECK(l.allocated(100, true, 2).start == std::vector<std::int32_t>{0, 0, 2});
}

TEST_CASE("loads are ordered by their use, not by their number") {
    Lives l;
    l.loaded("late", 10, 6, 7);
    l.loaded("early", 10, 2, 3);
    CHECK(l.allocated(100).order == std::vector<std::int32_t>{1, 0});
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

TEST_CASE("where loads find no gap around the activations everything is packed together") {
    // Largest first puts b beside a and leaves 20 bytes on either side of what is free for w, which needs 40.
    Lives l;
    l.buffer("a", 50, 0, 4);
    l.buffer("b", 40, 3, 7);
    l.buffer("c", 20, 6, 9);
    l.loaded("w", 60, 8, 9);
    const Allocation s = l.allocated(100);
    std::vector<bool> taken(100, false);
    for (BufferId b : {2, 3})  // alive together at the end
        for (std::int64_t at = s.offset[static_cast<std::size_t>(b)],
                          end = at + l.liveness.buffers[static_cast<std::size_t>(b)].bytes;
             at < end; ++at) {
            REQUIRE(!taken[static_cast<std::size_t>(at)]);
            taken[static_cast<std::size_t>(at)] = true;
        }
}
