// Cores as measured times: batches move through input transfer, execution and output transfer.
#pragma once

#include <array>
#include <deque>
#include <limits>
#include <vector>

#include "serving/device.hpp"
#include "serving/pace.hpp"

namespace infsim::serving {

/// Follows the chip's rules (sim/chip/README.md): inputs and outputs have two buffers each, so that the input of
/// inference n+2 starts when n has been executed and execution n+2 when the output of n is out; executions of a core do
/// not overlap; the link of a chip carries one transfer at a time in each direction. An execution advances at the pace
/// that the other executions of its chip leave it (pace.hpp): when the set of busy cores changes, or one of them gets to
/// another piece of its course, what remains of every running piece is rescaled by new over old pace, in whole
/// picoseconds, rounded up.
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
        TimePoint input_ready{kNever};
        Duration executed{};
    };
    /// What may happen next on a core, in the order in which events of the same instant are handled.
    enum Event { kOutputEnd, kPieceEnd, kInputEnd, kInputStart, kEvents };

    struct Core {
        std::deque<Job> jobs;  ///< outstanding, oldest first
        // How many of `jobs` are behind each step; steps are passed in order.
        std::size_t inputs_started = 0, inputs_done = 0, executions_started = 0, executions_done = 0;
        bool sending = false;
        TimePoint execution_start{}, since{};
        int piece = 0;                 ///< of the running execution
        Duration remaining{}, pace{};  ///< of that piece, at `since`
        std::array<TimePoint, kEvents> next{kNever, kNever, kNever, kNever};
        bool executing() const { return executions_started > executions_done; }
    };
    struct Chip {
        std::vector<Core> cores;
        CoreSet busy = 0;
        TimePoint in_free{}, out_free{};
        TimePoint next{kNever};
        int next_core = 0, next_event = 0;
    };

    std::optional<Finished> handle(std::size_t chip, TimePoint now);
    void finish_piece(Chip& chip, Core& core, TimePoint now);
    Finished finish_output(Core& core, int index, TimePoint now);
    void start_what_can(Chip& chip, Core& core, TimePoint now);
    void start_input(Chip& chip, Core& core, TimePoint now);
    void start_execution(Core& core, TimePoint now);
    void start_output(Chip& chip, Core& core, TimePoint now);
    void begin_piece(Core& core, int index, TimePoint now);
    void set_paces(Chip& chip, TimePoint now);
    static void find_next(Chip& chip);
    const Transfers& transfers(int program);

    ServiceTimes& times_;
    std::vector<Chip> chips_;
    int cores_per_chip_;
    Paces paces_;
    std::vector<Running> running_;
    std::vector<Duration> new_paces_;
    std::vector<std::optional<Transfers>> transfers_;
};

}  // namespace infsim::serving
