// Wrong Programs made on purpose: seeded edits of the kinds that a compiler gets wrong. A test asks which of
// them verifier, race check or data find.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/text.hpp"
#include "program/operands.hpp"
#include "support/mutate_operands.hpp"

namespace infsim::testing {

enum class Mutation : std::uint8_t {
    drop_wait,          ///< one wait of one instruction is gone
    post_early,         ///< a wait asks for one or more instructions fewer
    shift_address,      ///< an on-chip operand lies an element further, or nearer
    shift_dram,         ///< the DRAM side of a DMA lies an element further, or nearer
    wrong_partition,    ///< an operand starts a partition further, or nearer
    wrong_step,         ///< one step of an operand is off by one
    shorten_lifetime,   ///< an allocation ends before its last use
    swap_taps,          ///< two stationary loads of the same shape exchange their sources
    skip_row,           ///< a matmul leaves out the last row of its rectangle
    flip_accumulate,    ///< a matmul starts its sum anew, or adds to an old one
    drop_instruction,   ///< an instruction does nothing (its place in the queue stays, or all counts would
                        ///< shift)
    swap_instructions,  ///< two neighbours of a queue change places
    wrong_scalar,       ///< an immediate, a scale or a reduction's factor is another
    wrong_function,     ///< ACT applies another function, POOL another operation
    wrong_recipe,       ///< a weight segment takes its values one element further
};
constexpr int kMutations = static_cast<int>(Mutation::wrong_recipe) + 1;

inline const char* name(Mutation m) {
    constexpr std::array<const char*, kMutations> names{
        "drop_wait",        "post_early",        "shift_address", "shift_dram",     "wrong_partition",
        "wrong_step",       "shorten_lifetime",  "swap_taps",     "skip_row",       "flip_accumulate",
        "drop_instruction", "swap_instructions", "wrong_scalar",  "wrong_function", "wrong_recipe"};
    return names[static_cast<std::size_t>(m)];
}

struct Mutant {
    program::Program program;
    Mutation mutation = Mutation::drop_wait;
    std::string what;  ///< "drop_wait: q0[17] matmul, wait 1": enough to find it again
};

/// One random edit of kind `mutation`; empty where the Program offers no place for it.
std::optional<Mutant> mutate(const program::Program& program, Mutation mutation, RandomStream& random);

namespace detail {
struct Edit {
    Program& p;
    RandomStream& random;
    std::string where;

    bool located(std::optional<InstructionId> id, const std::string& detail = {}) {
        if (!id) return false;
        where =
            "q" + std::to_string(id->queue) + "[" + std::to_string(id->index) + "] " + mnemonic(at(p, *id).op) + detail;
        return true;
    }
    AccessPattern& operand(InstructionId id) {
        const auto all = patterns(at(p, id).op);
        return *all[static_cast<std::size_t>(random.uniform_int(0, static_cast<std::int64_t>(all.size()) - 1))];
    }

