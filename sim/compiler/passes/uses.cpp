#include "compiler/passes/uses.hpp"

#include <algorithm>
#include <utility>

#include "compiler/passes/coverage.hpp"

namespace infsim::compiler {

namespace {

/// Visits the state-buffer operands of an instruction: visit(buffer, is_write).
template <class Visit>
void for_each_buffer(const VirtualInstruction& in, Visit&& visit) {
    VirtualInstruction& mutable_in = const_cast<VirtualInstruction&>(in);   // for_each_operand hands out what finish() changes
    for_each_operand(
        mutable_in.op,
        [&](program::AccessPattern&, int operand, bool write) {
            if (const BufferId b = in.buffer[static_cast<std::size_t>(operand)]; b != kNoBuffer) visit(b, write);
        },
        [&](program::ScalarOperand&, int operand) {
            if (const BufferId b = in.buffer[static_cast<std::size_t>(operand)]; b != kNoBuffer) visit(b, false);
        });
}

/// visit(buffer, pattern) for every operand in the state buffer that the instruction writes.
template <class Visit>
void for_each_written(const VirtualInstruction& in, Visit&& visit) {
    VirtualInstruction& mutable_in = const_cast<VirtualInstruction&>(in);
    for_each_operand(
        mutable_in.op,
        [&](program::AccessPattern& ap, int operand, bool write) {
            if (const BufferId b = in.buffer[static_cast<std::size_t>(operand)]; write && b != kNoBuffer) visit(b, std::as_const(ap));
        },
        [](program::ScalarOperand&, int) {});
}

/// A use of a buffer, in the order of the code.
struct Use { BufferId buffer; std::int32_t position; bool write; };

std::vector<Use> all_uses(const Code& code) {
    std::vector<Use> list;
    for (std::size_t p = 0; p < code.instructions.size(); ++p) {
        const std::size_t mine = list.size();
        for_each_buffer(code.instructions[p], [&](BufferId b, bool write) {
            const auto same = std::find_if(list.begin() + static_cast<std::ptrdiff_t>(mine), list.end(), [&](const Use& u) { return u.buffer == b; });
            if (same != list.end()) same->write = same->write || write;
            else list.push_back({b, static_cast<std::int32_t>(p), write});
        });
    }
    return list;
}

std::vector<std::int64_t> written_bytes(const Code& code) {
    std::vector<Coverage> coverage(code.buffers.size());
    for (const VirtualInstruction& in : code.instructions)
        for_each_written(in, [&](BufferId b, const program::AccessPattern& ap) { coverage[static_cast<std::size_t>(b)].add(ap); });
    std::vector<std::int64_t> bytes;
    for (const Coverage& c : coverage) {
        bytes.push_back(0);
        for (const Piece& piece : c.pieces()) bytes.back() += piece.partitions * piece.bytes;
    }
    return bytes;
}

}  // namespace

Uses uses_of(const Code& code) {
    const std::vector<Use> list = all_uses(code);
    const std::size_t n = code.buffers.size();
    Uses uses;
    uses.begin.assign(n + 1, 0);
    for (const Use& u : list) ++uses.begin[static_cast<std::size_t>(u.buffer) + 1];
    for (std::size_t b = 0; b < n; ++b) uses.begin[b + 1] += uses.begin[b];
    uses.position.resize(list.size());
    uses.written.resize(list.size());
    std::vector<std::uint32_t> next(uses.begin.begin(), uses.begin.end() - 1);
    for (const Use& u : list) {
        const auto b = static_cast<std::size_t>(u.buffer);
        const std::uint32_t at = next[b]++;
        uses.position[at] = u.position;
        uses.written[at] = u.write ? u.position : at == uses.begin[b] ? -1 : uses.written[at - 1];
    }
    uses.last_load.assign(n, -1);
    for (std::size_t p = 0; p < code.instructions.size(); ++p)
        if (code.instructions[p].load >= 0)
            for (BufferId b : code.instructions[p].buffer)
                if (b != kNoBuffer) uses.last_load[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(p);
    uses.sole_load = sole_loads(code);
    uses.written_bytes = written_bytes(code);
    return uses;
}

std::vector<std::int32_t> sole_loads(const Code& code) {
    constexpr std::int32_t kNone = -1, kUnseen = -2;
    std::vector<std::int32_t> sole(code.buffers.size(), kUnseen);
    for (const VirtualInstruction& in : code.instructions) {
        const auto* dma = std::get_if<program::DmaLoad>(&in.op);
        const bool from_outside = !dma || code.segments[dma->src.segment].purpose != program::Purpose::spill;
        for_each_buffer(in, [&](BufferId b, bool write) {
            if (!write) return;
            std::int32_t& s = sole[static_cast<std::size_t>(b)];
            const std::int32_t load = from_outside ? in.load : kNone;
            s = s == kUnseen || s == load ? load : kNone;
        });
    }
    // A load that fills one buffer and reads another (rows that move on) does not stand alone.
    for (const VirtualInstruction& in : code.instructions)
        if (in.load >= 0)
            for_each_buffer(in, [&](BufferId b, bool write) {
                if (!write && sole[static_cast<std::size_t>(b)] != in.load)
                    for (std::int32_t& s : sole)
                        if (s == in.load) s = kNone;
            });
    for (std::int32_t& s : sole) s = std::max(s, kNone);
    return sole;
}

}  // namespace infsim::compiler
