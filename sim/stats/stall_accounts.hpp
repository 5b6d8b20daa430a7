// Where the time of every queue went: work, each wait reason, or nothing left to do.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "observe/observer.hpp"
#include "record/record.hpp"
#include "stats/program_index.hpp"

namespace infsim::stats {

/// Time per share, in picoseconds, of one queue or one engine.
using ShareTimes = std::array<std::int64_t, record::kTimeShares>;

/// Inferences [first, last) of one core.
struct InferenceRange {
    int core = 0;
    std::uint64_t first = 0, last = 0;
};

/// Collects Issued and Blocked per core, inference and queue.
///
/// The identity it checks: inside an inference the events of a queue tile the time from the first issue of
/// the inference to the queue's last event without gap or overlap; the rest up to the last retirement is
/// `drained`.
class StallAccounts final : public observe::Observer {
public:
    StallAccounts(const ProgramIndex& index, int cores);

    observe::Attention attention(std::uint16_t, std::uint64_t) const override { return {true, true, false, false}; }
    void on(const observe::Issued& event) override;
    void on(const observe::Blocked& event) override;
    void on(const observe::InferenceEvent& event) override;

    /// Time per share of every engine over all inferences of the ranges, each core's queues of that engine
    /// averaged. Shares of an engine add up to the ranges' summed makespans. Throws InternalError when the
    /// events do not tile, naming core, inference and queue.
    std::array<ShareTimes, record::kAccountedEngines> engines(const std::vector<InferenceRange>& ranges) const;

private:
    struct QueueAccount {
        ShareTimes time{};
        TimePoint cursor{};    ///< end of the last event
        std::int64_t gap = 0;  ///< picoseconds that no event covered, or covered twice
        bool started = false;
        TimePoint start{};
    };
    struct InferenceAccount {
        TimePoint first_issue{}, last_retirement{};
        std::vector<QueueAccount> queues;
    };

    struct CoreAccount {
        std::deque<InferenceAccount> inferences;
        std::uint64_t current = 0;       ///< the inference of the last event
        QueueAccount* queues = nullptr;  ///< its accounts; null before the first event
    };

    InferenceAccount& account(int core, std::uint64_t inference);
    void add(const observe::InstructionRef& who, TimePoint from, TimePoint until, record::TimeShare share);
    ShareTimes checked(const QueueAccount& queue, const InferenceAccount& inference, const std::string& where) const;

    const ProgramIndex& index_;
    std::vector<CoreAccount> cores_;
};

/// What an engine mostly waits for, in words: "weights from DRAM (41 % of the time)", or "nothing: busy 93 %
/// of the time" if it works at least half of it. Empty if all shares are zero.
std::string main_stall_in_words(const ShareTimes& times);

/// The share of time that a wait reason counts towards.
record::TimeShare share_of(observe::Stall why);

/// A share as words: "weights from DRAM", "the PE", "nothing left to do".
std::string share_in_words(record::TimeShare share);

}  // namespace infsim::stats
