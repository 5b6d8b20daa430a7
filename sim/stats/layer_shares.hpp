// Divides the time of an inference among layers and their activities.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "observe/observer.hpp"
#include "program/program.hpp"
#include "stats/program_index.hpp"

namespace infsim::stats {

/// The activity that an instruction counts for in its layer's time. The last four run in the background while other
/// layers compute.
enum class Activity : std::uint8_t {
    pe,
    act,
    pool,
    copies,
    spills,
    stores,   ///< of relayouts
    fetches,  ///< of relayouts
    weights,
    constants,
    inputs,
    outputs
};
constexpr int kActivities = 11;
using ActivityTimes = std::array<double, kActivities>;  ///< milliseconds

/// The activity of an instruction of `engine` with these `facts`.
Activity activity_of(record::AccountedEngine engine, const InstructionFacts& facts);

/// Watches one inference of one core and ignores all others.
class LayerShares final : public observe::Observer {
public:
    LayerShares(const ProgramIndex& index, int core, std::uint64_t inference);

    observe::Attention attention(std::uint16_t core, std::uint64_t inference) const override {
        return core == core_ && inference == inference_ ? observe::Attention{true, false, true, false}
                                                        : observe::Attention::none();
    }
    void on(const observe::Issued& event) override;
    void on(const observe::Retired& event) override;

    /// By layer. Each moment is divided equally among the activities in progress, from issue to retirement.
    /// Weights, constants, inputs and outputs count only when nothing else is in progress, since they are loaded
    /// before and stored after the computation.
    std::vector<ActivityTimes> result() const;

private:
    struct Span {
        std::uint32_t first = 0;  ///< instruction of the queue
        std::uint16_t layer = 0;
        Activity activity = Activity::pe;
        TimePoint from, until;
    };

    const ProgramIndex& index_;
    int core_;
    std::uint64_t inference_;
    std::vector<std::vector<Span>> queues_;  ///< each in time order; adjacent spans of one kind are merged

    bool mine(const observe::InstructionRef& who) const { return who.core == core_ && who.inference == inference_; }
};

}  // namespace infsim::stats
