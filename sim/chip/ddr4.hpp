// When a DDR4 channel moves a burst: plain C++, integer picoseconds, no SystemC.
//
// The channel does what a controller with open pages and one burst of lookahead does:
//   * A burst is chosen while the columns of the previous one go out; its rows are opened from then on.
//   * It is cut into stripes, the runs of an address map that differ only in column and bank group. A stripe needs one
//     row in each bank it touches: hit (already open), miss (activate: tRCD) or conflict (precharge first: tRP, not
//     before tRAS, tRTP or tWR allow it). Activations keep tRRD_S, tRRD_L and the four-activate window tFAW, in order.
//   * Its columns follow those of the previous stripe, spaced by tCCD_S if the bank group changes and by tCCD_L if
//     it does not; a change of direction costs CL + BL/2 + 2 - CWL cycles (read to write) or
//     CWL + BL/2 + tWTR_S or tWTR_L (write to read). They start as soon as no row can hold up any of
//     them, and go out without a gap.
//   * Every tREFI all banks are precharged and refreshed for tRFC; a refresh that is due waits for the burst whose
//     columns are going out.
// A partly used column costs as much as a whole one. Commands go out on clock edges.
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

    /// What serving did: begin and end of the columns.
    struct Served {
        Time begin = 0;  ///< first column command: from then on the next burst may be chosen
        Time end = 0;    ///< the last data are on the bus
    };
    /// Serves `bytes` > 0 bytes from `address` of the channel on, as part of a burst chosen at `at`. A burst may not be
    /// chosen before the previous one begins.
    Served serve(Time at, std::uint64_t address, std::int64_t bytes, bool write);

    /// As new at `now`: all banks closed, the first refresh due a tREFI later, clock edges counted from here.
    void restart(Time now);

    /// Counts since the start, without undone bursts.
    struct Counts {
        std::int64_t hits = 0, misses = 0, conflicts = 0, refreshes = 0, columns = 0;
    };
    const Counts& counts() const { return state_.counts; }

    static constexpr int kMaxBanks = 16;
    struct Bank {
        std::int64_t row = -1;    ///< -1: closed
        Time activated = 0;       ///< when its row was opened
        Time precharge_from = 0;  ///< earliest precharge that its columns allow
        Time activate_from = 0;   ///< earliest activation of a closed bank
    };
    /// Everything that changes; restoring a copy undoes what was served since.
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
    };  ///< `bits` bits from `shift` on become bits `to` and up of a number
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
        stripe_bits_ = 0;  ///< of a stripe's positions: columns below the bank group, bank group, all
    std::vector<Field> bank_, group_, row_;
    State state_;
};

}  // namespace infsim::chip
