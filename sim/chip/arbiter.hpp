// Which flow moves a burst over which DRAM channel, and when: plain C++, integer picoseconds, no SystemC.
//
// The rules, burst by burst (tests/support/naive_arbiter.hpp runs exactly these):
//   * A channel serves one burst at a time. A burst of b bytes that starts at t holds its channel until
//     t + b / channel bandwidth; its flow (a DMA engine, a host transfer) may start its next burst at
//     t + billed share of b / flow ceiling; its group (a core, a direction of the host link) at
//     t + b / group ceiling. All three round up to a picosecond. The burst ends at the latest of the three.
//   * A flow has rings, each a first-in-first-out list of transfers. It offers one burst at a time: the next
//     burst of the next non-empty ring after the one it served last, cyclically. A flow whose rings have data on
//     different channels therefore alternates between the channels.
//   * A free channel considers the flows that offer it a burst and may start it. It serves the next group after the one
//     it served last, and in that group the next flow after the one it served last there (round robin at both
//     levels, so that a core at its ceiling cannot keep passing its turn to the same engine). If no flow may
//     start yet, it waits until the first one may.
//   * Channels that can start a burst at the same time do so in cyclic order, beginning after the channel
//     that started the previous burst.
//   * On a DDR4 channel (ddr4.hpp) the columns of a burst follow those of the previous burst as soon as the rows
//     allow. When they begin, the channel chooses the next burst. A burst does not end before its last data.
//   * A transfer that arrives at t takes part in every decision from t on.
//
// The arbiter runs ahead to the next completion and undoes what a later arrival disturbs. An arrival that queues up
// behind other transfers of its ring disturbs nothing. If a stretch repeats exactly, it jumps over the repetitions.
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
    std::optional<hw::Ddr4Dram> ddr4;  ///< timings of the first `ddr4_channels` channels, if not constant bandwidth
    int ddr4_channels = 0;
    hw::Arbitration arbitration = hw::Arbitration::exact;  ///< selects the arbiter (dram_arbiter.hpp)
};

/// `billed` (>= bytes) counts against the flow's ceiling; `bytes` (> 0) counts for the channel and the group.
struct Transfer {
    std::uint64_t id = 0;
    int flow = 0, ring = 0, channel = 0;
    Bytes bytes, billed;
    // For DDR4 channels: where the bytes are in the channel.
    std::uint64_t address = 0;
    const DramWalk* walk = nullptr;  ///< null: one run; otherwise outlives the transfer
    bool write = false;
};

/// The first burst started at `first`, the last one ended at `end`.
struct FinishedTransfer {
    std::uint64_t id = 0;
    TimePoint first{}, end{};
};

class Arbiter {
public:
    /// Throws InternalError for a configuration outside the limits above or a bandwidth that is not positive.
    explicit Arbiter(const ArbiterConfig& config);

    /// A transfer arrives at `at`, which must not be before the time of an earlier call. Transfers of a ring
    /// are served in the order of the calls; otherwise the order of calls with the same time does not matter.
    /// False: the transfer queues up in its ring, and the last result of next_completion() still holds.
    bool request(TimePoint at, const Transfer& transfer);

    /// When the next transfer ends if nothing else arrives; empty if none ends by `limit`. A caller that knows of an
    /// arrival at `limit` saves the arbiter from running further ahead and undoing it.
    std::optional<TimePoint> next_completion(TimePoint limit = TimePoint::max());

    /// Appends the transfers that have ended by `at` to `finished`, sorted by end, then id; each is returned once.
    void take_finished(TimePoint at, std::vector<FinishedTransfer>& finished);

    /// Resets the turns and closes all rows, as if nothing had been served before `at`. No transfer may be
    /// outstanding.
    void forget_turns(TimePoint at);

    /// The counts of the DDR4 channels, by channel; empty if there are none.
    std::vector<Ddr4Channel::Counts> ddr4_counts() const;

    /// Bursts served one by one and bursts jumped over so far, for benchmarks (undone bursts count again).
    std::uint64_t bursts_served() const { return served_; }
    std::uint64_t bursts_jumped() const { return jumped_; }

private:
    using Time = std::int64_t;  ///< picoseconds
    static constexpr std::int32_t kNone = -1;
    static constexpr Time kNever = std::numeric_limits<Time>::max();

