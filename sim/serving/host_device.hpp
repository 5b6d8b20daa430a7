// Operators that run on the host after a batch.
#pragma once

#include <queue>
#include <utility>
#include <vector>

#include "serving/device.hpp"

namespace infsim::serving {

/// A device followed by host work on the outputs of each batch, on the thread of the batch's call. The batch finishes
/// that much later, and until then occupies one of its core's outstanding inferences.
class HostDevice final : public Device {
public:
    /// `times`: host times by program. `chip` outlives the device.
    HostDevice(Device& chip, std::vector<Duration> times) : chip_(chip), times_(std::move(times)) {}

    void submit(int core, int program, std::int32_t tag, TimePoint at) override;
    std::optional<Finished> advance(TimePoint until) override;

private:
    /// Batches with equal times are in the order in which the chip finished them.
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
