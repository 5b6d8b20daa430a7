// When a DDR4 channel moves a burst: plain C++, integer picoseconds, no SystemC.
//
// The channel does what a controller with open pages and one burst of lookahead does:
//   * A burst is chosen while the columns of the one before go out; from that moment on its rows are opened.
//   * It is cut into stripes, the runs of an address map that differ in column and bank group alone. A stripe needs one
//     row in each bank it touches: hit (open already), miss (activate: tRCD) or conflict (precharge first: tRP, not
//     before tRAS, tRTP or tWR allow it). Activations keep tRRD_S, tRRD_L and the four-activate window tFAW, in order.
//   * Its columns follow one another by tCCD_S where the bank group changes and by tCCD_L where it does not, behind
//   those of
//     the stripe before; a change of direction costs CL + BL/2 + 2 - CWL cycles (read to write) or
//     CWL + BL/2 + tWTR_S or tWTR_L (write to read). They go out without a gap from the moment at which no row is late.
//   * Every tREFI all banks are precharged and refreshed for tRFC; a refresh that falls due waits for the burst whose
//     columns are going out.
// A column that is touched in part costs as much as a whole one. Commands go out on clock edges.
//
// Rules and timings: JEDEC JESD79-4 (DDR4 SDRAM), sections on ACTIVATE, READ, WRITE, PRECHARGE, REFRESH.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/units.hpp"
#include "hw/spec.hpp"

namespace infsim::chip {

class Ddr4Channel {
public:
    using Time = std::int64_t;  ///< picoseconds

    /// Throws InternalError for what hw::load_chip would refuse.
    explicit Ddr4Channel(const hw::Ddr4Dram& spec);

    /// A burst: all its runs are added, then it is over.
    struct Served {
        Time begin = 0;  ///< its first column command: from then on the next burst may be chosen
        Time end = 0;    ///< its last data are on the bus
    };
    /// Serves `bytes` > 0 bytes from `address` of the channel on as part of a burst chosen at `at`. Later calls may not
    /// choose earlier than the begin of the burst before.
    Served serve(Time at, std::uint64_t address, std::int64_t bytes, bool write);

    /// As new at `now`: all banks closed, the first refresh due a tREFI later, clock edges counted from here.
    void restart(Time now);

    /// What was counted since the start, undone bursts left out.
    struct Counts {
        std::int64_t hits = 0, misses = 0, conflicts = 0, refreshes = 0, columns = 0;
    };
    const Counts& counts() const { return state_.counts; }

    static constexpr int kMaxBanks = 16;
    struct Bank {
        std::int64_t row = -1;    ///< -1: closed
        Time activated = 0;       ///< when its row was opened
        Time precharge_from = 0;  ///< its columns allow it from then on
        Time activate_from = 0;   ///< when a closed bank may be opened
    };
    /// All that changes; a copy of it undoes what was served since.
    struct State {
        Time origin = 0, refresh = 0;
        Time last_column = 0;
        Time last_activate = 0;
        std::array<Time, 4> window{};  ///< the last four activations, the oldest at `oldest`
        std::array<Time, kMaxBanks> group_activate{};
        std::uint32_t oldest = 0;
        std::int32_t last_group = -1;  ///< bank group of the last column, -1: none yet
        bool last_write = false;
        std::array<Bank, kMaxBanks> banks{};
        Counts counts;
    };
    const State& state() const { return state_; }
    void restore(const State& state) { state_ = state; }

private:
    struct Field {
        int shift = 0, bits = 0, to = 0;
    };  ///< `bits` bits from `shift` on are bits `to` and up of a number
    struct Place {
        std::int32_t group = 0, bank = 0;
        std::int64_t row = 0;
    };
    /// Columns [first, first + count) of a stripe, by their position in it.
    struct Run {
        std::int64_t first = 0, count = 0;
    };

    static std::int64_t gather(const std::vector<Field>& fields, std::uint64_t bits);
    Place place_of(std::uint64_t column_index) const;
    Time spacing(std::int64_t from, std::int64_t to) const;
    Time gap_to(std::int32_t group, bool write) const;
    Time open_row(Time at, Place place);
    Served serve_stripe(Time at, std::uint64_t column_index, std::int64_t count, bool write);
    void refresh_if_due(Time columns_from);
    Time edge(Time t) const;

    hw::Ddr4Dram spec_;
    Time clock_;
    Time cl_, cwl_, rcd_, rp_, ras_, ccd_s_, ccd_l_, rrd_s_, rrd_l_, faw_, wtr_s_, wtr_l_, rtp_, wr_, burst_, refi_,
        rfc_;
    std::int64_t column_bytes_ = 64;
    int low_bits_ = 0, group_bits_ = 0,
        stripe_bits_ = 0;  ///< of a stripe's positions: columns below the bank group, it, all
    std::vector<Field> bank_, group_, row_;
    State state_;
};

}  // namespace infsim::chip