    bool drop_wait() {
        const auto id = draw(p, random, [](const Instruction& i) { return i.waits.size() > 0; });
        if (!located(id)) return false;
        Waits& old = at(p, *id).waits;
        const auto dropped = random.uniform_int(0, old.size() - 1);
        Waits kept;
        for (int w = 0; w < old.size(); ++w)
            if (w != dropped) kept.push(old[w]);
        old = kept;
        where += ", wait " + std::to_string(dropped);
        return true;
    }
    bool post_early() {
        const auto fits = [](const Instruction& i) {
            for (int w = 0; w < i.waits.size(); ++w)
                if (i.waits[w].count > 1) return true;
            return false;
        };
        const auto id = draw(p, random, fits);
        if (!located(id)) return false;
        Waits& waits = at(p, *id).waits;
        int w = 0;
        do w = static_cast<int>(random.uniform_int(0, waits.size() - 1));
        while (waits.count[w] <= 1);
        waits.count[w] -=
            static_cast<std::uint32_t>(random.uniform_int(1, std::min<std::int64_t>(4, waits.count[w] - 1)));
        where += ", wait " + std::to_string(w);
        return true;
    }
    bool shift_address() {
        const auto id = draw(p, random, has_operands);
        if (!located(id)) return false;
        AccessPattern& a = operand(*id);
        a.offset = moved(a.offset, dtype_bytes(a.dtype), random);
        return true;
    }
    bool shift_dram() {
        const auto id = draw(p, random, [](Instruction i) { return dram(i.op) != nullptr; });
        if (!located(id)) return false;
        DramPattern& d = *dram(at(p, *id).op);
        d.offset = moved(d.offset, dtype_bytes(patterns(at(p, *id).op).back()->dtype), random);
        return true;
    }
    bool wrong_partition() {
        const auto id = draw(p, random, has_operands);
        if (!located(id)) return false;
        AccessPattern& a = operand(*id);
        a.partition_start = static_cast<std::uint16_t>(moved(a.partition_start, 1, random));
        return true;
    }
    bool wrong_step() {
        const auto id = draw(p, random, [](Instruction i) {
            for (AccessPattern* a : patterns(i.op))
                if (outer_dim(*a) >= 0) return true;
            return false;
        });
        if (!located(id)) return false;
        AccessPattern* a = nullptr;
        do a = &operand(*id);
        while (outer_dim(*a) < 0);
        auto& step = a->step[outer_dim(*a)];
        step = static_cast<std::uint16_t>(moved(step, 1, random));
        return true;
    }
    bool shorten_lifetime() {
        std::vector<Allocation*> candidates;
        for (Allocation& a : p.allocations)
            if (a.last_sequence > a.first_sequence) candidates.push_back(&a);
        if (candidates.empty()) return false;
        Allocation& a = *candidates[static_cast<std::size_t>(
            random.uniform_int(0, static_cast<std::int64_t>(candidates.size()) - 1))];
        --a.last_sequence;
        where = "allocation '" + a.name + "'";
        return true;
    }
    bool swap_taps() {
        const auto is_load = [](const Instruction& i) { return std::holds_alternative<LoadStationary>(i.op); };
        const auto one = draw(p, random, is_load);
        if (!located(one)) return false;
        AccessPattern& a = std::get<LoadStationary>(at(p, *one).op).src;
        const auto other = draw(p, random, [&](const Instruction& i) {
            if (!is_load(i)) return false;
            const AccessPattern& b = std::get<LoadStationary>(i.op).src;
            return b.partition_start == a.partition_start && b.partition_count == a.partition_count &&
                   elements(b) == elements(a) && b.offset != a.offset && i.layer == at(p, *one).layer;
        });
        if (!other) return false;
        std::swap(a, std::get<LoadStationary>(at(p, *other).op).src);
        where += " with q" + std::to_string(other->queue) + "[" + std::to_string(other->index) + "]";
        return true;
    }
    bool skip_row() {
        const auto id = draw(p, random, [](const Instruction& i) {
            const auto* m = std::get_if<Matmul>(&i.op);
            return m != nullptr && outer_dim(m->moving) >= 0 && outer_dim(m->dst) >= 0 &&
                   m->moving.count[outer_dim(m->moving)] == m->dst.count[outer_dim(m->dst)];
        });
        if (!located(id)) return false;
        Matmul& m = std::get<Matmul>(at(p, *id).op);
        --m.moving.count[outer_dim(m.moving)];
        --m.dst.count[outer_dim(m.dst)];
        return true;
    }
    bool flip_accumulate() {
        const auto id = draw(p, random, [](const Instruction& i) { return std::holds_alternative<Matmul>(i.op); });
        if (!located(id)) return false;
        Matmul& m = std::get<Matmul>(at(p, *id).op);
        m.accumulate = !m.accumulate;
        return true;
    }
    bool drop_instruction() {
        const auto id = draw(p, random, has_operands);
        if (!located(id)) return false;
        at(p, *id).op = Sync{};
        return true;
    }
    bool swap_instructions() {
        const auto id = draw(p, random, has_operands);
        if (!located(id) || id->index + 1 == p.queues[id->queue].instructions.size()) return false;
        Instruction& a = at(p, *id);
        Instruction& b = p.queues[id->queue].instructions[id->index + 1];
        std::swap(a, b);
        std::swap(a.sequence, b.sequence);
        return true;
    }
    bool wrong_scalar() {
        const auto id = draw(p, random, [](const Instruction& i) {
            if (const auto* s = std::get_if<TensorScalar>(&i.op))
                return s->scalar0.kind == ScalarOperand::Kind::immediate;
            return std::holds_alternative<Activate>(i.op) || std::holds_alternative<Reduce>(i.op) ||
                   std::holds_alternative<Memset>(i.op);
        });
        if (!located(id)) return false;
        Operation& op = at(p, *id).op;
        if (auto* s = std::get_if<TensorScalar>(&op)) s->scalar0.value += 1.0F;
        if (auto* a = std::get_if<Activate>(&op)) a->scale *= 1.5F;
        if (auto* r = std::get_if<Reduce>(&op)) r->scale *= 1.5F;
        if (auto* m = std::get_if<Memset>(&op)) m->value = m->value == 0.0F ? 1.0F : 0.0F;
        return true;
    }
    bool wrong_function() {
        const auto id = draw(p, random, [](const Instruction& i) {
            return std::holds_alternative<Activate>(i.op) || std::holds_alternative<TensorTensor>(i.op);
        });
        if (!located(id)) return false;
        Operation& op = at(p, *id).op;
        if (auto* a = std::get_if<Activate>(&op))
            a->function = a->function == ActFunction::identity ? ActFunction::relu : ActFunction::identity;
        if (auto* t = std::get_if<TensorTensor>(&op)) t->op = t->op == AluOp::add ? AluOp::subtract : AluOp::add;
        return true;
    }
    bool wrong_recipe() {
        std::vector<RecipeBox*> boxes;
        for (Segment& s : p.segments)
            for (RecipeBox& b : s.recipe)
                if (b.tensor != kLiteral && b.tensor_offset > 0) boxes.push_back(&b);
        if (boxes.empty()) return false;
        const auto drawn = random.uniform_int(0, static_cast<std::int64_t>(boxes.size()) - 1);
        --boxes[static_cast<std::size_t>(drawn)]->tensor_offset;
        where = "box " + std::to_string(drawn);
        return true;
    }

