// Who moves a burst over which DRAM channel when: plain C++, integer picoseconds, no SystemC.
//
// The rules, as one would run them burst by burst (tests/support/naive_arbiter.hpp does exactly that):
//   * A channel serves one burst at a time. A burst of b bytes that starts at t holds its channel until
//     t + b / channel bandwidth; its flow (a DMA engine, a host transfer) may start another one from
//     t + billed share of b / flow ceiling on; its group (a core, a direction of the host link) from
//     t + b / group ceiling on. All three round up to a picosecond. The burst is over at the latest of them.
//   * A flow has rings, each a first-in-first-out list of transfers. It offers one burst at a time: the next of
//     the first non-empty ring, cyclically, behind the ring it served last. Rings whose data lie on different
//     channels therefore make it alternate between them.
//   * A free channel serves, among the flows that offer it a burst and may start it, the group next behind the one
//     it served last, and inside that group the flow next behind the one it served last there (round robin at both
//     levels, so that a core at its ceiling cannot keep passing its turn to the same engine). If none may
//     start yet, it waits until the first one may.
//   * Channels that could start a burst at the same moment do so in turn, beginning behind the channel
//     that started the burst before.
//   * A DDR4 channel (ddr4.hpp) has a burst's columns follow those of the burst before as its rows allow. It chooses
//   the
//     next burst when they begin, and the burst is over no earlier than its last data.
//   * A transfer arriving at t takes part in every decision from t on.
//
// The arbiter runs ahead of time to the next completion and undoes what a later arrival disturbs; one that queues up
// behind others of its ring disturbs nothing. Where a stretch repeats itself exactly it jumps over the repetitions.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/units.hpp"
#include "chip/ddr4.hpp"
#include "chip/walk.hpp"

namespace infsim::chip {

struct ArbiterFlow {
    int group = 0;
    Bandwidth ceiling;
    int rings = 1;  ///< 1..64
};

struct ArbiterConfig {
    std::vector<Bandwidth> channels;  ///< sustained bandwidth of each
    std::vector<Bandwidth> groups;    ///< ceiling of each
    std::vector<ArbiterFlow> flows;   ///< at most 64 in a group
    Bytes burst;
    std::optional<hw::Ddr4Dram> ddr4;  ///< the first `ddr4_channels` channels are such, not of constant bandwidth
    int ddr4_channels = 0;
    hw::Arbitration arbitration = hw::Arbitration::exact;  ///< which arbiter this is for (dram_arbiter.hpp)
};

/// `billed` (>= bytes) is what the flow's ceiling counts; the channel and the group count `bytes` (> 0).
struct Transfer {
    std::uint64_t id = 0;
    int flow = 0, ring = 0, channel = 0;
    Bytes bytes, billed;
    // For DDR4 channels: where in the channel the bytes lie.
    std::uint64_t address = 0;
    const DramWalk* walk = nullptr;  ///< null: in one run; else it outlives the transfer
    bool write = false;
};

/// The first burst started at `first`, the last one was over at `end`.
struct FinishedTransfer {
    std::uint64_t id = 0;
    TimePoint first{}, end{};
};

class Arbiter {
public:
    /// Throws InternalError for a configuration outside the limits above or a bandwidth that is not positive.
    explicit Arbiter(const ArbiterConfig& config);

    /// A transfer arrives at `at`, which may not lie before any earlier call's time. Transfers of a ring
    /// arrive in the order in which they are served; otherwise the order of calls of one moment does not matter.
    /// False: it queues up in its ring, and what next_completion() announced still holds.
    bool request(TimePoint at, const Transfer& transfer);

    /// When the next transfer ends if nothing else arrives; empty when there is none, or none until `limit`. Whoever
    /// knows that something arrives at `limit` saves the arbiter looking further ahead, to undo it then.
    std::optional<TimePoint> next_completion(TimePoint limit = TimePoint::max());

    /// Appends the transfers that are over at `at` to `finished`, by end, then id; each is handed out once.
    void take_finished(TimePoint at, std::vector<FinishedTransfer>& finished);

    /// Forgets whose turn it is and closes all rows, as if nothing had been served before `at`. Nothing may be
    /// outstanding.
    void forget_turns(TimePoint at);

    /// What the DDR4 channels counted, by channel; empty without them.
    std::vector<Ddr4Channel::Counts> ddr4_counts() const;

    /// Bursts served one by one and bursts jumped over so far (those undone counted again): for benchmarks.
    std::uint64_t bursts_served() const { return served_; }
    std::uint64_t bursts_jumped() const { return jumped_; }

private:
    using Time = std::int64_t;  ///< picoseconds
    static constexpr std::int32_t kNone = -1;
    static constexpr Time kNever = std::numeric_limits<Time>::max();

