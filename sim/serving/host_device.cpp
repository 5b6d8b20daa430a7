#include "serving/host_device.hpp"

#include <algorithm>

namespace infsim::serving {

void HostDevice::submit(int core, int program, std::int32_t tag, TimePoint at) {
    const auto c = static_cast<std::size_t>(core);
    if (programs_.size() <= c) programs_.resize(c + 1, 0);
    programs_[c] = program;  // one at a time, also while the host works: it counts as outstanding
    chip_.submit(core, program, tag, at);
}

std::optional<Finished> HostDevice::advance(TimePoint until) {
    while (true) {
        const TimePoint next = working_.empty() ? until : std::min(until, working_.top().second.at);
        if (auto done = chip_.advance(next)) {
            const auto program = static_cast<std::size_t>(programs_[static_cast<std::size_t>(done->core)]);
            done->at += times_[program];
            working_.emplace(number_++, *done);
            continue;
        }
        if (working_.empty() || working_.top().second.at > until) return std::nullopt;
        const Finished finished = working_.top().second;
        working_.pop();
        return finished;
    }
}

}  // namespace infsim::serving
