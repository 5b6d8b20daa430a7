#include "compiler/memory/recompute.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/lifetimes.hpp"
#include "cost/cost.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

namespace {

constexpr double kInTheWay = 2;                 ///< see Recipe::traffic_bytes
constexpr std::int32_t kShortestGap = 16;       ///< instructions; what comes back sooner is not worth leaving for
constexpr std::size_t kMostInstructions = 128;  ///< of a recipe

/// visit(buffer) for every operand that the instruction reads.
template <class Visit>
void for_each_read(const VirtualInstruction& in, Visit&& visit) {
    const auto of = [&](int operand) { return in.buffer[static_cast<std::size_t>(operand)]; };
    for_each_operand(
        in.op,
        [&](const program::AccessPattern&, int operand, bool write) {
            if (!write && of(operand) != kNoBuffer) visit(of(operand));
        },
        [&](const program::ScalarOperand&, int operand) {
            if (of(operand) != kNoBuffer) visit(of(operand));
        });
}

class Cook {
public:
    Cook(const DryRun& dry_run, const hw::ChipSpec& spec, std::int64_t smallest)
        : smallest_(smallest),
          uses_(dry_run.uses),
          liveness_(dry_run.liveness),
          from_(dry_run.repeatable),
          spec_(spec),
          load_traffic_(dry_run.liveness.loads.size(), 0),
          bytes_per_second_(static_cast<double>(std::min(hw::sustained_dram_bandwidth(spec).count() / spec.cores,
                                                         hw::single_core_bandwidth(spec).count()))) {
        for (const VirtualInstruction& in : from_.loads) load_traffic_[in.load.index()] += dma_bytes(in);
    }

    Recipes run() {
        Recipes all;
        for (std::size_t b = 0; b < liveness_.buffers.size(); ++b) {
            all.begin.push_back(static_cast<std::uint32_t>(all.list.size()));
            if (liveness_.buffers[b].bytes >= smallest_ && can_be_made(static_cast<BufferId>(b), INT32_MAX))
                add_recipes(static_cast<BufferId>(b), all.list);
        }
        all.begin.push_back(static_cast<std::uint32_t>(all.list.size()));
        return all;
    }

private:
    struct Writes {
        BufferId buffer;
        std::int32_t until;
    };  ///< of the buffer, in front of `until`
    std::int64_t smallest_;
    const Uses& uses_;
    const Liveness& liveness_;
    const Repeatable& from_;
    const hw::ChipSpec& spec_;
    std::vector<std::int64_t> load_traffic_;  ///< by load
    double bytes_per_second_;

    std::uint32_t first_use(BufferId b) const { return uses_.begin[static_cast<std::size_t>(b)]; }
    std::uint32_t end_use(BufferId b) const { return uses_.begin[static_cast<std::size_t>(b) + 1]; }
    /// Index of the instruction at p among those that can be repeated, if it is one.
    std::optional<std::size_t> index_of(std::int32_t p) const {
        const auto found = std::lower_bound(from_.position.begin(), from_.position.end(), p);
        if (found == from_.position.end() || *found != p) return std::nullopt;
        return static_cast<std::size_t>(found - from_.position.begin());
    }
    const VirtualInstruction& at(std::int32_t p) const { return from_.instructions[*index_of(p)]; }
    /// visit(position) for every write of b in front of `until`, as long as it returns true; false if it did not once.
    template <class Visit>
    bool writes(BufferId b, std::int32_t until, Visit&& visit) const {
        const std::uint32_t end = uses_.write_begin[static_cast<std::size_t>(b) + 1];
        for (std::uint32_t w = uses_.write_begin[static_cast<std::size_t>(b)];
             w < end && uses_.write_position[w] < until; ++w)
            if (!visit(uses_.write_position[w])) return false;
        return true;
    }

    std::int64_t dma_bytes(const VirtualInstruction& in) const {
        return cost::dma_demand(spec_, instruction(in)).billed.count();
    }
    static program::Instruction instruction(const VirtualInstruction& in) {
        program::Instruction i;
        i.op = in.op;
        return i;
    }

    /// Whether all writes of b in front of `until` can be repeated, and there are any.
    bool can_be_made(BufferId b, std::int32_t until) const {
        bool any = false;
        return writes(b, until, [&](std::int32_t p) { return any = index_of(p).has_value(); }) && any;
    }

