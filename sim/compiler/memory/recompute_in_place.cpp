// Intermediates of a recipe that can be made directly in the buffer of its result.
#include <algorithm>
#include <vector>

#include "compiler/memory/recompute_planner.hpp"

namespace infsim::compiler {

namespace {

/// What an instruction writes, and how it reads one buffer.
struct Operands {
    BufferId written;
    program::AccessPattern destination;
    std::vector<program::AccessPattern> sources;
    int scalars = 0;
};

Operands operands_of(const VirtualInstruction& in, BufferId read) {
    Operands found;
    const auto buffer = [&](int operand) { return in.buffer[static_cast<std::size_t>(operand)]; };
    for_each_operand(
        in.op,
        [&](const program::AccessPattern& ap, int operand, bool write) {
            if (write) {
                found.written = buffer(operand);
                found.destination = ap;
            } else if (buffer(operand).value() == read.value()) {
                found.sources.push_back(ap);
            }
        },
        [&](const program::ScalarOperand&, int operand) {
            found.scalars += buffer(operand).value() == read.value() ? 1 : 0;
        });
    return found;
}

bool equal(const program::AccessPattern& a, const program::AccessPattern& b) {
    return a.step == b.step && a.count == b.count && a.offset == b.offset && a.partition_start == b.partition_start &&
           a.partition_count == b.partition_count && a.dtype == b.dtype;
}

bool apart(const program::AccessPattern& a, const program::AccessPattern& b) {
    const auto before = [](std::int64_t end, std::int64_t start) { return end <= start; };
    return before(program::end_offset(a), b.offset) || before(program::end_offset(b), a.offset) ||
           before(a.partition_start + a.partition_count, b.partition_start) ||
           before(b.partition_start + b.partition_count, a.partition_start);
}

/// The patterns by which a candidate was made, and those by which it has been taken over so far.
struct Patterns {
    std::vector<program::AccessPattern> made, taken;
};

/// Whether a write of the result reads the candidate exactly where it writes, in the order in which the candidate was
/// made, and for the first time.
bool takes_over(const Operands& operands, Patterns& patterns) {
    auto& [made, taken] = patterns;
    taken.push_back(operands.sources[0]);
    const program::AccessPattern& mine = taken.back();
    return equal(mine, operands.destination) && made.size() >= taken.size() && equal(made[taken.size() - 1], mine) &&
           std::all_of(taken.begin(), taken.end() - 1,
                       [&](const program::AccessPattern& before) { return apart(before, mine); });
}

/// Whether o is read exactly where b is written, once each, and nowhere else.
bool can_become(const RecomputeInput& in, BufferId o, BufferId b, const Recipe& recipe) {
    const Buffer &mine = in.liveness.buffers[b], &other = in.liveness.buffers[o];
    if (mine.bytes != other.bytes || mine.half != other.half) return false;
    Patterns patterns;
    for (std::int32_t p : recipe.instructions) {
        const Operands operands = operands_of(in.at(p), o);
        const bool writes_b = operands.written.value() == b.value();
        if (operands.written.value() == o.value()) patterns.made.push_back(operands.destination);
        if (operands.scalars > 0 || operands.sources.size() != (writes_b ? 1U : 0U)) return false;
        if (writes_b && !takes_over(operands, patterns)) return false;
    }
    return patterns.made.size() == patterns.taken.size();
}

/// The first of `recipe.made` that can become b.
std::optional<BufferId> source_in_place(const RecomputeInput& in, BufferId b, const Recipe& recipe) {
    for (BufferId o : recipe.made)
        if (can_become(in, o, b, recipe)) return o;
    return std::nullopt;
}

}  // namespace

void make_in_place(const RecomputeInput& in, BufferId b, Recipe& recipe) {
    for (auto from = source_in_place(in, b, recipe); from; from = source_in_place(in, *from, recipe)) {
        recipe.in_place.push_back(*from);
        recipe.made.erase(std::find(recipe.made.begin(), recipe.made.end(), *from));
    }
}

}  // namespace infsim::compiler
