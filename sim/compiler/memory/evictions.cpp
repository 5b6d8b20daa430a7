#include "compiler/memory/evictions.hpp"

#include <algorithm>
#include <utility>

#include "compiler/memory/eviction_choice.hpp"

namespace infsim::compiler {

std::int64_t traffic_bytes(const std::vector<Eviction>& evictions, const Uses& uses) {
    IdVector<BufferId, std::int64_t> saved(uses.written_bytes.size(), 0);
    std::int64_t sum = 0;
    for (const Eviction& e : evictions) {
        const BufferId b = e.buffer;
        if (e.save) sum += saved[b] = uses.bytes_at(b, e.after);
        if (e.by == Return::reload) sum += saved[b];
        if (e.by == Return::reissue) sum += uses.written_bytes[b];
        if (e.by != Return::recompute) continue;
        const Recipe& recipe = uses.recipes.list[e.recipe];
        sum += recipe.traffic_bytes + (e.kept_loads ? 0 : recipe.load_bytes);
    }
    return sum;
}

namespace {

constexpr std::int32_t kNever = INT32_MAX;
constexpr int kAttempts = 4;       ///< each with less recomputed
constexpr double kEagerness = 16;  ///< weight of what can be recomputed, for as much recomputation as possible

using Outcome = std::variant<std::vector<Eviction>, NoRoom>;

/// What is recomputed needs its operands at the same time. If there is no room for them, it has to come back some other
/// way.
Outcome choose_with_room(const Liveness& liveness, const Uses& uses, const EvictionOptions& options, double eagerness) {
    Banned banned;
    for (int attempt = 1;; ++attempt) {
        EvictionChoice one = choose_in_order(liveness, uses, options, eagerness, banned);
        if (one.computed.empty() || attempt == kAttempts) return std::move(one.outcome);
        for (BufferId b : one.computed) banned.emplace_back(b, std::get<NoRoom>(one.outcome).position);
        std::sort(banned.begin(), banned.end());
    }
}

}  // namespace

std::variant<std::vector<Eviction>, NoRoom> choose_evictions(const Liveness& liveness, const Uses& uses,
                                                             const EvictionOptions& options) {
    Outcome best = choose_with_room(liveness, uses, options, 1);
    if (!options.recompute || uses.recipes.list.empty()) return best;
    Outcome eager = choose_with_room(liveness, uses, options, kEagerness);
    const auto traffic = [&](const Outcome& outcome) {
        const auto* list = std::get_if<std::vector<Eviction>>(&outcome);
        return list ? traffic_bytes(*list, uses) : INT64_MAX;
    };
    return traffic(eager) < traffic(best) ? eager : best;
}

std::int64_t most_saved_bytes(const Uses& uses, const std::vector<Eviction>& evictions) {
    // Position of the next save's last reload.
    IdVector<BufferId, std::int32_t> until(uses.written_bytes.size(), kNever);
    std::vector<std::pair<std::int32_t, std::int64_t>> changes;
    // Backwards: the first one met is the last reload of the save before it.
    for (auto e = evictions.rbegin(); e != evictions.rend(); ++e) {
        std::int32_t& last = until[e->buffer];
        if (e->by != Return::reload) continue;
        if (last == kNever) last = e->before;
        if (!e->save) continue;
        const std::int64_t bytes = uses.bytes_at(e->buffer, e->after);
        changes.emplace_back(e->after, bytes);
        changes.emplace_back(last, -bytes);
        last = kNever;
    }
    std::sort(changes.begin(), changes.end());  // at the same instant, what leaves comes first
    std::int64_t here = 0, most = 0;
    for (const auto& [position, bytes] : changes) most = std::max(most, here += bytes);
    return most;
}

}  // namespace infsim::compiler