    void add_recipes(BufferId b, std::vector<Recipe>& list) const {
        const std::int32_t last_write = uses_.last_write(b, INT32_MAX);
        for (std::uint32_t u = first_use(b); u + 1 < end_use(b); ++u) {
            const std::int32_t after = uses_.position[u], before = uses_.position[u + 1];
            if (after < last_write || before - after < kShortestGap) continue;
            if (auto recipe = recipe_for(b, before)) list.push_back(std::move(*recipe));
        }
    }

    std::optional<Recipe> recipe_for(BufferId b, std::int32_t before) const {
        Recipe recipe;
        recipe.before = before;
        std::vector<Writes> work{{b, before}};
        for (std::size_t w = 0; w < work.size(); ++w) {
            const Writes wanted = work[w];  // `work` grows meanwhile
            const bool possible =
                writes(wanted.buffer, wanted.until, [&](std::int32_t p) { return add_instruction(p, recipe, work); });
            if (!possible) return std::nullopt;
        }
        std::sort(recipe.instructions.begin(), recipe.instructions.end());
        make_in_place(b, recipe);
        price(recipe);
        if (recipe.traffic_bytes >= 2 * uses_.written_bytes[static_cast<std::size_t>(b)]) return std::nullopt;
        return recipe;
    }

    bool add_instruction(std::int32_t p, Recipe& recipe, std::vector<Writes>& work) const {
        if (std::find(recipe.instructions.begin(), recipe.instructions.end(), p) != recipe.instructions.end())
            return true;
        recipe.instructions.push_back(p);
        bool possible = recipe.instructions.size() <= kMostInstructions;
        for_each_read(at(p), [&](BufferId o) { possible = possible && provide(o, p, recipe, work); });
        return possible;
    }

    /// Sees to it that the bytes which instruction p reads of `o` are there again; `work` gets the writes for that.
    bool provide(BufferId o, std::int32_t p, Recipe& recipe, std::vector<Writes>& work) const {
        const auto known = [&](const std::vector<BufferId>& list) {
            return std::find(list.begin(), list.end(), o) != list.end();
        };
        const bool made = o == work[0].buffer || known(recipe.made);
        if (made || known(recipe.loaded)) {
            const bool enough = !made || std::any_of(work.begin(), work.end(),
                                                     [&](const Writes& w) { return w.buffer == o && w.until >= p; });
            if (!enough) work.push_back({o, p});
            return enough || can_be_made(o, p);
        }
        if (stays_as_it_was(o, p, recipe.before)) {
            if (!known(recipe.kept)) recipe.kept.push_back(o);
            return true;
        }
        if (known(recipe.kept)) return false;  // others read it as it is, this one did not
        const std::int32_t sole = uses_.sole_load[static_cast<std::size_t>(o)];
        const bool load = sole >= 0 && load_traffic_[static_cast<std::size_t>(sole)] > 0;  // of constants or inputs
        (load ? recipe.loaded : recipe.made).push_back(o);
        if (!load) work.push_back({o, p});
        return load || can_be_made(o, p);
    }

    /// Whether o is alive at `before` with the bytes that instruction p found in it.
    bool stays_as_it_was(BufferId o, std::int32_t p, std::int32_t before) const {
        const Lifetime& life = liveness_.lives[static_cast<std::size_t>(o)];
        return life.first < before && life.last >= before && uses_.last_write(o, before - 1) < p &&
               uses_.last_write(o, before - 1) >= 0;
    }

    /// Follows the chain of what is computed element by element from something that nobody else wants: all of it can
    /// happen in the buffer of b.
    void make_in_place(BufferId b, Recipe& recipe) const {
        for (std::optional<BufferId> from = source_in_place(b, recipe); from; from = source_in_place(*from, recipe)) {
            recipe.in_place.push_back(*from);
            recipe.made.erase(std::find(recipe.made.begin(), recipe.made.end(), *from));
        }
    }

