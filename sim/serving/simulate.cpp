#include "serving/simulate.hpp"

#include <algorithm>
#include <limits>
#include <queue>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "serving/host_threads.hpp"

namespace infsim::serving {

namespace {

constexpr TimePoint kNever{Duration{std::numeric_limits<std::int64_t>::max()}};
/// Beyond this, sums of times could overflow 64 bits.
constexpr TimePoint kEndOfTime{Duration{std::int64_t{8} * 1'000'000'000'000'000'000}};
constexpr std::int64_t kProgressEvery = 1 << 16;

/// A request from its arrival to its answer.
struct Request {
    TimePoint at{};
    std::int32_t items = 0, left = 0;  ///< left: not answered yet
    std::int32_t shards = 0;
    bool measured = false;
    double padding = 0, device_ps = 0;
};

/// Numbered objects; numbers of removed ones are reused.
template <class T>
class Pool {
public:
    std::int32_t add() {
        if (free_.empty()) {
            all_.emplace_back();
            return static_cast<std::int32_t>(all_.size() - 1);
        }
        const std::int32_t n = free_.back();
        free_.pop_back();
        return n;
    }
    void remove(std::int32_t n) { free_.push_back(n); }
    T& operator[](std::int32_t n) { return all_[static_cast<std::size_t>(n)]; }

private:
    std::vector<T> all_;
    std::vector<std::int32_t> free_;
};

/// A request on its way through the host's software to the batching queue.
struct Entering {
    TimePoint at{};
    std::int64_t order = 0;
    std::int32_t request = 0;
    bool operator>(const Entering& other) const { return at != other.at ? at > other.at : order > other.order; }
};

class Simulation {
public:
    Simulation(const Run& run, Device& device, const ProgressCallback& progress)
        : run_(run),
          device_(device),
          progress_(progress),
          policy_(make_policy(run.policy, run.server.sizes)),
          arrivals_(run.load, run.sizes, run.stop, run.seed),
          calls_(run.seed, "call overhead"),
          threads_(run.host.threads),
          cores_(static_cast<std::size_t>(run.server.cores())),
          chip_outstanding_(static_cast<std::size_t>(run.server.chips), 0) {
        tally_.core_busy.resize(cores_.size());
        for (int size : run.server.sizes) tally_.histogram.emplace_back(static_cast<std::size_t>(size) + 1, 0);
        if (run.stop.requests > 0 && !run.stop.both)
            tally_.latencies.reserve(static_cast<std::size_t>(run.stop.requests));
    }

    Tally run() {
        while (true) {
            const TimePoint next = next_event();
            if (outstanding_ > 0) {
                if (const auto finished = device_.advance(next)) {
                    check_time(finished->at);
                    answer(*finished);
                    dispatch(finished->at);
                    continue;
                }
                INFSIM_CHECK(next != kNever, "inferences are outstanding and the device has nothing to do");
            }
            if (next == kNever) break;
            check_time(next);
            handle(next);
            dispatch(next);
        }
        INFSIM_CHECK(in_system_ == 0, "requests are left and nothing happens any more");
        finish();
        return std::move(tally_);
    }

private:
    struct Core {
        int outstanding = 0, program = -1;
        TimePoint last_call{};  ///< calls of a core keep their order
    };

    TimePoint next_event() const {
        TimePoint next = kNever;
        if (const auto at = arrivals_.next()) next = *at;
        if (!entering_.empty()) next = std::min(next, entering_.top().at);
        if (const auto at = policy_->deadline(); at && *at > now_ && has_room()) next = std::min(next, *at);
        return next;
    }

    static void check_time(TimePoint at) {
        if (at > kEndOfTime)
            throw InputError("", "load",
                             "the simulated time leaves 92 days: fewer or smaller requests, or a higher rate");
    }

    bool has_room() const {
        const Server& s = run_.server;
        return outstanding_ < s.cores() * s.outstanding_per_core &&
               (s.outstanding_in_all == 0 || outstanding_ < s.outstanding_in_all);
    }

    void handle(TimePoint now) {
        now_ = now;
        while (arrivals_.next() && *arrivals_.next() <= now) arrive(arrivals_.take());
        while (!entering_.empty() && entering_.top().at <= now) {
            enter(entering_.top().request, now);
            entering_.pop();
        }
    }

    void arrive(const Arrival& arrival) {
        const std::int32_t number = requests_.add();
        requests_[number] = {arrival.at, arrival.items, arrival.items, 0, sent_ >= run_.warm_up};
        if (sent_ == 0) tally_.first_arrival = arrival.at;
        if (sent_ == run_.warm_up) tally_.window_start = arrival.at;
        tally_.last_arrival = arrival.at;
        tally_.in_system.set(arrival.at, ++in_system_);
        ++sent_;
        const Duration software = run_.host.per_request + run_.host.per_item * arrival.items;
        if (software == Duration{0}) enter(number, arrival.at);
        else entering_.push({arrival.at + software, sent_, number});
    }

    void enter(std::int32_t number, TimePoint now) {
        waiting_ += requests_[number].items;
        tally_.waiting.set(now, waiting_);
        policy_->arrive(number, requests_[number].items, now);
    }

