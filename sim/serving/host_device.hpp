// Operators that run on the host behind a batch.
#pragma once

#include <queue>
#include <utility>
#include <vector>

#include "serving/device.hpp"

namespace infsim::serving {

/// A device behind which the host works on what a batch put out, each batch on the thread of its own call: it is
/// finished that much later, and until then occupies one of its core's outstanding inferences.
class HostDevice final : public Device {
public:
    /// `times`: of the host, by program. `chip` outlives the device.
    HostDevice(Device& chip, std::vector<Duration> times) : chip_(chip), times_(std::move(times)) {}

    void submit(int core, int program, std::int32_t tag, TimePoint at) override;
    std::optional<Finished> advance(TimePoint until) override;

private:
    /// Batches of the same time in the order in which the chip finished them.
    struct Later {
        bool operator()(const std::pair<std::int64_t, Finished>& a, const std::pair<std::int64_t, Finished>& b) const {
            return a.second.at != b.second.at ? a.second.at > b.second.at : a.first > b.first;
        }
    };

    Device& chip_;
    std::vector<Duration> times_;
    std::vector<int> programs_;  ///< by core
    std::priority_queue<std::pair<std::int64_t, Finished>, std::vector<std::pair<std::int64_t, Finished>>, Later>
        working_;
    std::int64_t number_ = 0;
};

}  // namespace infsim::serving