    /// The buffer of `recipe.made` that is read wherever b is written, exactly there, once, and nowhere else.
    std::optional<BufferId> source_in_place(BufferId b, const Recipe& recipe) const {
        for (BufferId o : recipe.made) {
            const Buffer &mine = liveness_.buffers[static_cast<std::size_t>(b)],
                         &other = liveness_.buffers[static_cast<std::size_t>(o)];
            if (mine.bytes != other.bytes || mine.half != other.half) continue;
            std::vector<program::AccessPattern> made, taken;
            bool same = true;
            for (std::int32_t p : recipe.instructions) {
                const Operands operands = operands_of(at(p), o);
                const bool writes_b = written_by(at(p)) == b;
                if (written_by(at(p)) == o) made.push_back(operands.destination);
                same = same && operands.scalars == 0 && operands.sources.size() == (writes_b ? 1U : 0U);
                if (!same) break;
                if (!writes_b) continue;
                taken.push_back(operands.sources[0]);
                same = equal(operands.sources[0], operands.destination) && made.size() >= taken.size() &&
                       equal(made[taken.size() - 1], taken.back());
                for (std::size_t t = 0; same && t + 1 < taken.size(); ++t) same = apart(taken[t], taken.back());
            }
            if (same && made.size() == taken.size()) return o;
        }
        return std::nullopt;
    }

    /// What an instruction writes, and how it reads `o`.
    struct Operands {
        program::AccessPattern destination;
        std::vector<program::AccessPattern> sources;
        int scalars = 0;
    };
    static Operands operands_of(const VirtualInstruction& in, BufferId o) {
        Operands found;
        for_each_operand(
            in.op,
            [&](const program::AccessPattern& ap, int operand, bool write) {
                if (write) found.destination = ap;
                else if (in.buffer[static_cast<std::size_t>(operand)] == o) found.sources.push_back(ap);
            },
            [&](const program::ScalarOperand&, int operand) {
                found.scalars += in.buffer[static_cast<std::size_t>(operand)] == o ? 1 : 0;
            });
        return found;
    }
    static BufferId written_by(const VirtualInstruction& in) {
        BufferId b = kNoBuffer;
        for_each_operand(
            in.op,
            [&](const program::AccessPattern&, int operand, bool write) {
                if (write) b = in.buffer[static_cast<std::size_t>(operand)];
            },
            [](const program::ScalarOperand&, int) {});
        return b;
    }
    static bool equal(const program::AccessPattern& a, const program::AccessPattern& b) {
        return a.step == b.step && a.count == b.count && a.offset == b.offset &&
               a.partition_start == b.partition_start && a.partition_count == b.partition_count && a.dtype == b.dtype;
    }
    static bool apart(const program::AccessPattern& a, const program::AccessPattern& b) {
        const auto before = [](std::int64_t end, std::int64_t start) { return end <= start; };
        return before(program::end_offset(a), b.offset) || before(program::end_offset(b), a.offset) ||
               before(a.partition_start + a.partition_count, b.partition_start) ||
               before(b.partition_start + b.partition_count, a.partition_start);
    }

    void price(Recipe& recipe) const {
        for (std::int32_t p : recipe.instructions) {
            if (std::holds_alternative<program::DmaCopy>(at(p).op)) recipe.traffic_bytes += dma_bytes(at(p));
            else recipe.engines += cost::engine_cost(spec_, instruction(at(p)), false).occupancy;
        }
        recipe.traffic_bytes += static_cast<std::int64_t>(kInTheWay * seconds(recipe.engines) * bytes_per_second_);
        for (BufferId o : recipe.loaded)
            recipe.load_bytes += load_traffic_[static_cast<std::size_t>(uses_.sole_load[static_cast<std::size_t>(o)])];
    }
};

}  // namespace

std::int32_t Recipes::find(BufferId b, std::int32_t before) const {
    if (list.empty()) return -1;
    const auto first = list.begin() + begin[static_cast<std::size_t>(b)],
               last = list.begin() + begin[static_cast<std::size_t>(b) + 1];
    const auto found =
        std::lower_bound(first, last, before, [](const Recipe& r, std::int32_t at) { return r.before < at; });
    return found != last && found->before == before ? static_cast<std::int32_t>(found - list.begin()) : -1;
}

Recipes recipes_of(const DryRun& dry_run, const hw::ChipSpec& spec, std::int64_t smallest) {
    return Cook(dry_run, spec, smallest).run();
}

bool repeatable(const VirtualInstruction& in) {
    if (in.load.exists()) return false;
    const bool kind = std::visit(
        [](const auto& op) {
            using T = std::decay_t<decltype(op)>;
            return std::is_same_v<T, program::Activate> || std::is_same_v<T, program::TensorTensor> ||
                   std::is_same_v<T, program::TensorScalar> || std::is_same_v<T, program::Reduce> ||
                   std::is_same_v<T, program::Memset> || std::is_same_v<T, program::DmaCopy>;
        },
        in.op);
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
