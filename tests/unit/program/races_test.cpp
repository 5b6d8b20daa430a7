#include <catch2/catch.hpp>

#include <algorithm>

#include "base/random.hpp"
#include "program/happens_before.hpp"
#include "program/races.hpp"
#include "program/runs.hpp"
#include "program/verify.hpp"
#include "support/tiny_program.hpp"

using namespace infsim::program;
using namespace infsim::testing;
using infsim::DType;

namespace {

/// A Program of memsets, copies and waits over four one-partition-wide queues, written as a story.
struct Story {
    Program p;
    std::uint32_t sequence = 0;
    explicit Story(int queues = 3) {
        p.target = {8, 4, 16, 8, 4, 2, 256, 64, 8, 4, 32, 4096, 1};
        for (int q = 0; q < queues; ++q) p.queues.push_back({Engine::dma, static_cast<std::uint8_t>(q), 0, {}});
        p.layers = {{"l", "test", 0, 0}};
    }
    static AccessPattern bytes(int partition, int count, int offset, int n, int step = 1) {
        AccessPattern a;
        a.partition_start = static_cast<std::uint16_t>(partition),
        a.partition_count = static_cast<std::uint16_t>(count);
        a.offset = static_cast<std::uint32_t>(offset), a.dtype = DType::u8;
        a.count[3] = static_cast<std::uint16_t>(n), a.step[3] = static_cast<std::uint16_t>(step);
        return a;
    }
    Story& add(int queue, Operation op, std::initializer_list<Wait> waits = {}) {
        Instruction i;
        i.op = std::move(op);
        i.sequence = sequence++;
        for (Wait w : waits) i.waits.push(w);
        p.queues[static_cast<std::size_t>(queue)].instructions.push_back(i);
        return *this;
    }
    Story& write(int queue, AccessPattern a, std::initializer_list<Wait> waits = {}) {
        return add(queue, Memset{a, 0}, waits);
    }
    Story& read(int queue, AccessPattern a, std::initializer_list<Wait> waits = {}) {
        return add(queue, LoadStationary{a}, waits);
    }
    std::vector<Race> races() const { return find_races(p); }
};

AccessPattern here(int n = 8) { return Story::bytes(0, 2, 16, n); }

}  // namespace

TEST_CASE("a Program ordered by its waits has no races") { CHECK(find_races(tiny_program()).empty()); }

TEST_CASE("a read without a wait behind a write is a race, with its place") {
    Program p = tiny_program();
    p.queues[kPool].instructions[0].waits = {};
    const auto races = find_races(p);
    // Reading what ACT writes, and writing it in place.
    REQUIRE(races.size() == 2);
    CHECK(to_text(p, races[0]) ==
          "write_read: q1[0] activate (layer 'fc') and q2[0] tensor_scalar (layer 'fc') at "
          "state buffer partition 4, byte 0");
    CHECK(races[1].kind == Race::Kind::write_write);
}

TEST_CASE("a wait that posts early is a race with what it left out") {
    Program p = tiny_program();
    p.queues[kAct].instructions[0].waits.count[0] = 3;
    const auto races = find_races(p);
    REQUIRE(races.size() == 1);
    CHECK(races[0].first == InstructionId{kPe, 3});
    p.queues[kAct].instructions[0].waits.count[0] = 4;
    CHECK(find_races(p).empty());
}

TEST_CASE("order passes through third queues") {
    CHECK(Story()
              .write(0, here())
              .write(1, Story::bytes(0, 1, 64, 1), {{0, 1}})
              .read(2, here(), {{1, 1}})
              .races()
              .empty());
    CHECK(Story().write(0, here()).write(1, Story::bytes(0, 1, 64, 1)).read(2, here(), {{1, 1}}).races().size() == 1);
}

TEST_CASE("order passes from an earlier instruction of the waiting queue, and of the awaited one") {
    CHECK(Story().write(0, here()).add(1, Sync{}, {{0, 1}}).read(1, here()).races().empty());
    CHECK(Story().write(0, here()).add(1, Sync{}, {{0, 1}}).add(1, Sync{}).read(2, here(), {{1, 2}}).races().empty());
}

