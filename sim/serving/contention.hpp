// Batches that meet on memory channels.
#pragma once

#include <cstddef>
#include <vector>

#include "serving/device.hpp"

namespace infsim::serving {

/// What uses the memory channels at an instant: a core that moves a piece, or the host's link.
struct Moving {
    int core = 0;  ///< of its chip
    const Piece* piece = nullptr;
    int program = -1;   ///< -1: the host's link
    bool even = false;  ///< the program has no course (pace.hpp)
};

/// How much slower bytes move that do so together.
///
/// `shared`: a channel serves in turn, so it is shared max-min fairly. The parts of a piece move over all its channels
/// together: where one is full it leaves bandwidth of the others to whoever wants it. What each leaves is estimated
/// with all of a full channel's slowed alike; then each gets its max-min fair share of every channel beside what the
/// others so want of it, and is slowed by the largest of demand over share.
///
/// `met`: where there is room for all, a burst still waits when it finds the channel serving somebody else's, half a
/// burst on average; the next one of its flow then comes that much later.
struct SlowDown {
    double shared = 1, met = 1;  ///< >= 1
};

class SlowDowns {
public:
    explicit SlowDowns(int channels) : channels_(static_cast<std::size_t>(channels)), totals_(channels_) {}
    /// `result[i]` is that of `moving[i]`.
    void find(const std::vector<Moving>& moving, std::vector<SlowDown>& result);

private:
    struct Wanted {
        double amount = 0;
        std::size_t who = 0;
    };

    double demand(std::size_t who, std::size_t channel) const { return demands_[who * channels_ + channel]; }
    void add_demands(const std::vector<Moving>& moving);
    double wanted(std::size_t who, std::size_t channel) const;
    void share_channel(std::size_t channel, std::vector<SlowDown>& result);
    double met(const Moving& moving, std::size_t who) const;
    static double over_fair_share(double demand, const std::vector<Wanted>& wanted, std::size_t who);

    std::size_t channels_;
    std::vector<double> demands_;  ///< of each moving for each channel
    std::vector<double> totals_;   ///< of each channel
    std::vector<Wanted> wanted_;   ///< of one channel, ascending
};

std::vector<int> cores_of(CoreSet busy);

/// When cores begin that are to execute together: lane `lane` of set `set` of kPhaseSets, behind the set's beginning,
/// as a part of `alone`, the time of a batch alone. A rank-1 lattice, so that the phases of any two lanes spread
/// evenly; taken in bit-reversed order, so that the first few sets do so, too.
Duration start_phase(int set, int lane, Duration alone);
constexpr int kPhaseSets = 16;
/// Batches that each core then executes without pause. Few, because cores that meet for long may lock into phases that
/// a server with gaps between its batches does not know.
constexpr int kPhaseBatches = 5;

/// One execution of a batch.
struct Executed {
    int core = 0;
    TimePoint from{}, until{};
};
/// Those out of `all` during which every one of `cores`, which execute without pause, was at it.
std::vector<Executed> while_all_execute(const std::vector<Executed>& all, const std::vector<int>& cores);

/// Sets of busy cores, as few and as small as show every crowd (below) that a core of a chip of `cores` can meet.
std::vector<CoreSet> telling_sets(int channels, int cores);

/// How many cores of `busy` belong to each channel, counted from the channel of `core`.
std::vector<int> crowd(int channels, int core, CoreSet busy);

}  // namespace infsim::serving
