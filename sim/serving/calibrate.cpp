#include "serving/calibrate.hpp"

#include <algorithm>

#include "serving/contention.hpp"
#include "serving/course.hpp"
#include "serving/table_device.hpp"

namespace infsim::serving {

namespace {

constexpr int kHalvings = 12;

/// The program at one factor for all cores.
class AtFactor final : public ServiceTimes {
public:
    AtFactor(const Uncalibrated& program, double factor)
        : program_(program), alone_(alone_time(program.course)), factor_(factor) {}
    Duration service(int, int, CoreSet) override { return alone_; }
    Transfers transfers(int) override { return program_.transfers; }
    Course course(int) override { return program_.course; }
    double factor(int, int, CoreSet) override { return factor_; }
    int channels() override { return program_.channels; }
    Duration alone() const { return alone_; }

private:
    const Uncalibrated& program_;
    Duration alone_;
    double factor_;
};

/// Sum of executions and how many there were.
struct Sum {
    Duration time{};
    std::int64_t executions = 0;
};

/// Executions of one set of phases.
void add_set(AtFactor& times, const std::vector<int>& cores, int set, const std::vector<bool>& counted, Sum& sum) {
    TableDevice device(times, 1, cores.back() + 1);
    for (std::size_t lane = 0; lane < cores.size(); ++lane) {
        const TimePoint at{start_phase(set, static_cast<int>(lane), times.alone())};
        for (int i = 0; i < kPhaseBatches; ++i) device.submit(cores[lane], 0, i, at);
    }
    std::vector<Executed> all;
    while (const auto f = device.advance(TimePoint::max()))
        all.push_back({f->core, f->started, f->started + f->executed});
    for (const Executed& e : while_all_execute(all, cores)) {
        if (!counted[static_cast<std::size_t>(e.core)]) continue;
        sum.time += e.until - e.from;
        ++sum.executions;
    }
}

/// Mean time of an execution on the counted cores.
Duration mean_at(const Uncalibrated& program, double factor, const std::vector<int>& cores,
                 const std::vector<bool>& counted) {
    AtFactor times(program, factor);
    Sum sum;
    for (int set = 0; set < kPhaseSets; ++set) add_set(times, cores, set, counted, sum);
    return sum.executions > 0 ? sum.time / sum.executions : Duration::max();
}

}  // namespace

double find_factor(const Uncalibrated& program, int core, CoreSet busy, Duration mean) {
    const std::vector<int> cores = cores_of(busy);
    std::vector<bool> counted(static_cast<std::size_t>(cores.back()) + 1, false);
    for (const int c : cores)
        counted[static_cast<std::size_t>(c)] = crowd(program.channels, c, busy) == crowd(program.channels, core, busy);
    if (mean_at(program, 0, cores, counted) >= mean) return 0;
    double low = 0, high = kMostFactor;
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2;
        (mean_at(program, middle, cores, counted) < mean ? low : high) = middle;
    }
    return (low + high) / 2;
}

}  // namespace infsim::serving
