// Service times by formula instead of by measurement.
#pragma once

#include <functional>
#include <vector>

#include "serving/simulate.hpp"
#include "serving/table_device.hpp"

namespace infsim::serving {

/// Every batch takes `time(program, busy cores)`; transfers take none unless given.
class Formula final : public ServiceTimes {
public:
    explicit Formula(std::function<Duration(int program, int busy)> time, Transfers transfers = {})
        : time_(std::move(time)), transfers_(transfers) {}
    explicit Formula(Duration time) : Formula([time](int, int) { return time; }) {}

    Duration service(int program, int, CoreSet busy) override { return time_(program, __builtin_popcountll(busy)); }
    Transfers transfers(int) override { return transfers_; }

private:
    std::function<Duration(int, int)> time_;
    Transfers transfers_;
};

inline Tally run_with(const Run& run, ServiceTimes& times) {
    TableDevice device(times, run.server.chips, run.server.cores_per_chip);
    return simulate(run, device);
}

inline Run requests_of_one(Load load, std::int64_t requests, int cores = 1) {
    Run run;
    run.server.cores_per_chip = cores;
    run.policy = NoneOptions{};
    run.load = load;
    run.stop.requests = requests;
    run.seed = 1;
    return run;
}

inline double mean_latency(const Tally& t) {
    return static_cast<double>(t.all_latency) / static_cast<double>(t.all_requests);
}

}  // namespace infsim::serving
