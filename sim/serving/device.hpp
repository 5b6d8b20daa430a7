// The device that executes batches, and the times of batches.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace infsim::serving {

/// A batch whose last output byte has reached the host.
struct Finished {
    int core = 0;
    std::int32_t tag = 0;  ///< as submitted
    TimePoint at{};
    TimePoint started{};  ///< first instruction
    Duration executed{};  ///< from the first instruction to the last
};

/// The cores of a server, numbered over all chips. Two implementations: TableDevice moves batches through measured
/// times, flow's live device through the SystemC chip.
class Device {
public:
    virtual ~Device() = default;

    /// Queues one inference of `program` (index of a compiled size). The runtime's call reaches the device at `at`,
    /// which is not before the last time of advance(). A core runs one program at a time: callers change the program
    /// of a core only while nothing is outstanding on it.
    virtual void submit(int core, int program, std::int32_t tag, TimePoint at) = 0;

    /// The next batch to finish at or before `until`, in order of time. Empty when none does; the time is then `until`.
    /// Returns at once if nothing is outstanding.
    virtual std::optional<Finished> advance(TimePoint until) = 0;
};

/// Cores of one chip, as bits.
using CoreSet = std::uint64_t;
constexpr int kMaxCoresPerChip = 64;

/// Share of each memory channel's bandwidth, channels counted from a core's own. Empty: none.
using Shares = std::vector<double>;

/// The host transfers of a program's batch over an idle link: `wire` occupies the chip's link, `fixed` does not.
struct Transfers {
    Duration input_fixed{}, input_wire{};
    Duration output_fixed{}, output_wire{};
    Shares input_share, output_share;  ///< of the memory channels, during `wire`
};

/// A transfer of an execution between memory and core, without interruption.
struct Piece {
    Duration work{};       ///< its time while nobody else uses the channels
    Duration available{};  ///< progress of the computation at which it may begin
    Duration needed{};     ///< progress at which the computation waits for it; >= available
    Shares share;          ///< of the channels meanwhile, each at most 1
    Shares delay;          ///< extra time if each of its bursts on a channel waits for another user's burst
};

/// An execution as two strands: the computation, whose progress is measured in the time it would take without waiting
/// for memory, and the pieces, moved one after the other. The distance from `available` to `needed` is prefetching: the
/// slack of memory before the computation is delayed. Other executions slow only the movement of pieces.
struct Course {
    std::vector<Piece> pieces;  ///< `available` and `needed` ascend; empty: unknown, and batches slow each other evenly
    Duration computation{};     ///< >= the last `needed`
};

/// The source of a TableDevice's times; flow measures them on the simulated chip when first needed.
class ServiceTimes {
public:
    virtual ~ServiceTimes() = default;

    /// Mean time, first instruction to last, of one batch of `program` on `core` while exactly the cores in `busy`
    /// (`core` among them) execute the same program without pause. Positive.
    virtual Duration service(int program, int core, CoreSet busy) = 0;
    virtual Transfers transfers(int program) = 0;
    virtual Course course(int) { return {}; }
    /// The factor that fits the slow-downs of a program with a course to the mean of service() (pace.hpp). >= 0.
    virtual double factor(int /*program*/, int /*core*/, CoreSet /*busy*/) { return 1; }
    /// Channels of a chip; a core's own is (its number) % channels().
    virtual int channels() { return 1; }
};

}  // namespace infsim::serving