TEST_CASE("a read in the writer's own queue needs a wait, writes do not") {
    CHECK(Story().write(0, here()).read(0, here()).races().size() == 1);
    CHECK(Story().write(0, here()).read(0, here(), {{0, 1}}).races().empty());
    CHECK(Story().write(0, here()).write(0, here()).races().empty());
    CHECK(Story().read(0, here()).write(0, here()).races().empty());
}

TEST_CASE("a write needs a wait behind another queue's read, for all the readers") {
    const auto kinds = [](const Story& s) {
        std::vector<Race::Kind> k;
        for (const Race& r : s.races()) k.push_back(r.kind);
        return k;
    };
    CHECK(kinds(Story().read(0, here()).write(1, here())) == std::vector<Race::Kind>{Race::Kind::read_write});
    CHECK(kinds(Story().read(0, here()).read(2, here()).write(1, here(), {{2, 1}})) ==
          std::vector<Race::Kind>{Race::Kind::read_write});
    CHECK(kinds(Story().read(0, here()).read(2, here()).write(1, here(), {{2, 1}, {0, 1}})).empty());
    CHECK(kinds(Story().write(0, here()).write(1, here())) == std::vector<Race::Kind>{Race::Kind::write_write});
}

TEST_CASE("an accumulation follows its own queue without a wait and another one with it") {
    const auto psum = [] {
        AccessPattern a = Story::bytes(0, 1, 0, 4);
        a.space = Space::psum;
        return a;
    };
    const AccessPattern moving = Story::bytes(0, 1, 200, 4);
    CHECK(Story().add(0, Matmul{moving, psum(), false}).add(0, Matmul{moving, psum(), true}).races().empty());
    CHECK(Story().add(0, Matmul{moving, psum(), false}).add(1, Matmul{moving, psum(), true}).races().size() == 1);
    CHECK(Story().add(0, Matmul{moving, psum(), false}).add(1, Matmul{moving, psum(), true}, {{0, 1}}).races().empty());
}

TEST_CASE("interleaved strides and other partitions do not touch, a shared byte does") {
    const auto even = Story::bytes(0, 2, 16, 8, 2), odd = Story::bytes(0, 2, 17, 8, 2);
    CHECK(Story().write(0, even).write(1, odd).races().empty());
    CHECK(Story().write(0, even).write(1, Story::bytes(0, 2, 17, 4, 3)).races().size() == 1);  // 17, 20
    CHECK(Story().write(0, Story::bytes(0, 3, 16, 4)).write(1, Story::bytes(3, 2, 16, 4)).races().empty());
    const auto races = Story().write(0, Story::bytes(0, 4, 16, 4)).write(1, Story::bytes(3, 2, 18, 4)).races();
    REQUIRE(races.size() == 1);
    CHECK(races[0].place == 3);
    CHECK(races[0].byte == 18);
}

TEST_CASE("DRAM that the Program writes is watched too") {
    Story s;
    s.p.segments = {{"spill", Purpose::spill, DType::u8, 0, 0, 64, {}, {}}};
    DramPattern d;
    d.offset = 8, d.partition_step = 4, d.count[3] = 4, d.step[3] = 1;
    s.add(0, DmaStore{Story::bytes(0, 2, 0, 4), d}).add(1, DmaLoad{d, Story::bytes(0, 2, 100, 4)});
    const auto races = s.races();
    REQUIRE(races.size() == 1);
    CHECK(races[0].dram);
    CHECK(races[0].byte == 8);
    s.p.queues[1].instructions[0].waits.push({0, 1});
    CHECK(s.races().empty());
}

