// Times worked out by hand from the timings of DDR4-3200, clock 625 ps: "ready at t, not at t-1" is an equality here,
// because a channel says when its columns go out.
#include <catch2/catch.hpp>

#include <random>

#include "base/check.hpp"
#include "chip/ddr4.hpp"
#include "support/ddr4_3200.hpp"

using namespace infsim;
using namespace infsim::chip;
using Kind = hw::AddressField::Kind;
using test::ddr4_3200;

namespace {

constexpr std::int64_t kClock = 625;
constexpr std::int64_t cycles(std::int64_t n) { return n * kClock; }
constexpr std::int64_t kRow = 8192, kStripe = 4 * kRow, kBanks = 4 * kStripe;  // bytes until the same bank comes again

/// Serves bursts of `grain` bytes as the arbiter does: each is chosen when the columns of the one before begin.
struct Stream {
    explicit Stream(hw::Ddr4Dram d = ddr4_3200()) : channel(d) {}
    void move(std::uint64_t address, std::int64_t bytes, bool write = false) {
        const auto served = channel.serve(next, address, bytes, write);
        CHECK(served.begin >= next);
        next = served.begin;
        end = served.end;
        moved += bytes;
    }
    double share_of_peak() const { return static_cast<double>(moved) / 25.6e9 / (static_cast<double>(end) * 1e-12); }
    Ddr4Channel channel;
    std::int64_t next = 0, end = 0, moved = 0;
};

}  // namespace

TEST_CASE("a read of a closed bank takes activation, read latency and data") {
    Ddr4Channel channel(ddr4_3200());
    const auto served = channel.serve(0, 0, 64, false);
    CHECK(served.begin == cycles(22));
    CHECK(served.end == cycles(22 + 22 + 4));  // 30 ns
    CHECK(channel.counts().misses == 1);
}

TEST_CASE("a command goes out on a clock edge") {
    Ddr4Channel channel(ddr4_3200());
    CHECK(channel.serve(1, 0, 64, false).begin == cycles(23));
}

TEST_CASE("a row hit follows by tCCD_L, in another bank group by tCCD_S") {
    hw::Ddr4Dram d = ddr4_3200();
    d.address_map = {{Kind::column, 7}, {Kind::bank_group, 2}, {Kind::bank, 2}, {Kind::row, 15}};
    Ddr4Channel channel(d);
    const auto first = channel.serve(0, 0, 64, false);
    const auto hit = channel.serve(first.begin, 64, 64, false);
    CHECK(hit.begin == first.begin + cycles(8));
    const auto other = channel.serve(hit.begin, kRow, 64, false);  // a miss in another group: activated when chosen
    CHECK(other.begin == hit.begin + cycles(22));
    const auto back = channel.serve(other.begin, 128, 64, false);
    CHECK(back.begin == other.begin + cycles(4));
    CHECK(channel.counts().hits == 2);
    CHECK(channel.counts().misses == 2);
}

TEST_CASE("a conflict precharges after tRAS or tRTP and activates after tRP") {
    Ddr4Channel channel(ddr4_3200());
    const auto first = channel.serve(0, 0, 64, false);
    const auto early = channel.serve(first.begin, kBanks, 64, false);  // tRAS rules: 52 > 22 + 12
    CHECK(early.begin == cycles(52 + 22 + 22));
    const auto hit = channel.serve(cycles(400), kBanks + 64 * 4, 64, false);
    CHECK(hit.begin == cycles(400));
    const auto late = channel.serve(hit.begin, 0, 64, false);  // tRTP rules
    CHECK(late.begin == hit.begin + cycles(12 + 22 + 22));
    CHECK(channel.counts().conflicts == 2);
}

TEST_CASE("activations keep tRRD and the window of four") {
    hw::Ddr4Dram d = ddr4_3200();
    d.address_map = {{Kind::bank_group, 2}, {Kind::bank, 2}, {Kind::column, 7}, {Kind::row, 15}};  // a bank per column
    Ddr4Channel channel(d);
    std::vector<std::int64_t> begins;
    for (std::uint64_t bank = 0; bank < 8; ++bank) begins.push_back(channel.serve(0, bank * 64, 64, false).begin);
    // Groups 0, 1, 2, 3, 0, ...: tRRD_S four apart; the fifth waits for the window, 34 behind the first.
    CHECK(begins == std::vector<std::int64_t>{cycles(22), cycles(26), cycles(30), cycles(34), cycles(56), cycles(60),
                                              cycles(64), cycles(68)});
    d.t_faw = Cycles{16};
    d.t_rrd_l = Cycles{40};
    Ddr4Channel slow_groups(d);
    CHECK(slow_groups.serve(0, 0, 64, false).begin == cycles(22));
    CHECK(slow_groups.serve(0, 4 * 64, 64, false).begin == cycles(22 + 40));  // another bank of group 0
}

