// The only number of a program on a set of cores that is fitted to a measured mean.
#pragma once

#include "serving/device.hpp"

namespace infsim::serving {

/// A program with everything known except the factor.
struct Uncalibrated {
    Course course;  ///< its alone_time is the time alone
    Transfers transfers;
    int channels = 1;
};

/// The factor k of pace.hpp with which executions take `mean` on the cores that are as crowded as `core`. The cores
/// `busy` execute kPhaseBatches batches from each start_phase set; executions count while all cores execute. 0 if
/// nothing slows them, and at most kMostFactor.
double find_factor(const Uncalibrated& program, int core, CoreSet busy, Duration mean);
constexpr double kMostFactor = 8;

}  // namespace infsim::serving
