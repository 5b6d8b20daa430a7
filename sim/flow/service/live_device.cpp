#include "flow/service/live_device.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::flow {

LiveDevice::LiveDevice(chip::Chip& chip, int cores, std::vector<std::shared_ptr<const program::Program>> programs,
                       Duration call_overhead)
    : chip_(chip),
      programs_(std::move(programs)),
      step_(std::max(call_overhead, microseconds(1))),
      cores_(static_cast<std::size_t>(cores)) {}

void LiveDevice::submit(int core, int program, std::int32_t tag, TimePoint at) {
    Core& c = cores_[static_cast<std::size_t>(core)];
    if (c.program != program) {
        INFSIM_CHECK(c.tags.empty(), "a core changes its program with work outstanding");
        chip_.load(core, programs_[static_cast<std::size_t>(program)]);
        c.program = program;
    }
    c.tags.push_back(tag);
    ++outstanding_;
    chip_.submit(core, std::max(at, chip_.now()));
}

std::optional<serving::Finished> LiveDevice::advance(TimePoint until) {
    while (finished_.empty() && outstanding_ > 0 && chip_.now() < until) {
        const TimePoint before = chip_.now();
        chip_.advance_until(until - before > step_ ? before + step_ : until);
        for (const chip::Completion& done : chip_.take_completions()) {
            Core& core = cores_[static_cast<std::size_t>(done.core)];
            finished_.push_back({done.core, core.tags.front(), done.output_done, done.first_issue,
                                 done.last_retirement - done.first_issue});
            core.tags.pop_front();
        }
        INFSIM_CHECK(chip_.now() > before || !finished_.empty(), "the chip stands still with inferences outstanding");
    }
    if (finished_.empty() || finished_.front().at > until) return std::nullopt;
    const serving::Finished next = finished_.front();
    finished_.pop_front();
    --outstanding_;
    return next;
}

}  // namespace infsim::flow