    bool apply(Mutation m) {
        switch (m) {
            case Mutation::drop_wait: return drop_wait();
            case Mutation::post_early: return post_early();
            case Mutation::shift_address: return shift_address();
            case Mutation::shift_dram: return shift_dram();
            case Mutation::wrong_partition: return wrong_partition();
            case Mutation::wrong_step: return wrong_step();
            case Mutation::shorten_lifetime: return shorten_lifetime();
            case Mutation::swap_taps: return swap_taps();
            case Mutation::skip_row: return skip_row();
            case Mutation::flip_accumulate: return flip_accumulate();
            case Mutation::drop_instruction: return drop_instruction();
            case Mutation::swap_instructions: return swap_instructions();
            case Mutation::wrong_scalar: return wrong_scalar();
            case Mutation::wrong_function: return wrong_function();
            case Mutation::wrong_recipe: return wrong_recipe();
        }
        return false;
    }
};
}  // namespace detail

inline std::optional<Mutant> mutate(const program::Program& program, Mutation mutation, RandomStream& random) {
    Mutant mutant{program, mutation, {}};
    detail::Edit edit{mutant.program, random, {}};
    if (!edit.apply(mutation)) return std::nullopt;
    mutant.what = std::string(name(mutation)) + ": " + edit.where;
    return mutant;
}

}  // namespace infsim::testing
