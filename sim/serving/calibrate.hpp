// The one number of a program on a set of cores that is taken from a measured mean.
#pragma once

#include "serving/device.hpp"

namespace infsim::serving {

/// A program of which everything is known but the factor.
struct Uncalibrated {
    Course course;  ///< its alone_time is the time alone
    Transfers transfers;
    int channels = 1;
};

/// The factor k of pace.hpp with which executions on the cores `busy`, from all start_phase sets, kPhaseBatches each,
/// those counted that run while all cores execute, take `mean` on the cores that are as crowded as `core`; 0 where
/// nothing slows them, and at most kMostFactor.
double find_factor(const Uncalibrated& program, int core, CoreSet busy, Duration mean);
constexpr double kMostFactor = 8;

}  // namespace infsim::serving
