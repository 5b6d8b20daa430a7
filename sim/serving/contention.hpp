// Batches that meet on memory channels.
#pragma once

#include <vector>

#include "serving/device.hpp"

namespace infsim::serving {

/// A core and the piece of its batch that it is at; null where nothing is known of its batch.
struct Asking {
    int core = 0;
    const Piece* piece = nullptr;
};

/// How much slower batches are at this instant, each in its place: the largest of demand over share over the channels
/// it takes part in, at least 1. Each channel is shared max-min fairly.
class SlowDowns {
public:
    explicit SlowDowns(int channels) : channels_(channels) {}
    void find(const std::vector<Asking>& asking, std::vector<double>& result);

private:
    int channels_;
    std::vector<double> demands_;
};

/// Where cores stand when they begin to execute together: lane `lane` of set `set` of kPhaseSets, as a part of the
/// batch's time alone, [0, 1). A rank-1 lattice, so that the phases of any two lanes spread evenly.
double start_phase(int set, int lane);
constexpr int kPhaseSets = 16;
/// Batches that each core then executes without pause. Few, because cores that meet for long may lock into phases that
/// a server with gaps between its batches does not know.
constexpr int kPhaseBatches = 5;

/// The factor k of pace.hpp: batches of `course` on the cores of `busy`, from all start_phase sets, kPhaseBatches
/// each, those counted that run while all lanes run, then take `slow_down` x their time alone on the cores that are as
/// crowded as `core`. kEven where no k between 0 and 8 does.
double find_factor(const Course& course, int channels, int core, CoreSet busy, double slow_down);

/// How many cores of `busy` belong to each channel, counted from the channel of `core`.
std::vector<int> crowd(int channels, int core, CoreSet busy);

}  // namespace infsim::serving
