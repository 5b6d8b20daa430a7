// How fast batches advance that are executed at the same time.
#pragma once

#include <unordered_map>
#include <vector>

#include "serving/contention.hpp"
#include "serving/device.hpp"

namespace infsim::serving {

/// Where a running batch stands.
struct Running {
    int core = 0;     ///< of its chip
    int program = 0;
    int piece = 0;    ///< of its course
};

/// Paces of batches that run together on a chip. A pace is the time that a whole batch would take at its present speed.
///
/// The measured service times say how much slower a batch is while a set of cores is busy all the time, on average over
/// its course and over the phases at which batches meet. Where in their courses batches slow each other follows from
/// what they ask of the channels there: each channel is shared max-min fairly, which slows batch i by the largest of
/// demand over share, s_i >= 1. The pace is alone x (1 + k (s_i - 1)), where k makes the mean over phases the measured
/// time (find_factor). Where no channel is overloaded, or no course is known, the pace is the measured time throughout.
class Paces {
public:
    /// `times` outlives this.
    Paces(ServiceTimes& times, int cores);

    /// Pieces of the program's course; 1 when it has none.
    int pieces(int program) { return static_cast<int>(known(program).edges.size()) - 1; }
    /// Length of one piece when the program runs alone on `core`; all of them add up to alone().
    Duration piece(int program, int core, int number);
    Duration alone(int program, int core);
    /// The pace of each of `running`, which are on the cores `busy`, in that order.
    void paces(const std::vector<Running>& running, CoreSet busy, std::vector<Duration>& result);

private:
    struct Entry {
        Duration service{};
        double factor = kEven;
    };
    struct Known {
        bool asked = false;
        Course course;
        std::vector<std::int64_t> edges;                       ///< of its pieces, in ticks
        std::vector<Entry> few;                                ///< core x set, for chips of few cores
        std::vector<std::unordered_map<CoreSet, Entry>> many;  ///< by core
    };

    Known& known(int program);
    const Entry& entry(int program, int core, CoreSet busy);

    ServiceTimes& times_;
    int cores_;
    SlowDowns slow_downs_;
    std::vector<Known> programs_;
    std::vector<Asking> asking_;
    std::vector<double> slow_;
};

}  // namespace infsim::serving