    /// What a burst takes of channel, flow and group, and how long until it is over.
    struct Steps {
        Time channel = 0, flow = 0, group = 0, over = 0;
    };
    struct Request {
        std::uint64_t id = 0;
        std::int64_t full_bursts = 0;  ///< left of full size, before the last one
        std::int64_t all_full = 0, last_bytes = 0;
        Steps full, last;
        Time first = -1;            ///< start of the first burst, -1 before
        std::int32_t next = kNone;  ///< behind it in its ring
        std::int32_t channel = 0;
        bool write = false;
        std::uint64_t address = 0;
        const DramWalk* walk = nullptr;
    };
    struct Ring {
        std::int32_t head = kNone, tail = kNone;
        std::int32_t channel = kNone;  ///< the head's
    };
    struct Flow {
        Time ready = 0;
        std::uint64_t pending = 0;  ///< rings that are not empty
        std::int32_t group = 0, member = 0, first_ring = 0, rings = 1, offered_channel = kNone;
        std::int32_t ring = 0;  ///< whose burst it offers
        std::int32_t last_ring = 0;
        Bandwidth ceiling;
    };
    struct Group {
        Time ready = 0;
        Bandwidth ceiling;
        std::int32_t first_flow = 0, members = 0;
    };
    struct Lane {                  ///< a group's flows at a channel
        std::uint64_t offers = 0;  ///< bit set: the member offers a burst
        std::int32_t last_member = 63;
    };
    struct Channel {
        Time free = 0;
        Bandwidth bandwidth;
        std::int32_t last_group = 0;
        std::vector<std::uint64_t> groups;  ///< bit set: the group has offers
        bool stale = true;                  ///< start and flow below are to be found again
        Time start = 0;
        std::int32_t flow = kNone, group = kNone;
    };
    /// Everything a burst start changed. `channel` kNone: a jump, the one on top of jumps_, from `start` on.
    struct Undo {
        Time start, channel_free, flow_ready, group_ready;
        std::int32_t request, flow, channel, last_group, last_member, last_ring, last_channel;
        bool first, last;
    };
    struct Ended {
        Time end = 0;
        std::int32_t request = kNone;
    };

    /// Those who take part in what happens until the next transfer starts its last burst, and the state they were in
    /// after some burst: all that decides about the future, relative to that burst's start.
    struct Reference {
        bool taken = false;
        bool pointless = false;  ///< nothing to be found before the next change of who takes part
        Time start = 0;
        std::int32_t flow = kNone, channel = kNone;
        std::int64_t bursts = 0, patience = 0;  ///< served since; take a new one after so many
        std::vector<std::int32_t> flows, groups, channels, requests;
        std::vector<std::int64_t> left;  ///< full bursts of the requests
        std::vector<Time> state;
    };
    /// `periods` repetitions that were not served one by one.
    struct Jump {
        Time start = 0, period = 0;  ///< of the burst after which it begins
        std::int64_t periods = 0;
        std::vector<std::int32_t> flows, groups, channels, requests;
        std::vector<std::int64_t> bursts;  ///< of each request in a period
    };

    void serve_until(Time to);
    void undo_from(Time to);
    void forget_final(Time to);
    Time end_of(const Undo& entry, std::size_t jumps) const;
    void run_ahead(Time limit);
    void serve(Channel& channel, std::int32_t index);
    Time serve_ddr4(std::int32_t channel, const Request& request, Time at, Time& end);
    void undo_last();
    void undo_jump(Time to);
    void look_for_repetition(Time until);
    void take_reference(std::int64_t patience);
    bool a_transfer_ends_soon() const;
    void relative_state(std::vector<Time>& state) const;
    void jump(Time until);
    void shift(const Jump& jump, std::int64_t periods);
    std::int32_t next_channel();
    bool next_in_turn_is_ready(Channel& channel, std::int32_t index, Time from);
    void find_start(Channel& channel, std::int32_t index);
    void offer(std::int32_t flow);
    void withdraw(std::int32_t flow);
    void offer_next(std::int32_t flow, std::int32_t channel);
    Time earliest_end() const;
    Steps steps_of(const Transfer& transfer, std::int64_t bytes) const;
    Lane& lane(std::int32_t channel, std::int32_t group) { return lanes_[channel * group_count_ + group]; }
    /// When the flow may start the burst that it offers the channel; never where it offers none.
    Time& slot(std::int32_t channel, std::int32_t flow) {
        return slots_[static_cast<std::size_t>(channel) * flows_.size() + static_cast<std::size_t>(flow)];
    }
    std::int32_t make_request(const Transfer& transfer);

    std::int64_t burst_;
    std::int32_t group_count_;
    std::vector<Channel> channels_;
    std::vector<std::uint64_t> busy_channels_;  ///< bit set: somebody offers the channel a burst
    std::vector<Group> groups_;
    std::vector<Flow> flows_;
    std::vector<Ring> rings_;
    std::vector<Lane> lanes_;
    std::vector<Time> slots_;
    std::vector<Request> requests_;
    std::vector<std::int32_t> free_requests_;
    std::vector<Ddr4Channel> ddr4_;             ///< the first channels, if they are such
    std::vector<Ddr4Channel::State> ddr4_log_;  ///< before each burst of log_ over one of them
    std::vector<Undo> log_;                     ///< burst starts by time, all since now_ and perhaps some before
    std::vector<Ended> ended_;                  ///< whose last burst has started and that were not handed out
    std::vector<Jump> jumps_;                   ///< the first jump_count_ are those in log_
    std::size_t jump_count_ = 0;
    Reference reference_;
    std::vector<Time> scratch_;
    Time now_ = 0;  ///< all earlier starts are final
    Time undone_to_ =
        0;  ///< when the last transfer came to an empty ring: what starts behind the log starts from then on
    std::int32_t last_channel_ = 0;
    std::int32_t served_group_ = kNone;  ///< by the last burst, until its effect on the channels is seen to
    std::uint64_t served_ = 0, jumped_ = 0;
};

}  // namespace infsim::chip