TEST_CASE("turning the bus around costs what the standard says") {
    Ddr4Channel channel(ddr4_3200());
    const auto read = channel.serve(0, 0, 256, false);  // opens a row in all four groups
    const auto last_read = read.begin + cycles(3 * 4);
    const auto write = channel.serve(cycles(40), 256, 64, true);
    CHECK(write.begin == std::max(cycles(40), last_read + cycles(22 + 4 + 2 - 16)));
    CHECK(write.end == write.begin + cycles(16 + 4));
    const auto other_group = channel.serve(write.begin, 320, 64, false);
    CHECK(other_group.begin == write.begin + cycles(16 + 4 + 4));
    const auto again = channel.serve(cycles(200), 256, 64, true);
    const auto same_group = channel.serve(again.begin, 0, 64, false);
    CHECK(same_group.begin == again.begin + cycles(16 + 4 + 12));
    const auto conflict = channel.serve(cycles(400), 256, 64, true);
    CHECK(channel.serve(conflict.begin, kBanks, 64, false).begin ==
          conflict.begin + cycles(16 + 4 + 24 + 22 + 22));  // write recovery, precharge, activate
}

TEST_CASE("a refresh falls due every tREFI and takes tRFC") {
    Ddr4Channel channel(ddr4_3200());
    const std::int64_t due = 7'800'000, rfc = 260'000;
    CHECK(channel.serve(due - cycles(22) - 1000, 0, 64, false).begin == due - 625);  // columns just before it
    // Due behind the columns just begun: the row is closed (tRAS rules), refreshed, and opened again.
    const std::int64_t activated = due - 625 - cycles(22);
    CHECK(channel.serve(due - 625, 64 * 4, 64, false).begin == activated + cycles(52 + 22) + rfc + cycles(22));
    CHECK(channel.counts().refreshes == 1);
    CHECK(channel.serve(20 * due + 300'000, 0, 64, false).begin == 20 * due + 300'000 + cycles(22));  // long past them
    CHECK(channel.counts().refreshes == 20);
    CHECK(channel.serve(21 * due, 0, 64, false).begin ==
          21 * due + cycles(22) + rfc + cycles(22));  // the row of before is closed first
}

TEST_CASE("a stream of consecutive bytes moves at the peak less refreshes") {
    for (bool write : {false, true}) {
        Stream s;
        for (std::uint64_t address = 0; address < (8 << 20); address += 2048) s.move(address, 2048, write);
        const double theory = 1 - 260.0 / 7800.0;
        CHECK(s.share_of_peak() <= theory + 1e-4);
        CHECK(s.share_of_peak() > theory - 0.015);  // each refresh also closes rows: about 80 ns more
        const auto& c = s.channel.counts();
        const std::int64_t rows = (8 << 20) / kRow;
        CHECK(c.conflicts + c.misses >= rows);  // every row once, and the four in use again behind a refresh
        CHECK(c.conflicts + c.misses <= rows + 4 * c.refreshes);
    }
}

TEST_CASE("without bank groups in the low bits a stream runs at tCCD_L, half the peak") {
    hw::Ddr4Dram d = ddr4_3200();
    d.address_map = {{Kind::column, 7}, {Kind::bank_group, 2}, {Kind::bank, 2}, {Kind::row, 15}};
    Stream s(d);
    for (std::uint64_t address = 0; address < (2 << 20); address += 2048) s.move(address, 2048);
    CHECK(s.share_of_peak() == Approx(0.5 * (1 - 260.0 / 7800)).epsilon(0.03));
}

TEST_CASE("random columns conflict in most cases and run at what rows allow") {
    Stream s;
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000; ++i) s.move(random() % (std::uint64_t{1} << 32) / 64 * 64, 64);
    const auto& c = s.channel.counts();
    CHECK(c.conflicts + c.misses > 19'950);  // misses: behind refreshes
    CHECK(c.conflicts > 0.9 * 20'000);
    CHECK(c.hits < 50);
    CHECK(s.share_of_peak() < 0.12);  // a row cycle of 46 ns for 2.5 ns of data, with one burst of lookahead
    CHECK(s.share_of_peak() > 0.04);
}

TEST_CASE("a column touched in part costs a whole one") {
    Ddr4Channel a(ddr4_3200()), b(ddr4_3200());
    CHECK(a.serve(0, 63, 2, false).end == b.serve(0, 0, 128, false).end);
    CHECK(a.counts().columns == 2);
}

TEST_CASE("one burst over several stripes is the same as its parts, one behind the other") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 200; ++round) {
        Ddr4Channel whole(ddr4_3200()), parts(ddr4_3200());
        const std::uint64_t address = random() % (1 << 20);
        const std::int64_t bytes = 1 + static_cast<std::int64_t>(random() % (1 << 17));
        const auto served = whole.serve(1000, address, bytes, false);
        Ddr4Channel::Served last;
        for (std::uint64_t at = address; at < address + static_cast<std::uint64_t>(bytes);) {
            const std::uint64_t end =
                std::min<std::uint64_t>((at / kStripe + 1) * kStripe, address + static_cast<std::uint64_t>(bytes));
            last = parts.serve(1000, at, static_cast<std::int64_t>(end - at), false);
            at = end;
        }
        CHECK(served.end == last.end);
        CHECK(whole.counts().columns == parts.counts().columns);
    }
}

