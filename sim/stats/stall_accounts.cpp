#include "stats/stall_accounts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.hpp"

namespace infsim::stats {

using record::TimeShare;

TimeShare share_of(observe::Stall why) {
    switch (why) {
        case observe::Stall::wait_pe: return TimeShare::wait_pe;
        case observe::Stall::wait_act: return TimeShare::wait_act;
        case observe::Stall::wait_pool: return TimeShare::wait_pool;
        case observe::Stall::wait_weights: return TimeShare::wait_weights;
        case observe::Stall::wait_input: return TimeShare::wait_input;
        case observe::Stall::wait_dma_other: return TimeShare::wait_dma_other;
        case observe::Stall::wait_output: return TimeShare::wait_output;
        case observe::Stall::drained: return TimeShare::drained;
    }
    internal_error(__FILE__, __LINE__, "unknown stall");
}

namespace {

std::int64_t sum(const ShareTimes& t) { return std::accumulate(t.begin(), t.end(), std::int64_t{0}); }

}  // namespace

StallAccounts::StallAccounts(const ProgramIndex& index, int cores)
    : index_(index), cores_(static_cast<std::size_t>(cores)) {}

StallAccounts::InferenceAccount& StallAccounts::account(int core, std::uint64_t inference) {
    auto& list = cores_[static_cast<std::size_t>(core)].inferences;
    while (list.size() <= inference) {
        list.emplace_back();
        list.back().queues.resize(index_.queue_count());
    }
    return list[inference];
}

void StallAccounts::add(const observe::InstructionRef& who, TimePoint from, TimePoint until, TimeShare share) {
    CoreAccount& core = cores_[who.core];
    if (core.queues == nullptr || core.current != who.inference) {
        core.queues = account(who.core, who.inference).queues.data();
        core.current = who.inference;
    }
    QueueAccount& queue = core.queues[who.queue];
    if (!queue.started) {
        queue.started = true;
        queue.start = queue.cursor = from;
    }
    queue.gap += std::abs((from - queue.cursor).count());
    queue.time[static_cast<std::size_t>(share)] += (until - from).count();
    queue.cursor = until;
}

void StallAccounts::on(const observe::Issued& event) { add(event.who, event.at, event.busy_until, TimeShare::busy); }

void StallAccounts::on(const observe::Blocked& event) { add(event.who, event.from, event.until, share_of(event.why)); }

void StallAccounts::on(const observe::InferenceEvent& event) {
    if (event.phase == observe::InferencePhase::first_issue)
        account(event.core, event.inference).first_issue = event.at;
    if (event.phase == observe::InferencePhase::last_retirement)
        account(event.core, event.inference).last_retirement = event.at;
}

ShareTimes StallAccounts::checked(const QueueAccount& queue, const InferenceAccount& inference,
                                  const std::string& where) const {
    const std::int64_t makespan = (inference.last_retirement - inference.first_issue).count();
    ShareTimes times = queue.time;
    if (queue.started) {
        INFSIM_CHECK(queue.start == inference.first_issue,
                     where + " has its first event " + std::to_string((queue.start - inference.first_issue).count()) +
                         " ps after the first issue of its inference");
        INFSIM_CHECK(queue.gap == 0,
                     where + ": " + std::to_string(queue.gap) + " ps are not accounted for, or counted twice");
    }
    const std::int64_t left = makespan - sum(times);
    INFSIM_CHECK(left >= 0,
                 where + " is busy or blocked for " + std::to_string(-left) + " ps more than its inference takes");
    times[static_cast<std::size_t>(TimeShare::drained)] += left;
    return times;
}

std::array<ShareTimes, record::kAccountedEngines> StallAccounts::engines(
    const std::vector<InferenceRange>& ranges) const {
    std::array<ShareTimes, record::kAccountedEngines> total{};
    std::array<std::int64_t, record::kAccountedEngines> queues{};
    for (std::size_t q = 0; q < index_.queue_count(); ++q) ++queues[static_cast<std::size_t>(index_.engine(q))];
    for (const InferenceRange& range : ranges)
        for (std::uint64_t i = range.first; i < range.last; ++i) {
            const InferenceAccount& inference = cores_[static_cast<std::size_t>(range.core)].inferences.at(i);
            for (std::size_t q = 0; q < index_.queue_count(); ++q) {
                const std::string where = "core " + std::to_string(range.core) + ", inference " + std::to_string(i) +
                                          ", queue " + std::to_string(q);
                const ShareTimes times = checked(inference.queues[q], inference, where);
                ShareTimes& engine = total[static_cast<std::size_t>(index_.engine(q))];
                for (std::size_t s = 0; s < times.size(); ++s) engine[s] += times[s];
            }
        }
    for (std::size_t e = 0; e < total.size(); ++e)
        for (std::int64_t& t : total[e])
            if (queues[e] > 1) t /= queues[e];
    return total;
}

std::string share_in_words(TimeShare share) {
    switch (share) {
        case TimeShare::busy: return "its own work";
        case TimeShare::wait_pe: return "the PE";
        case TimeShare::wait_act: return "the ACT engine";
        case TimeShare::wait_pool: return "the POOL engine";
        case TimeShare::wait_weights: return "weights from DRAM";
        case TimeShare::wait_input: return "inputs from DRAM";
        case TimeShare::wait_dma_other: return "other DMA";
        case TimeShare::wait_output: return "outputs on their way to DRAM";
        case TimeShare::drained: return "nothing left to do";
    }
    internal_error(__FILE__, __LINE__, "unknown share");
}

std::string main_stall_in_words(const ShareTimes& times) {
    const std::int64_t total = sum(times);
    if (total == 0) return "";
    const auto percent = [&](std::int64_t t) {
        return std::to_string(std::llround(100.0 * static_cast<double>(t) / static_cast<double>(total))) +
               " % of the time";
    };
    const auto longest = std::max_element(times.begin() + 1, times.end());
    if (2 * times[0] >= total) return "nothing: busy " + percent(times[0]);
    return share_in_words(static_cast<TimeShare>(longest - times.begin())) + " (" + percent(*longest) + ")";
}

}  // namespace infsim::stats
