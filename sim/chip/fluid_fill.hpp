// Rates of transfers that share channels: plain C++. A flow's rate is in turns, one burst of each of its rings.
// Rates grow together from zero. A flow stops at its ceiling, at a full group or at a full channel. At each channel the
// groups get bursts at equal rates and share them equally among their flows there that still grow. A flow on several
// channels grows as fast as the slowest of them allows. For one channel this is the max-min share, first of the groups
// and then of their flows.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/arbiter.hpp"

namespace infsim::chip {

/// What a flow asks for.
struct FluidDemand {
    struct Use {
        std::int32_t channel = 0;
        double bytes = 0;         ///< per turn
        std::int32_t bursts = 0;  ///< per turn
    };
    std::int32_t group = 0;
    double ceiling = 0;     ///< turns per picosecond, > 0
    double bytes = 0;       ///< per turn, over all channels
    std::vector<Use> uses;  ///< each channel once
    double rate = 0;        ///< the result
};

class FluidFill {
public:
    explicit FluidFill(const ArbiterConfig& config);

    /// Sets the rates of `flows`. Their order affects the result only by rounding.
    void fill(const std::vector<FluidDemand*>& flows);

private:
    struct Pool {              ///< a channel or a group
        double bandwidth = 0;  ///< bytes per picosecond
        double left = 0, slope = 0;
        bool full = false;
    };
    struct Growing {
        FluidDemand* flow = nullptr;
        const FluidDemand::Use *uses = nullptr, *uses_end = nullptr;
        std::int32_t group = 0;
        double ceiling = 0, bytes = 0, rate = 0, speed = 0;
    };

    bool all_reach_their_ceilings(const std::vector<FluidDemand*>& flows);
    void begin(FluidDemand& flow);
    void grow();
    void find_speeds();
    double next_step();
    bool stops(const Growing& flow) const;
    std::int32_t& lane(std::int32_t channel, std::int32_t group) {
        return lanes_[static_cast<std::size_t>(channel) * groups_.size() + static_cast<std::size_t>(group)];
    }

    std::vector<Pool> channels_, groups_;
    std::vector<Pool*> tight_;         ///< channels and groups that cannot carry all flows at their ceilings
    std::vector<std::int32_t> lanes_;  ///< growing flows of a group at a channel
    std::vector<Growing> growing_;
};

}  // namespace infsim::chip
