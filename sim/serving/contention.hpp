// Contention of batches for memory channels.
#pragma once

#include <cstddef>
#include <vector>

#include "serving/device.hpp"

namespace infsim::serving {

/// A user of the memory channels at an instant: a core that moves a piece, or the host's link.
struct Moving {
    int core = 0;  ///< of its chip
    const Piece* piece = nullptr;
    int program = -1;   ///< -1: the host's link
    bool even = false;  ///< the program has no course (pace.hpp)
};

/// Slow-down of bytes that move at the same time.
///
/// `shared`: a channel serves its users in turn, so it is shared max-min fairly. The parts of a piece move over all its
/// channels together: if one channel is full, bandwidth of the others is left to other users. How much is left is
/// estimated with all users of a full channel slowed equally. Then each user gets its max-min fair share of every
/// channel, given these reduced demands of the others, and is slowed by the largest ratio of demand to share.
///
/// `met`: even if there is room for all, a burst waits when the channel is serving another user's burst, half a burst
/// on average; the next burst of its flow then comes that much later.
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
    std::vector<double> demands_;  ///< of each user for each channel
    std::vector<double> totals_;   ///< of each channel
    std::vector<Wanted> wanted_;   ///< of one channel, ascending
};

std::vector<int> cores_of(CoreSet busy);

/// Start times of cores that execute together: of lane `lane` of set `set` (of kPhaseSets) after the set's beginning,
/// as a fraction of `alone`, the time of a batch alone. A rank-1 lattice spreads the phases of any two lanes evenly; in
/// bit-reversed order the first few sets do so, too.
Duration start_phase(int set, int lane, Duration alone);
constexpr int kPhaseSets = 16;
/// Batches that each core then executes without pause. Few, because cores that execute together for long may lock into
/// phases that do not occur on a server with gaps between batches.
constexpr int kPhaseBatches = 5;

/// One execution of a batch.
struct Executed {
    int core = 0;
    TimePoint from{}, until{};
};
/// Those of `all` during which all of `cores`, which execute without pause, were executing.
std::vector<Executed> while_all_execute(const std::vector<Executed>& all, const std::vector<int>& cores);

/// The fewest and smallest sets of busy cores that show every crowd (see below) possible on a chip of `cores`.
std::vector<CoreSet> telling_sets(int channels, int cores);

/// The crowd: how many cores of `busy` belong to each channel, counted from the channel of `core`.
std::vector<int> crowd(int channels, int core, CoreSet busy);

}  // namespace infsim::serving
