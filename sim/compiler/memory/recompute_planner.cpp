#include "compiler/memory/recompute_planner.hpp"

#include <algorithm>
#include <vector>

#include "cost/cost.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

namespace {

constexpr double kInTheWay = 2;                 ///< see Recipe::traffic_bytes
constexpr std::size_t kMostInstructions = 128;  ///< of a recipe

/// visit(buffer) for every operand that the instruction reads.
template <class Visit>
void for_each_read(const VirtualInstruction& in, Visit&& visit) {
    const auto of = [&](int operand) { return in.buffer[static_cast<std::size_t>(operand)]; };
    for_each_operand(
        in.op,
        [&](const program::AccessPattern&, int operand, bool write) {
            if (!write && of(operand).exists()) visit(of(operand));
        },
        [&](const program::ScalarOperand&, int operand) {
            if (of(operand).exists()) visit(of(operand));
        });
}

program::Instruction instruction(const VirtualInstruction& in) {
    program::Instruction i;
    i.op = in.op;
    return i;
}

std::int64_t dma_bytes(const hw::ChipSpec& spec, const VirtualInstruction& in) {
    return cost::dma_demand(spec, instruction(in)).billed.count();
}

bool contains(const std::vector<BufferId>& list, BufferId b) {
    return std::find(list.begin(), list.end(), b) != list.end();
}

/// Whether o is alive at `before` with the bytes that instruction p found in it.
bool stays_as_it_was(const RecomputeInput& in, BufferId o, std::int32_t p, std::int32_t before) {
    const Lifetime& life = in.liveness.lives[o];
    const std::int32_t written = in.uses.last_write(o, before - 1);
    return life.first < before && life.last >= before && written < p && written >= 0;
}

/// Works back from the result to what is there.
class RecomputePlanner {
public:
    RecomputePlanner(const RecomputeInput& in, BufferId result, std::int32_t before)
        : in_(in), work_{{result, before}} {
        recipe_.before = before;
    }
    std::optional<Recipe> run() {
        for (std::size_t w = 0; w < work_.size(); ++w) {
            const Writes wanted = work_[w];  // a copy, because `work_` grows meanwhile
            if (!in_.writes(wanted.buffer, wanted.until, [&](std::int32_t p) { return add_instruction(p); }))
                return std::nullopt;
        }
        std::sort(recipe_.instructions.begin(), recipe_.instructions.end());
        return std::move(recipe_);
    }

private:
    /// The writes of the buffer before `until`.
    struct Writes {
        BufferId buffer;
        std::int32_t until;
    };
    const RecomputeInput& in_;
    std::vector<Writes> work_;
    Recipe recipe_;

    bool add_instruction(std::int32_t p) {
        if (std::find(recipe_.instructions.begin(), recipe_.instructions.end(), p) != recipe_.instructions.end())
            return true;
        recipe_.instructions.push_back(p);
        bool possible = recipe_.instructions.size() <= kMostInstructions;
        for_each_read(in_.at(p), [&](BufferId o) { possible = possible && provide(o, p); });
        return possible;
    }

    /// Ensures that the bytes which instruction p reads of `o` are there again; adds the writes for that to `work_`.
    bool provide(BufferId o, std::int32_t p) {
        if (o.value() == work_[0].buffer.value() || contains(recipe_.made, o)) return make_up_to(o, p);
        if (contains(recipe_.loaded, o)) return true;
        if (stays_as_it_was(in_, o, p, recipe_.before)) {
            if (!contains(recipe_.kept, o)) recipe_.kept.push_back(o);
            return true;
        }
        if (contains(recipe_.kept, o)) return false;  // others read it as it is, this one did not
        const LoadId sole = in_.uses.sole_load[o];
        if (sole.exists() && in_.load_traffic[sole] > 0) {  // of constants or inputs
            recipe_.loaded.push_back(o);
            return true;
        }
        recipe_.made.push_back(o);
        work_.push_back({o, p});
        return in_.can_be_made(o, p);
    }

    /// The same for an operand that is made in any case.
    bool make_up_to(BufferId o, std::int32_t p) {
        const bool enough = std::any_of(work_.begin(), work_.end(),
                                        [&](const Writes& w) { return w.buffer.value() == o.value() && w.until >= p; });
        if (enough) return true;
        work_.push_back({o, p});
        return in_.can_be_made(o, p);
    }
};

}  // namespace

RecomputeInput::RecomputeInput(const DryRun& dry_run, const hw::ChipSpec& chip)
    : uses(dry_run.uses),
      liveness(dry_run.liveness),
      repeatable(dry_run.repeatable),
      spec(chip),
      load_traffic(dry_run.liveness.loads.size(), 0),
      bytes_per_second(static_cast<double>(
          std::min(hw::sustained_dram_bandwidth(chip).count() / chip.cores, hw::single_core_bandwidth(chip).count()))) {
    for (const VirtualInstruction& load : repeatable.loads) load_traffic[load.load] += dma_bytes(spec, load);
}

std::optional<std::size_t> RecomputeInput::find(std::int32_t p) const {
    const auto& positions = repeatable.position;
    const auto found = std::lower_bound(positions.begin(), positions.end(), p);
    if (found == positions.end() || *found != p) return std::nullopt;
    return static_cast<std::size_t>(found - positions.begin());
}

bool RecomputeInput::can_be_made(BufferId b, std::int32_t until) const {
    bool any = false;
    return writes(b, until, [&](std::int32_t p) { return any = has(p); }) && any;
}

std::optional<Recipe> recipe_for(const RecomputeInput& in, BufferId b, std::int32_t before) {
    auto recipe = RecomputePlanner(in, b, before).run();
    if (!recipe) return std::nullopt;
    make_in_place(in, b, *recipe);
    price(in, *recipe);
    if (recipe->traffic_bytes >= 2 * in.uses.written_bytes[b]) return std::nullopt;
    return recipe;
}

void price(const RecomputeInput& in, Recipe& recipe) {
    for (std::int32_t p : recipe.instructions) {
        const VirtualInstruction& again = in.at(p);
        if (std::holds_alternative<program::DmaCopy>(again.op)) recipe.traffic_bytes += dma_bytes(in.spec, again);
        else recipe.engines += cost::engine_cost(in.spec, instruction(again), false).occupancy;
    }
    recipe.traffic_bytes += static_cast<std::int64_t>(kInTheWay * seconds(recipe.engines) * in.bytes_per_second);
    for (BufferId o : recipe.loaded) recipe.load_bytes += in.load_traffic[in.uses.sole_load[o]];
}

}  // namespace infsim::compiler
