// Whose each moment of an inference is: layer by layer, and what of the layer was under way.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "observe/observer.hpp"
#include "program/program.hpp"
#include "stats/program_index.hpp"

namespace infsim::stats {

/// What an instruction does, as far as the time of its layer goes. The last five go on beside what the layers before
/// compute.
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

/// What an instruction of `queue` is; `facts` are its own.
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

    /// By layer. Each moment is shared equally by the activities of layers that are under way, from issue to
    /// retirement. Weights, constants, inputs and outputs get only the moments in which nothing else is: they are
    /// loaded ahead, and stored behind, what is computed.
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
    std::vector<std::vector<Span>> queues_;  ///< each in the order of time; neighbours of one kind are one

    bool mine(const observe::InstructionRef& who) const { return who.core == core_ && who.inference == inference_; }
};

}  // namespace infsim::stats