TEST_CASE("columns of a stripe one by one take as long as together") {
    // In order and without lookahead between columns nothing is gained by asking for all at once, once rows are open.
    std::mt19937_64 random(7);
    for (const auto& map :
         {std::vector<hw::AddressField>{{Kind::bank_group, 2}, {Kind::column, 7}, {Kind::bank, 2}, {Kind::row, 15}},
          {{Kind::column, 2}, {Kind::bank_group, 2}, {Kind::column, 5}, {Kind::bank, 2}, {Kind::row, 15}},
          {{Kind::column, 7}, {Kind::bank, 2}, {Kind::bank_group, 2}, {Kind::row, 15}},
          {{Kind::bank_group, 1}, {Kind::column, 7}, {Kind::bank_group, 1}, {Kind::bank, 2}, {Kind::row, 15}}}) {
        hw::Ddr4Dram d = ddr4_3200();
        d.address_map = map;
        for (int round = 0; round < 100; ++round) {
            Ddr4Channel together(d), singly(d);
            const std::uint64_t address = random() % 64 * 64 * 128;
            const auto count = static_cast<std::int64_t>(1 + random() % 40);
            for (auto* channel : {&together, &singly}) channel->serve(0, address, count * 64, false);
            const std::int64_t later = 1'000'000;
            const auto all = together.serve(later, address, count * 64, false);
            Ddr4Channel::Served last;
            for (std::int64_t i = 0; i < count; ++i)
                last = singly.serve(later, address + static_cast<std::uint64_t>(i) * 64, 64, false);
            CHECK(all.end == last.end);
            // And what comes behind them, in another row, comes at the same time: banks were left in the same state.
            CHECK(together.serve(later, address + kBanks * 16, 2048, true).end ==
                  singly.serve(later, address + kBanks * 16, 2048, true).end);
        }
    }
}

TEST_CASE("a restored channel goes on from where the copy was taken, a restarted one as new") {
    Ddr4Channel channel(ddr4_3200()), twin(ddr4_3200());
    std::mt19937_64 random(11);
    std::int64_t at = 0;
    const auto step = [&](Ddr4Channel& c, std::uint64_t address) {
        return c.serve(at, address, 2048, address % 3 == 0);
    };
    for (int i = 0; i < 300; ++i) {
        const std::uint64_t address = random() % (1 << 26);
        const auto before = channel.state();
        step(channel, random() % (1 << 26));
        channel.restore(before);
        const auto a = step(channel, address), b = step(twin, address);
        REQUIRE((a.begin == b.begin && a.end == b.end));
        at = a.begin;
    }
    Ddr4Channel fresh(ddr4_3200());
    channel.restart(at + 77);
    for (int i = 0; i < 300; ++i) {
        const std::uint64_t address = random() % (1 << 26);
        const auto a = channel.serve(at + 77 + i * 100'000, address, 2048, false),
                   b = fresh.serve(i * 100'000, address, 2048, false);
        REQUIRE(a.begin - at - 77 == b.begin);
    }
}
