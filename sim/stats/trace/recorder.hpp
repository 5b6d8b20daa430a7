// Keeps the times of the inferences that a trace shows.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "observe/observer.hpp"
#include "program/program.hpp"
#include "stats/trace/inference.hpp"
#include "stats/trace/window.hpp"

namespace infsim::stats {

/// After how many inferences of a core a measurement may end: `first`, `first` + `step`, `first` + 2 `step`, ...
struct PossibleEnds {
    std::uint64_t first = 1, step = 1;
};

/// Hands over the inferences of a window, each when it is finished. The length of a run is known only at its end, so
/// for "the last ones" it keeps those that may still be the last. These are few, since cores end almost together. The
/// inferences of a span of time are handed over as they finish.
class TraceRecorder final : public observe::Observer {
public:
    using Consumer = std::function<void(const InferenceTimes&)>;

    /// `ends` per core. `program` outlives the recorder.
    TraceRecorder(const program::Program& program, std::vector<PossibleEnds> ends, TraceWindow window,
                  Consumer consumer);

    observe::Attention attention(std::uint16_t core, std::uint64_t inference) const override;
    void on(const observe::Issued& event) override;
    void on(const observe::Blocked& event) override;
    void on(const observe::Retired& event) override;
    void on(const observe::Transferred& event) override;
    void on(const observe::HostTransferred& event) override;
    void on(const observe::InferenceEvent& event) override;

    /// The measurement is over; `last` has the number of each core's last inference that counts, and later ones are
    /// ignored. Returns how many inferences were handed over since the start.
    std::size_t finish(const std::vector<std::uint64_t>& last);

    /// Inferences whose times are in memory now.
    std::size_t kept() const;

private:
    using Times = std::unique_ptr<InferenceTimes>;
    struct Core {
        PossibleEnds ends;
        std::deque<Times> all;                ///< by number: inputs in transfer, executing, done
        InferenceTimes* executing = nullptr;  ///< null if the running one is not wanted
        std::uint64_t finished = 0;           ///< inferences whose outputs are transferred
    };

    bool may_be_wanted(const Core& core, std::uint64_t number) const;
    InferenceTimes* find(std::size_t core, std::uint64_t number);
    InferenceTimes& find_or_add(std::size_t core, std::uint64_t number);
    InstructionTimes* times_of(const observe::InstructionRef& who);
    void give_room(InferenceTimes& times);
    void start(std::size_t core, const observe::InferenceEvent& event);
    void finish_one(std::size_t core, std::uint64_t number);
    void forget_before_last_common_end();
    void forget_before(Core& core, std::uint64_t number);

    const program::Program& program_;
    TraceWindow window_;
    Consumer consumer_;
    std::vector<Core> cores_;
    std::vector<std::vector<QueueTimes>> spare_;  ///< from forgotten inferences, for reuse
    std::size_t handed_over_ = 0;
    bool over_ = false;
};

}  // namespace infsim::stats
