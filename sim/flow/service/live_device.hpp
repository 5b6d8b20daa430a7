// The SystemC chip as a server's device: arrivals drive the chip itself.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "chip/chip.hpp"
#include "serving/device.hpp"

namespace infsim::flow {

/// One chip. It runs in steps of `call_overhead`, the minimum time of a call, but at least a microsecond. A batch that
/// leaves because another one finished reaches the device that much later, so steps of that length are never too long;
/// with a shorter overhead a call may start up to a microsecond late.
class LiveDevice final : public serving::Device {
public:
    /// `programs` by index of compiled size; `chip` outlives the device and has not loaded them yet.
    LiveDevice(chip::Chip& chip, int cores, std::vector<std::shared_ptr<const program::Program>> programs,
               Duration call_overhead);

    void submit(int core, int program, std::int32_t tag, TimePoint at) override;
    std::optional<serving::Finished> advance(TimePoint until) override;

private:
    struct Core {
        int program = -1;
        std::deque<std::int32_t> tags;  ///< outstanding, in order; executions of a core keep it
    };

    chip::Chip& chip_;
    std::vector<std::shared_ptr<const program::Program>> programs_;
    Duration step_;
    std::vector<Core> cores_;
    std::deque<serving::Finished> finished_;
    std::size_t outstanding_ = 0;
};

}  // namespace infsim::flow
