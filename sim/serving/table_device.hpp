// Cores modelled by measured times: batches move through input transfer, execution and output transfer.
#pragma once

#include <array>
#include <deque>
#include <limits>
#include <vector>

#include "serving/device.hpp"
#include "serving/execution.hpp"
#include "serving/pace.hpp"

namespace infsim::serving {

/// Follows the chip's rules (sim/chip/README.md): inputs and outputs have two buffers each, so that the input of
/// inference n+2 starts when n has been executed and execution n+2 when the output of n is out; executions of a core do
/// not overlap; the link of a chip carries one transfer at a time in each direction. An execution advances through its
/// course (execution.hpp) at the pace that the other executions and the link leave it (pace.hpp); all paces are
/// recomputed whenever the set of bytes being moved changes.
class TableDevice final : public Device {
public:
    /// `times` outlives the device. `chips` x `cores_per_chip` cores, at most kMaxCoresPerChip each.
    TableDevice(ServiceTimes& times, int chips, int cores_per_chip);

    void submit(int core, int program, std::int32_t tag, TimePoint at) override;
    std::optional<Finished> advance(TimePoint until) override;

private:
    static constexpr TimePoint kNever{Duration{std::numeric_limits<std::int64_t>::max()}};

    struct Job {
        std::int32_t tag = 0;
        int program = 0;
        TimePoint at{};
        TimePoint started{};  ///< of its execution
        Duration executed{};
    };
    /// The next event on a core, in the order in which events of the same instant are handled.
    enum Event { kOutputEnd, kExecution, kInputEnd, kInputStart, kInputReady, kOutputReady, kEvents };

    struct Core {
        std::deque<Job> jobs;  ///< outstanding, oldest first
        // How many of `jobs` have passed each step; steps are passed in order.
        std::size_t inputs_started = 0, inputs_done = 0, executions_started = 0, executions_done = 0;
        bool sending = false;
        int program = -1;   ///< that it executes
        bool even = false;  ///< (pace.hpp)
        TimePoint execution_start{};
        Execution execution;
        std::array<TimePoint, kEvents> next{kNever, kNever, kNever, kNever, kNever, kNever};
        TimePoint soonest{kNever};  ///< of next
        int soonest_event = 0;
        bool executing() const { return executions_started > executions_done; }
    };
    /// A direction of the host's link: transfers go over it one after the other.
    struct Link {
        std::deque<int> waiting;  ///< cores whose transfer is to follow
        int core = -1;            ///< whose transfer it carries, -1: none
        Event event;              ///< at its end
        Execution transfer;
    };
    struct Chip {
        std::vector<Core> cores;
        CoreSet busy = 0;  ///< cores that execute
        Link in{{}, -1, kInputEnd, {}}, out{{}, -1, kOutputEnd, {}};
        TimePoint next{kNever};
        std::size_t next_core = 0;
    };

    std::optional<Finished> handle(std::size_t chip, TimePoint now);
    void finish_execution(Core& core, TimePoint now);
    Finished finish_output(Core& core, int index);
    void start_what_can(Chip& chip, std::size_t index, TimePoint now);
    void ready(Chip& chip, Link& link, int core, TimePoint now);
    void carry_next(Chip& chip, Link& link, TimePoint now);
    void set_paces(Chip& chip, TimePoint now);
    void set_pace(Chip& chip, int core, Event event, std::int64_t pace, TimePoint now);
    static void refresh(Core& core);
    static void find_next(Chip& chip);

    std::vector<Chip> chips_;
    int cores_per_chip_;
    Paces paces_;
    std::vector<Moving> moving_;
    std::vector<std::int64_t> new_paces_;
};

}  // namespace infsim::serving