TEST_CASE("the race check agrees with all pairs of random Programs") {
    infsim::RandomStream random(1, "races");
    int racy = 0, clean = 0;
    for (int round = 0; round < 300; ++round) {
        Story s(4);
        for (int i = 0; i < 12; ++i) {
            const int q = static_cast<int>(random.uniform_int(0, 3));
            const AccessPattern a =
                Story::bytes(static_cast<int>(random.uniform_int(0, 2)), static_cast<int>(random.uniform_int(1, 3)),
                             static_cast<int>(random.uniform_int(0, 24)), static_cast<int>(random.uniform_int(1, 4)),
                             static_cast<int>(random.uniform_int(1, 3)));
            random.uniform_int(0, 1) == 0 ? s.write(q, a) : s.read(q, a);
            auto& mine = s.p.queues[static_cast<std::size_t>(q)].instructions.back();
            for (std::uint8_t other = 0; other < 4; ++other) {
                const auto length =
                    static_cast<std::int64_t>(s.p.queues[other].instructions.size()) - (other == q ? 1 : 0);
                if (length > 0 && random.uniform_int(0, 3) > 0)
                    mine.waits.push({other, static_cast<std::uint32_t>(random.uniform_int(1, length))});
            }
        }
        // All pairs, element by element, with order found by search over the events.
        const auto order = serial_order(s.p);
        const HappensBefore before(s.p, order);
        const auto cells = [&](InstructionId id) {
            std::vector<std::pair<int, int>> list;
            const AccessPattern a = accesses(at(s.p, id).op).on_chip[0].pattern;
            for (int p = 0; p < a.partition_count; ++p)
                for (int i = 0; i < a.count[3]; ++i) list.emplace_back(a.partition_start + p, a.offset + i * a.step[3]);
            return list;
        };
        bool expected = false;
        for (std::size_t i = 0; i < order.size(); ++i)
            for (std::size_t j = i + 1; j < order.size(); ++j) {
                const bool w1 = accesses(at(s.p, order[i]).op).on_chip[0].write,
                           w2 = accesses(at(s.p, order[j]).op).on_chip[0].write;
                if ((!w1 && !w2) || before.ordered(order[i], order[j])) continue;
                if (order[i].queue == order[j].queue && w2) continue;
                for (const auto& a : cells(order[i]))
                    for (const auto& b : cells(order[j])) expected = expected || a == b;
            }
        CHECK(s.races().empty() == !expected);
        (expected ? racy : clean)++;
    }
    CHECK(racy > 30);
    CHECK(clean > 30);
}

TEST_CASE("happens-before is what a search over issue and retirement finds") {
    infsim::RandomStream random(2, "order");
    for (int round = 0; round < 50; ++round) {
        Story s(3);
        for (int i = 0; i < 10; ++i) {
            const int q = static_cast<int>(random.uniform_int(0, 2));
            s.add(q, Sync{});
            auto& mine = s.p.queues[static_cast<std::size_t>(q)].instructions.back();
            for (std::uint8_t other = 0; other < 3; ++other) {
                const auto length =
                    static_cast<std::int64_t>(s.p.queues[other].instructions.size()) - (other == q ? 1 : 0);
                if (length > 0 && random.uniform_int(0, 2) == 0)
                    mine.waits.push({other, static_cast<std::uint32_t>(random.uniform_int(1, length))});
            }
        }
        const auto order = serial_order(s.p);
        const HappensBefore before(s.p, order);
        // reach[2i] is instruction i's issue, reach[2i+1] its retirement; Floyd-Warshall over the direct
        // edges.
        const auto n = order.size();
        const auto index = [&](InstructionId id) {
            return static_cast<std::size_t>(std::find(order.begin(), order.end(), id) - order.begin());
        };
        std::vector<std::vector<bool>> reach(2 * n, std::vector<bool>(2 * n, false));
        for (std::size_t i = 0; i < n; ++i) {
            reach[2 * i][2 * i + 1] = true;
            const InstructionId id = order[i];
            if (id.index > 0) {
                const std::size_t previous = index({id.queue, id.index - 1});
                reach[2 * previous][2 * i] = reach[2 * previous + 1][2 * i + 1] = true;
            }
            const Waits& waits = at(s.p, id).waits;
            for (int w = 0; w < waits.size(); ++w)
                reach[2 * index({waits[w].queue, waits[w].count - 1}) + 1][2 * i] = true;
        }
        for (std::size_t k = 0; k < 2 * n; ++k)
            for (std::size_t i = 0; i < 2 * n; ++i)
                for (std::size_t j = 0; reach[i][k] && j < 2 * n; ++j)
                    if (reach[k][j]) reach[i][j] = true;
        int wrong = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                if (i != j) wrong += before.ordered(order[i], order[j]) != reach[2 * i + 1][2 * j];
        CHECK(wrong == 0);
    }
}
