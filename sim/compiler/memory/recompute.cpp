#include "compiler/memory/recompute.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "compiler/memory/recompute_planner.hpp"

namespace infsim::compiler {

namespace {

constexpr std::int32_t kShortestGap = 16;  ///< instructions; leaving is not worthwhile for a shorter gap

/// Appends the recipes of b, one for each of its gaps.
void add_recipes(const RecomputeInput& in, BufferId b, IdVector<RecipeId, Recipe>& list) {
    const Uses& uses = in.uses;
    const std::int32_t last_write = uses.last_write(b, INT32_MAX);
    for (std::uint32_t u = uses.begin[b]; u + 1 < uses.begin[b.next()]; ++u) {
        const std::int32_t after = uses.position[u], before = uses.position[u + 1];
        if (after < last_write || before - after < kShortestGap) continue;
        if (auto recipe = recipe_for(in, b, before)) list.push_back(std::move(*recipe));
    }
}

template <class T>
constexpr bool is_repeatable_kind = std::is_same_v<T, program::Activate> || std::is_same_v<T, program::TensorTensor> ||
                                    std::is_same_v<T, program::TensorScalar> || std::is_same_v<T, program::Reduce> ||
                                    std::is_same_v<T, program::Memset> || std::is_same_v<T, program::DmaCopy>;

}  // namespace

RecipeId Recipes::find(BufferId b, std::int32_t before) const {
    if (list.empty()) return {};
    const auto first = list.begin() + begin[b].value(), last = list.begin() + begin[b.next()].value();
    const auto found =
        std::lower_bound(first, last, before, [](const Recipe& r, std::int32_t at) { return r.before < at; });
    if (found == last || found->before != before) return {};
    return RecipeId(static_cast<std::int32_t>(found - list.begin()));
}

Recipes recipes_of(const DryRun& dry_run, const hw::ChipSpec& spec, std::int64_t smallest) {
    const RecomputeInput in(dry_run, spec);
    const Liveness& liveness = dry_run.liveness;
    Recipes all;
    for (BufferId b : liveness.buffers.ids()) {
        all.begin.push_back(all.list.next_id());
        if (liveness.buffers[b].bytes >= smallest && in.can_be_made(b, INT32_MAX)) add_recipes(in, b, all.list);
    }
    all.begin.push_back(all.list.next_id());
    return all;
}

bool repeatable(const VirtualInstruction& in) {
    if (in.load.exists()) return false;
    const bool kind = std::visit([](const auto& op) { return is_repeatable_kind<std::decay_t<decltype(op)>>; }, in.op);
    if (!kind) return false;
    bool on_chip = true;
    for_each_operand(
        in.op,
        [&](const program::AccessPattern& ap, int, bool) {
            on_chip = on_chip && ap.space == program::Space::state_buffer;
        },
        [](const program::ScalarOperand&, int) {});
    return on_chip;
}

}  // namespace infsim::compiler
