// How fast executions advance when they share a chip.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "serving/contention.hpp"
#include "serving/device.hpp"

namespace infsim::serving {

/// Host transfers as courses of one piece.
struct HostCourses {
    Duration input_fixed{}, output_fixed{};
    Course input, output;
};

/// Paces of executions that run together on a chip. The time of a piece over its work is the larger of 1 + k (s - 1)
/// and m, where s and m are the slow-downs `shared` and `met` (SlowDowns). The factor k, near 1, fits the mean over all
/// relative phases of executions to the measured time (find_factor). If no course is known, a whole execution is one
/// piece, and its pace is the measured time while these cores are busy.
class Paces {
public:
    /// `times` outlives this.
    Paces(ServiceTimes& times, int cores);

    /// Addresses stay.
    const Course& course(int program, int core);
    const HostCourses& transfers(int program) { return known(program).transfers; }
    bool even(int program) { return known(program).even; }
    /// The pace of an execution alone.
    std::int64_t unit(int program, int core) {
        return known(program).even ? service(program, core, CoreSet{1} << core).count() : kUnit;
    }
    /// The paces of `moving`, by index, while the cores `busy` execute.
    void find(const std::vector<Moving>& moving, CoreSet busy, std::vector<std::int64_t>& paces);
    static constexpr std::int64_t kUnit = 1 << 16;

private:
    struct Entry {
        Duration service{};
        double factor = 1;
    };
    struct Known {
        bool even = false;            ///< no course
        std::vector<Course> courses;  ///< one; one per core if none is known
        HostCourses transfers;
        std::vector<Entry> few;                                ///< core x set, for chips of few cores
        std::vector<std::unordered_map<CoreSet, Entry>> many;  ///< by core
    };

    Known& known(int program) {
        const auto p = static_cast<std::size_t>(program);
        return p < programs_.size() && programs_[p] ? *programs_[p] : ask(program);
    }
    Known& ask(int program);
    double slow_down(const Moving& moving, CoreSet busy, const SlowDown& slow);
    const Entry& entry(int program, int core, CoreSet busy);
    Duration service(int program, int core, CoreSet busy) { return entry(program, core, busy).service; }

    ServiceTimes& times_;
    int cores_;
    SlowDowns slow_downs_;
    std::vector<std::unique_ptr<Known>> programs_;
    std::vector<SlowDown> slow_;
};

}  // namespace infsim::serving