    /// Dispatches the batches that may leave.
    void dispatch(TimePoint now) {
        now_ = now;
        while (has_room()) {
            const auto program = policy_->ready(now);
            if (!program) return;
            const int core = core_for(*program);
            if (core < 0) return;
            const std::int32_t number = batches_.add();
            Batch& batch = batches_[number];
            batch.parts.clear();
            policy_->take(now, batch);
            count(batch, now);
            submit(core, batch, number, now);
        }
    }

    int core_for(int program) const {
        int best = -1;
        std::pair<int, int> best_load;
        for (std::size_t c = 0; c < cores_.size(); ++c) {
            const Core& core = cores_[c];
            if (core.outstanding >= run_.server.outstanding_per_core) continue;
            if (core.outstanding > 0 && core.program != program) continue;
            const std::pair<int, int> load{core.outstanding, chip_outstanding_[chip_of(c)]};
            if (best < 0 || load < best_load) {
                best = static_cast<int>(c);
                best_load = load;
            }
        }
        return best;
    }

    std::size_t chip_of(std::size_t core) const { return core / static_cast<std::size_t>(run_.server.cores_per_chip); }

    void count(const Batch& batch, TimePoint now) {
        waiting_ -= batch.items;
        tally_.waiting.set(now, waiting_);
        ++tally_.batches;
        tally_.carried_items += batch.items;
        tally_.padded_items += batch.capacity - batch.items;
        ++tally_.histogram[static_cast<std::size_t>(batch.program)][static_cast<std::size_t>(batch.items)];
    }

    void submit(int core, const Batch& batch, std::int32_t number, TimePoint now) {
        Core& c = cores_[static_cast<std::size_t>(core)];
        c.program = batch.program;
        ++c.outstanding;
        ++chip_outstanding_[chip_of(static_cast<std::size_t>(core))];
        ++outstanding_;
        c.last_call = std::max(c.last_call, threads_.over(now, call_overhead(batch.capacity)));
        device_.submit(core, batch.program, number, c.last_call);
    }

    Duration call_overhead(std::int64_t items) {
        const Duration call = run_.host.call(items);
        const std::int64_t most = cores_.size() > 1 ? run_.host.most_jitter(call).count() : 0;
        return call + Duration{most > 0 ? calls_.uniform_int(-most, most) : 0};
    }

    void answer(const Finished& f) {
        const auto core = static_cast<std::size_t>(f.core);
        --cores_[core].outstanding;
        --chip_outstanding_[chip_of(core)];
        --outstanding_;
        tally_.core_busy[core] += f.executed;
        Batch& batch = batches_[f.tag];
        policy_->finished(batch, f.at);
        const double padding = batch.capacity - batch.items;
        for (const Part& part : batch.parts) {
            Request& r = requests_[part.request];
            const double share = static_cast<double>(part.items) / batch.items;
            ++r.shards;
            r.padding += share * padding;
            r.device_ps += share * static_cast<double>(f.executed.count());
            r.left -= part.items;
            if (r.left == 0) complete(part.request, f.at);
        }
        batches_.remove(f.tag);
    }

    void complete(std::int32_t number, TimePoint now) {
        const Request& r = requests_[number];
        const std::int64_t latency = (now - r.at).count();
        tally_.in_system.set(now, --in_system_);
        ++tally_.all_requests;
        tally_.all_latency += latency;
        tally_.end = now;
        if (r.measured) measure(r, latency);
        requests_.remove(number);
        arrivals_.answered(now);
        if (progress_ && tally_.all_requests % kProgressEvery == 0) progress_(tally_.all_requests);
    }

    void measure(const Request& r, std::int64_t latency) {
        tally_.latencies.push_back(latency);
        ++tally_.requests;
        tally_.items += r.items;
        if (run_.bound == Duration{0} || latency <= run_.bound.count()) tally_.good_items += r.items;
        if (tally_.sizes.size() > kMaxSizes) return;
        auto row = std::find_if(tally_.sizes.begin(), tally_.sizes.end(),
                                [&](const SizeRow& s) { return s.items == r.items; });
        if (row == tally_.sizes.end()) {
            row = tally_.sizes.insert(row, SizeRow{});
            row->items = r.items;
            row->latency_min = latency;
        }
        ++row->requests;
        row->shards += r.shards;
        row->padding += r.padding;
        row->device_ps += r.device_ps;
        row->latency_sum += latency;
        row->latency_min = std::min(row->latency_min, latency);
        row->latency_max = std::max(row->latency_max, latency);
    }

    void finish() {
        tally_.window_end = tally_.end;
        if (tally_.sizes.size() > kMaxSizes) tally_.sizes.clear();
        std::sort(tally_.sizes.begin(), tally_.sizes.end(),
                  [](const SizeRow& a, const SizeRow& b) { return a.items < b.items; });
    }

    const Run& run_;
    Device& device_;
    const ProgressCallback& progress_;
    std::unique_ptr<Policy> policy_;
    Arrivals arrivals_;
    RandomStream calls_;
    HostThreads threads_;
    Pool<Request> requests_;
    Pool<Batch> batches_;
    std::priority_queue<Entering, std::vector<Entering>, std::greater<>> entering_;
    std::vector<Core> cores_;
    std::vector<int> chip_outstanding_;
    int outstanding_ = 0;
    std::int64_t sent_ = 0, in_system_ = 0, waiting_ = 0;
    TimePoint now_{};
    Tally tally_;
};

}  // namespace

Tally simulate(const Run& run, Device& device, const ProgressCallback& progress) {
    return Simulation(run, device, progress).run();
}

}  // namespace infsim::serving