    /// How long a burst holds its channel, flow and group, and how long until it ends.
    struct Steps {
        Time channel = 0, flow = 0, group = 0, over = 0;
    };
    struct Request {
        std::uint64_t id = 0;
        std::int64_t full_bursts = 0;  ///< full-size bursts left before the last one
        std::int64_t all_full = 0, last_bytes = 0;
        Steps full, last;
        Time first = -1;            ///< start of the first burst, -1: not started
        std::int32_t next = kNone;  ///< next in its ring
        std::int32_t channel = 0;
        bool write = false;
        std::uint64_t address = 0;
        const DramWalk* walk = nullptr;
    };
    struct Ring {
        std::int32_t head = kNone, tail = kNone;
        std::int32_t channel = kNone;  ///< channel of the head
    };
    struct Flow {
        Time ready = 0;
        std::uint64_t pending = 0;  ///< rings that are not empty
        std::int32_t group = 0, member = 0, first_ring = 0, rings = 1, offered_channel = kNone;
        std::int32_t ring = 0;  ///< ring whose burst it offers
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
        bool stale = true;                  ///< start and flow below must be recomputed
        Time start = 0;
        std::int32_t flow = kNone, group = kNone;
    };
    /// Everything that a burst start changed. `channel` kNone: a jump (the last in jumps_) that begins at `start`.
    struct Undo {
        Time start, channel_free, flow_ready, group_ready;
        std::int32_t request, flow, channel, last_group, last_member, last_ring, last_channel;
        bool first, last;
    };
    struct Ended {
        Time end = 0;
        std::int32_t request = kNone;
    };

    /// The participants until the next transfer starts its last burst, and their state after some burst. The state
    /// is everything that determines the future, relative to that burst's start.
    struct Reference {
        bool taken = false;
        bool pointless = false;  ///< nothing can be found before the participants change
        Time start = 0;
        std::int32_t flow = kNone, channel = kNone;
        std::int64_t bursts = 0, patience = 0;  ///< served since; after `patience` take a new one
        std::vector<std::int32_t> flows, groups, channels, requests;
        std::vector<std::int64_t> left;  ///< full bursts of the requests
        std::vector<Time> state;
    };
    /// `periods` repetitions that are skipped.
    struct Jump {
        Time start = 0, period = 0;  ///< start of the burst after which the jump begins
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
    /// When the flow may start the burst that it offers to the channel; kNever if it offers none.
    Time& slot(std::int32_t channel, std::int32_t flow) {
        return slots_[static_cast<std::size_t>(channel) * flows_.size() + static_cast<std::size_t>(flow)];
    }
    std::int32_t make_request(const Transfer& transfer);

    std::int64_t burst_;
    std::int32_t group_count_;
    std::vector<Channel> channels_;
    std::vector<std::uint64_t> busy_channels_;  ///< bit set: a flow offers the channel a burst
    std::vector<Group> groups_;
    std::vector<Flow> flows_;
    std::vector<Ring> rings_;
    std::vector<Lane> lanes_;
    std::vector<Time> slots_;
    std::vector<Request> requests_;
    std::vector<std::int32_t> free_requests_;
    std::vector<Ddr4Channel> ddr4_;             ///< the first channels, if any
    std::vector<Ddr4Channel::State> ddr4_log_;  ///< state before each burst of log_ over one of them
    std::vector<Undo> log_;                     ///< burst starts by time, all since now_ and possibly some before
    std::vector<Ended> ended_;                  ///< last burst has started, not returned yet
    std::vector<Jump> jumps_;                   ///< the first jump_count_ are those in log_
    std::size_t jump_count_ = 0;
    Reference reference_;
    std::vector<Time> scratch_;
    Time now_ = 0;        ///< all earlier starts are final
    Time undone_to_ = 0;  ///< last arrival at an empty ring: starts after the log are not before it
    std::int32_t last_channel_ = 0;
    std::int32_t served_group_ = kNone;  ///< by the last burst, until the channels have been updated
    std::uint64_t served_ = 0, jumped_ = 0;
};

}  // namespace infsim::chip
