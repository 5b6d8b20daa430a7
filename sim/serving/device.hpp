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
    TimePoint started{};  ///< first instruction
    Duration executed{};  ///< from there to the last
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

/// Part of each memory channel's bandwidth, channels counted from a core's own. Empty: none.
using Shares = std::vector<double>;

/// The host transfers of a program's batch over an idle link: `wire` occupies the chip's link, `fixed` does not.
struct Transfers {
    Duration input_fixed{}, input_wire{};
    Duration output_fixed{}, output_wire{};
    Shares input_share, output_share;  ///< taken of the memory channels during `wire`
};

/// What an execution moves between memory and core, in one go.
struct Piece {
    Duration work{};       ///< how long it takes while nobody else uses the channels
    Duration available{};  ///< the computation must have come this far before it begins
    Duration needed{};     ///< the computation comes this far, but no further, before it is done; >= available
    Shares share;          ///< taken of the channels meanwhile, each at most 1
    Shares delay;  ///< how much longer it takes when each of its bursts on a channel waits for one of somebody else's
};

/// An execution as two strands: the computation, whose progress is counted in the time that it would take without ever
/// waiting for memory, and the pieces, moved one after the other. Prefetching is what lies between `available` and
/// `needed`: memory may be that much slower before the computation notices. Only the moving of pieces is slowed by
/// others.
struct Course {
    std::vector<Piece>
        pieces;  ///< `available` and `needed` ascend; empty: nothing is known, and batches slow each other evenly
    Duration computation{};  ///< >= the last `needed`
};

/// Where a TableDevice gets times from; flow measures them on the simulated chip when they are first asked for.
class ServiceTimes {
public:
    virtual ~ServiceTimes() = default;

    /// Mean time, first instruction to last, of one batch of `program` on `core` while exactly the cores in `busy`
    /// (`core` among them) execute the same program without pause. Positive.
    virtual Duration service(int program, int core, CoreSet busy) = 0;
    virtual Transfers transfers(int program) = 0;
    virtual Course course(int) { return {}; }
    /// What brings the slow-downs of a program with a course to the mean that service() tells (pace.hpp). >= 0.
    virtual double factor(int /*program*/, int /*core*/, CoreSet /*busy*/) { return 1; }
    /// Channels of a chip; a core's own is (its number) % channels().
    virtual int channels() { return 1; }
};

}  // namespace infsim::serving
