// The arbiter of `dram.arbitration: fluid`: transfers progress at rates that change only when a transfer ends or
// arrives at an empty ring. Plain C++, integer picoseconds, no SystemC. The interface is that of arbiter.hpp.
//
// The rules (tests/support/slow_fluid.hpp follows them with fractions):
//   * A transfer of n = ceil(bytes / burst) turns moves bytes / n per turn, and each turn costs its flow
//     ceil(billed / (n x ceiling)) picoseconds.
//   * The first transfers of a flow's rings progress together, by the same number of turns, at most at the rate at
//     which the costs of the rings fill the flow's time; fluid_fill.hpp says how flows share channels and groups.
//   * A transfer ends in the first picosecond at which at most 2^-23 of a turn is left, since rates are rounded
//     down. The next one of its ring begins then.
//
// Progress is counted in integers and updated only when the flow's rate or transfers change, so ends do not depend on
// how often the arbiter is queried, nor on the order of calls with the same time.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

#include "base/units.hpp"
#include "chip/arbiter.hpp"
#include "chip/fluid_fill.hpp"

namespace infsim::chip {

class FluidArbiter {
public:
    /// Throws InternalError for what Arbiter refuses, and for DDR4 channels.
    explicit FluidArbiter(const ArbiterConfig& config);

    bool request(TimePoint at, const Transfer& transfer);
    std::optional<TimePoint> next_completion(TimePoint limit = TimePoint::max());
    void take_finished(TimePoint at, std::vector<FinishedTransfer>& finished);
    /// There are no turns to reset; no transfer may be outstanding.
    void forget_turns(TimePoint at);
    std::vector<Ddr4Channel::Counts> ddr4_counts() const { return {}; }

private:
    using Time = std::int64_t;            ///< picoseconds
    __extension__ using Work = __int128;  ///< 2^-kTurnBits turns
    static constexpr int kTurnBits = 47;
    static constexpr Work kDone = 1 << 24;  ///< a transfer with at most this left has ended
    static constexpr Time kNever = std::numeric_limits<Time>::max();

    struct Open {
        std::uint64_t id = 0;
        std::int64_t turns = 0;
        Time cost = 0;     ///< of a turn, for the flow
        double bytes = 0;  ///< of a turn
        std::int32_t channel = 0;
    };
    struct Ring {
        std::deque<Open> open;  ///< only the first progresses
        Work left = 0;          ///< as of its flow's `since`
        Time first = 0;         ///< when the first one began
    };
    struct Flow {
        FluidDemand demand;
        std::int64_t rate = 0;         ///< 2^-kTurnBits turns per picosecond
        Time since = 0, end = kNever;  ///< when its next transfer ends
        std::uint64_t pending = 0;     ///< rings that are not empty
        bool changed = false;          ///< its demand is out of date
        Bandwidth ceiling;
        std::int32_t first_ring = 0, rings = 1;
    };

    Open make_open(const Transfer& transfer) const;
    Ring& ring(const Flow& flow, std::int32_t index) { return rings_[flow.first_ring + index]; }
    void settle(Flow& flow, Time at);
    void find_end(Flow& flow);
    static void begin(Ring& ring, Time at);
    void end_until(Time to);
    void end_transfers(Flow& flow, Time at);
    void refill();
    void find_demand(Flow& flow);

    std::int64_t burst_;
    std::int32_t channel_count_ = 0;
    FluidFill fill_;
    std::vector<Flow> flows_;
    std::vector<Ring> rings_;
    std::vector<std::uint64_t> active_;    ///< bit set: the flow has transfers
    std::vector<FluidDemand*> demands_;    ///< scratch
    std::vector<FinishedTransfer> ended_;  ///< not returned yet
    Time now_ = 0;                         ///< time of the last change
    Time earliest_end_ = kNever;           ///< of all flows, unless stale_
    bool stale_ = false;                   ///< the rates are out of date
};

}  // namespace infsim::chip
