// What executes batches, and how long they take.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace infsim::serving {

/// A batch whose last output byte is at the host.
struct Finished {
    int core = 0;
    std::int32_t tag = 0;  ///< as submitted
    TimePoint at{};
    Duration executed{};  ///< from its first instruction to its last
};

/// The cores of a server, numbered over all chips. Two implementations: TableDevice moves batches through measured
/// times, flow's live device through the SystemC chip.
class Device {
public:
    virtual ~Device() = default;

    /// Queues one inference of `program` (index of a compiled size). The runtime's call reaches the device at `at`,
    /// which is not before the last time that advance() reached. A core runs one program at a time: whoever submits
    /// changes the program of a core only while nothing is outstanding on it.
    virtual void submit(int core, int program, std::int32_t tag, TimePoint at) = 0;

    /// The next batch to finish at or before `until`, in order of time; empty when none does, and time is then
    /// `until`. Without anything outstanding it returns at once.
    virtual std::optional<Finished> advance(TimePoint until) = 0;
};

/// Cores of one chip, as bits.
using CoreSet = std::uint64_t;
constexpr int kMaxCoresPerChip = 64;

/// The host transfers of a program's batch over an idle link: `wire` occupies the chip's link, `fixed` does not.
struct Transfers {
    Duration input_fixed{}, input_wire{};
    Duration output_fixed{}, output_wire{};
};

/// How much of each memory channel a batch takes over its course when it is alone: pieces of `ticks` (any unit, together
/// the whole batch), in which it takes the part share[c] of channel c's bandwidth, channels counted from the core's own.
/// No pieces: nothing is known, and batches are taken to slow each other evenly.
struct Piece {
    std::int32_t ticks = 1;
    std::vector<double> share;
};
using Course = std::vector<Piece>;

/// Joins neighbours until at most `most` pieces are left, always the two whose joint mean is the least change (sum of
/// squared differences over ticks and channels).
Course joined(Course course, std::size_t most);

/// Stands for "slowed evenly" where a factor is asked for (pace.hpp).
constexpr double kEven = -1;

/// Where a TableDevice gets times from; flow measures them on the simulated chip when they are first asked for.
class ServiceTimes {
public:
    virtual ~ServiceTimes() = default;

    /// Mean time, first instruction to last, of one batch of `program` on `core` while exactly the cores in `busy`
    /// (`core` among them) execute the same program without pause. Positive.
    virtual Duration service(int program, int core, CoreSet busy) = 0;
    virtual Transfers transfers(int program) = 0;
    virtual Course course(int) { return {}; }
    /// How the slow-down that service() tells is distributed over the course (pace.hpp).
    virtual double factor(int /*program*/, int /*core*/, CoreSet /*busy*/) { return kEven; }
    /// Channels of a chip; a core's own is (its number) % channels().
    virtual int channels() { return 1; }
};

}  // namespace infsim::serving
