#include "compiler/passes/fit.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "compiler/passes/coverage.hpp"
#include "compiler/passes/lifetimes.hpp"
#include "compiler/passes/settle.hpp"

namespace infsim::compiler {

std::vector<std::int64_t> budget_ladder(std::int64_t capacity) {
    std::vector<std::int64_t> rungs;
    std::int64_t unit = 1;
    while (unit * 8 <= capacity) unit *= 2;
    for (; unit >= 1 && rungs.size() < 12; unit /= 2)
        for (std::int64_t n = 7; n >= 4 && rungs.size() < 12; --n)
            if (n * unit <= capacity) rungs.push_back(n * unit);
    return rungs;
}

namespace {

/// By buffer, over all partitions: bytes that something writes.
std::vector<std::int64_t> written_bytes(const Code& code) {
    std::vector<Coverage> coverage(code.buffers.size());
    for (const VirtualInstruction& in : code.instructions) {
        VirtualInstruction copy = in;
        for_each_operand(
            copy.op,
            [&](program::AccessPattern& ap, int operand, bool write) {
                if (const BufferId b = in.buffer[static_cast<std::size_t>(operand)]; write && b != kNoBuffer) coverage[static_cast<std::size_t>(b)].add(ap);
            },
            [](program::ScalarOperand&, int) {});
    }
    std::vector<std::int64_t> bytes;
    for (const Coverage& c : coverage) {
        bytes.push_back(0);
        for (const Piece& piece : c.pieces()) bytes.back() += piece.partitions * piece.bytes;
    }
    return bytes;
}

struct Candidate {
    std::size_t plan = 0;
    std::int64_t cost = 0, budget = 0;
    std::vector<Eviction> evictions;
};

class Fitting {
public:
    Fitting(const std::vector<Plan>& plans, const std::function<Code(const Plan&)>& emit, const std::vector<program::LayerInfo>& layers,
            const FitOptions& options)
        : plans_(plans), emit_(emit), layers_(layers), options_(options) {}

    std::variant<Fitted, DoesNotFit> run() {
        for (const Plan& plan : plans_) {
            try {
                Code code = emit_(plan);
                usable_.push_back(plan);
                if (auto fitted = try_place(std::move(code), {}, [this, plan] { return emit_(plan); })) {
                    fitted->plan = plan;
                    return std::move(*fitted);
                }
            } catch (const Shortage& s) {
                if (!shortage_) shortage_ = s.reason;
            }
        }
        if (usable_.empty()) return std::move(*shortage_);
        if (options_.evictions.rematerialization)
            if (auto fitted = with_evictions(false)) return std::move(*fitted);
        if (options_.evictions.spill) {
            if (auto fitted = with_evictions(true)) return std::move(*fitted);
            if (least_room_) return std::move(*least_room_);
        }
        return explained();
    }

private:
    const std::vector<Plan>& plans_;
    const std::function<Code(const Plan&)>& emit_;
    const std::vector<program::LayerInfo>& layers_;
    const FitOptions& options_;
    std::vector<Plan> usable_;               ///< of `plans_`, those that the chip can run at all
    std::optional<DoesNotFit> shortage_;     ///< why others cannot
    std::optional<DoesNotFit> reason_, least_room_;
    std::function<Code()> closest_;          ///< makes the code that `reason_` is about
    int attempts_ = 0;

    /// `again` makes `code` once more, in case it comes closest of all that do not fit.
    std::optional<Fitted> try_place(Code code, SpillReport spills, std::function<Code()> again) {
        ++attempts_;
        auto placed = place(code, layers_, options_.place);
        if (auto* no = std::get_if<DoesNotFit>(&placed)) {
            if (!reason_ || no->wanted_bytes < reason_->wanted_bytes) {
                reason_ = std::move(*no);
                closest_ = std::move(again);
            }
            return std::nullopt;
        }
        return Fitted{std::move(code), std::move(std::get<Placement>(placed)), std::move(spills), {}, attempts_};
    }

    /// `reason_` with the lower bound and the capacity that the placement of its code would need.
    DoesNotFit explained() const {
        DoesNotFit why = *reason_;
        if (!options_.explain) return why;
        const Outline outline = outline_of(closest_());
        why.lower_bound_bytes = peak_of(outline.buffers, outline.lives, std::vector<bool>(outline.buffers.size(), true)).bytes;
        why.allocator_bytes = smallest_capacity(outline, *why.lower_bound_bytes);
        return why;
    }

    /// To a 512th: doubles the distance to the lower bound until everything has a place, then bisects.
    std::int64_t smallest_capacity(const Outline& outline, std::int64_t bound) const {
        const auto fits = [&](std::int64_t capacity) {
            PlaceOptions wider = options_.place;
            wider.capacity = capacity;
            return std::holds_alternative<Settled>(settle(outline, wider));
        };
        const std::int64_t grain = std::max<std::int64_t>(4, bound / 512 / 4 * 4);
        std::int64_t low = (bound + 3) / 4 * 4 - grain, step = grain;
        for (; !fits(low + step); step *= 2) low += step;
        std::int64_t high = low + step;
        while (high - low > grain) {
            const std::int64_t middle = low + (high - low) / 2 / 4 * 4;
            (fits(middle) ? high : low) = middle;
        }
        return high;
    }

    std::vector<Candidate> candidates_of(std::size_t plan, const Code& code, bool spill) {
        std::vector<Candidate> list;
        const auto bytes = written_bytes(code);
        EvictionOptions evictions = options_.evictions;
        evictions.spill = spill;
        const auto chosen_for = [&](std::int64_t budget) -> std::optional<NoRoom> {
            evictions.budget = budget;
            auto chosen = choose_evictions(code, evictions);
            if (auto* no = std::get_if<NoRoom>(&chosen)) return std::move(*no);
            Candidate c{plan, 0, budget, std::move(std::get<std::vector<Eviction>>(chosen))};
            for (const Eviction& e : c.evictions)
                c.cost += bytes[static_cast<std::size_t>(e.buffer)] * ((e.save ? 1 : 0) + 1);
            list.push_back(std::move(c));
            return std::nullopt;
        };
        for (std::int64_t budget : budget_ladder(options_.place.capacity))
            if (chosen_for(budget)) break;   // then a smaller budget has no room either
        if (!list.empty()) return list;
        // What the capacity has between its highest rung and its end may be just enough.
        if (const auto no = chosen_for(options_.place.capacity); no && spill) note_no_room(code, *no);
        return list;
    }

    /// What binds now is what no eviction can take away.
    void note_no_room(const Code& code, const NoRoom& no) {
        if (least_room_ && least_room_->wanted_bytes <= no.wanted) return;
        DoesNotFit why;
        why.resource = resource::state_buffer;
        why.unit = "B/partition";
        why.binding = options_.place.capacity_binding;
        why.instant = no.position;
        why.instants = static_cast<std::int64_t>(code.instructions.size());
        why.lower_bound_bytes = no.wanted;
        why.layer = layers_.at(code.instructions[static_cast<std::size_t>(no.position)].layer).name;
        why.wanted_bytes = no.wanted;
        why.available_bytes = options_.place.capacity;
        why.tensors = tensors_of(code, lifetimes_of(code), no.buffers, layers_);
        why.text = fmt::format("layer {} needs {} bytes per partition of the state buffer at once, {} are there{}: {} bytes too many, and "
                               "spilling cannot help; needed at once: {}",
                               why.layer, why.wanted_bytes, why.available_bytes, options_.place.capacity_note, why.wanted_bytes - why.available_bytes, to_text(why.tensors));
        least_room_ = std::move(why);
    }

    Code evicted(const Candidate& c, SpillReport& spills) const {
        Code code = emit_(usable_[c.plan]);
        spills = apply_evictions(code, c.evictions, options_.spill_region);
        return code;
    }

    std::optional<Fitted> with_evictions(bool spill) {
        std::vector<Candidate> all;
        for (std::size_t p = 0; p < usable_.size(); ++p) {
            auto list = candidates_of(p, emit_(usable_[p]), spill);
            std::move(list.begin(), list.end(), std::back_inserter(all));
        }
        std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
            return std::tie(a.cost, b.budget, a.plan) < std::tie(b.cost, a.budget, b.plan);
        });
        for (const Candidate& c : all) {
            SpillReport spills;
            Code code = evicted(c, spills);
            if (spills.segment_bytes > std::int64_t{UINT32_MAX}) continue;
            if (auto fitted = try_place(std::move(code), std::move(spills), [this, c] {
                    SpillReport unused;
                    return evicted(c, unused);
                })) {
                fitted->plan = usable_[c.plan];
                return fitted;
            }
        }
        return std::nullopt;
    }
};

}  // namespace

std::variant<Fitted, DoesNotFit> fit(const std::vector<Plan>& plans, const std::function<Code(const Plan&)>& emit,
                                     const std::vector<program::LayerInfo>& layers, const FitOptions& options) {
    return Fitting(plans, emit, layers, options).run();
}

}  // namespace infsim::compiler
