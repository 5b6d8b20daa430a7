#include "compiler/ir/verify_code.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "compiler/ir/violations.hpp"
#include "program/operands.hpp"

namespace infsim::compiler {

namespace {

using program::AccessPattern;

/// The hull of what has been written to a buffer, and the position of the last write.
struct Hull {
    std::int64_t begin = 0, end = 0;  ///< bytes within each partition
    int first = 0, last = 0;          ///< partitions [first, last)
    std::int32_t position = -1;       ///< of the last write

    void add(const AccessPattern& ap, std::int32_t at) {
        const int behind = ap.partition_start + ap.partition_count;
        const bool fresh = position < 0;
        begin = fresh ? ap.offset : std::min<std::int64_t>(begin, ap.offset);
        end = fresh ? program::end_offset(ap) : std::max(end, program::end_offset(ap));
        first = fresh ? ap.partition_start : std::min<int>(first, ap.partition_start);
        last = fresh ? behind : std::max(last, behind);
        position = at;
    }
    bool holds(const AccessPattern& ap) const {
        return position >= 0 && ap.offset >= begin && program::end_offset(ap) <= end && ap.partition_start >= first &&
               ap.partition_start + ap.partition_count <= last;
    }
};

struct CodeCheck {
    const Code& code;
    const CodeFrame& frame;
    Violations violations;
    IdVector<BufferId, Hull> written;
    /// By segment and first byte: the last store that begins there.
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int32_t> stored;
    IdVector<LoadId, std::int32_t> last_of_load;  ///< position of a load's last instruction so far, -1: none

    CodeCheck(const Code& c, const CodeFrame& f, std::size_t limit)
        : code(c), frame(f), violations(limit), written(c.buffers.size()), last_of_load(c.loads.size(), -1) {}
};

/// An instruction, its position, and the beginning of messages about it.
struct At {
    const VirtualInstruction& in;
    std::int32_t position;
    std::string text() const { return fmt::format("{} {} of layer {}", position, program::mnemonic(in.op), in.layer); }
};

template <class... Args>
bool require(CodeCheck& check, bool holds, const At& at, const char* form, const Args&... args) {
    if (!holds) check.violations.add(at.text() + ": " + fmt::format(fmt::runtime(form), args...));
    return holds;
}

void verify_frame(CodeCheck& check) {
    const auto& target = check.frame.target;
    Violations& v = check.violations;
    v.require(check.code.queues.size() <= static_cast<std::size_t>(target.max_queues), "queues",
              fmt::format("{}, {} can be used", check.code.queues.size(), target.max_queues));
    for (std::size_t q = 0; q < check.code.queues.size(); ++q) {
        const program::Queue& queue = check.code.queues[q];
        const bool there = queue.engine == program::Engine::dma
                               ? queue.engine_index < target.dma_engines && queue.ring < target.rings_per_engine
                               : queue.engine_index == 0 && queue.ring == 0;
        v.require(there, fmt::format("queue {}", q), "of an engine or ring that does not exist");
        v.require(queue.instructions.empty(), fmt::format("queue {}", q), "has instructions already");
    }
    for (const program::Segment& s : check.code.segments) {
        v.require(s.bytes > 0, "segment '" + s.name + "'", "has no bytes");
        v.require(s.region < target.dram_regions, "segment '" + s.name + "'", "lies in a region that does not exist");
    }
}

void verify_buffers(CodeCheck& check) {
    BufferId id(0);
    for (const Buffer& b : check.code.buffers) {
        const std::string where = fmt::format("buffer b{} '{}'", id.value(), b.name);
        ++id;
        check.violations.require(b.bytes > 0, where, "has no bytes");
        check.violations.require(b.layer < check.frame.layers, where, "is of a layer that does not exist");
        check.violations.require(b.images >= 1 && b.images <= check.frame.images, where,
                                 fmt::format("holds {} images of {}", b.images, check.frame.images));
    }
}

/// Static loads fill static buffers, before everything else.
void verify_static_loads(CodeCheck& check) {
    for (const StaticLoad& load : check.code.static_loads) {
        const bool exists = load.buffer.exists() && load.buffer.index() < check.code.buffers.size();
        check.violations.require(exists, "static load", "fills a buffer that does not exist");
        if (!exists) continue;
        const Buffer& buffer = check.code.buffers[load.buffer];
        check.violations.require(buffer.is_static, "static load", "fills '" + buffer.name + "', which is not static");
        check.violations.require(program::end_offset(load.op.dst) <= buffer.bytes, "static load",
                                 fmt::format("writes '{}' beyond its {} bytes", buffer.name, buffer.bytes));
        check.written[load.buffer].add(load.op.dst, 0);
    }
}

void verify_loads(CodeCheck& check) {
    LoadId id(0);
    for (const Load& load : check.code.loads) {
        const std::string where = fmt::format("load {}", id.value());
        ++id;
        const BufferId buffer = load.buffer;
        check.violations.require(buffer.exists() && buffer.index() < check.code.buffers.size(), where,
                                 "fills a buffer that does not exist");
        check.violations.require(load.stream >= 0 && load.stream < kLoadStreams, where,
                                 fmt::format("is of stream {}", load.stream));
        check.violations.require(load.earliest >= 0, where, "may stand in front of everything");
    }
}

/// Partitions of the state buffer that a buffer takes.
std::pair<int, int> partitions_of(Half half, int all) {
    return {half == Half::upper ? all / 2 : 0, half == Half::lower ? all / 2 : all};
}

void verify_psum(CodeCheck& check, const At& at, const AccessPattern& ap, BufferId buffer) {
    const auto& target = check.frame.target;
    require(check, !buffer.exists(), at, "an operand in PSUM has buffer b{}", buffer.value());
    const bool inside = program::end_offset(ap) <= target.psum_banks * target.psum_bank_bytes &&
                        ap.partition_start + ap.partition_count <= target.psum_partitions;
    require(check, inside, at, "an operand leaves PSUM");
}

void verify_in_buffer(CodeCheck& check, const At& at, const AccessPattern& ap, BufferId id, bool write) {
    if (!require(check, id.exists() && id.index() < check.code.buffers.size(), at, "an operand without a buffer"))
        return;
    const Buffer& buffer = check.code.buffers[id];
    const char* does = write ? "writes" : "reads";
    const auto [first, last] = partitions_of(buffer.half, check.frame.target.sb_partitions);
    bool good = require(check, program::end_offset(ap) <= buffer.bytes, at, "{} b{} beyond its {} bytes", does,
                        id.value(), buffer.bytes);
    good = require(check, ap.partition_start >= first && ap.partition_start + ap.partition_count <= last, at,
                   "{} b{} outside of partitions {} to {}", does, id.value(), first, last - 1) &&
           good;
    if (!good) return;
    if (write) require(check, !buffer.is_static, at, "writes b{}, which is static", id.value());
    if (!write) {
        require(check, check.written[id].holds(ap), at, "reads bytes of b{} that nothing has written", id.value());
        return;
    }
    check.written[id].add(ap, at.position);
}

/// Calls visit(pattern, operand, write) for every operand on chip; a scalar is a pattern of one element.
template <class Visit>
void for_each_pattern(const VirtualInstruction& in, Visit&& visit) {
    int lanes = 0;
    for_each_operand(
        in.op,
        [&](const AccessPattern& ap, int operand, bool write) {
            if (operand == 0) lanes = ap.partition_count;
            visit(ap, operand, write);
        },
        [&](const program::ScalarOperand& s, int operand) {
            if (const auto ap = program::scalar_pattern(s, static_cast<std::uint16_t>(lanes)))
                visit(*ap, operand, false);
        });
}

void verify_operands(CodeCheck& check, const At& at) {
    std::array<bool, kMaxOperands> used{};
    // Reads first: an in-place instruction reads what was there before.
    for (const bool writes : {false, true})
        for_each_pattern(at.in, [&](const AccessPattern& ap, int operand, bool write) {
            if (write != writes) return;
            const auto o = static_cast<std::size_t>(operand);
            used[o] = true;
            if (ap.space == program::Space::psum) verify_psum(check, at, ap, at.in.buffer[o]);
            else verify_in_buffer(check, at, ap, at.in.buffer[o], write);
        });
    for (std::size_t o = 0; o < used.size(); ++o)
        require(check, used[o] || !BufferId(at.in.buffer[o]).exists(), at, "has buffer b{} for a missing operand",
                BufferId(at.in.buffer[o]).value());
}

void verify_dram(CodeCheck& check, const At& at) {
    const auto dram = program::accesses(at.in.op).dram;
    if (!dram) return;
    const auto& segments = check.code.segments;
    const auto& pattern = dram->pattern;
    if (!require(check, pattern.segment < segments.size(), at, "uses segment {} of {}", pattern.segment,
                 segments.size()))
        return;
    const program::Segment& segment = segments[pattern.segment];
    std::int64_t end = pattern.offset + (dram->rows - 1) * std::int64_t{pattern.partition_step} + dram->element_bytes;
    for (std::size_t d = 0; d < pattern.count.size(); ++d)
        end += std::int64_t{pattern.step[d]} * (pattern.count[d] - 1);
    require(check, end <= segment.bytes, at, "leaves segment '{}' of {} bytes", segment.name, segment.bytes);
    const std::pair<std::uint32_t, std::uint32_t> place{pattern.segment, pattern.offset};
    if (dram->write) {
        require(check, program::is_written(segment.purpose), at, "stores to segment '{}', which is only read",
                segment.name);
        check.stored[place] = at.position;
    } else if (const auto found = check.stored.find(place); found != check.stored.end()) {
        const LoadId load(at.in.load);
        if (load.exists() && load.index() < check.code.loads.size())
            require(check, found->second < check.code.loads[load].earliest, at,
                    "may move in front of {}, which stores what it loads", found->second);
    }
}

void verify_load(CodeCheck& check, const At& at) {
    const LoadId id(at.in.load);
    if (!id.exists()) return;
    if (!require(check, id.index() < check.code.loads.size(), at, "is of load {}, which does not exist", id.value()))
        return;
    const Load& load = check.code.loads[id];
    const std::int32_t before = std::exchange(check.last_of_load[id], at.position);
    require(check, before < 0 || before + 1 == at.position, at, "stands apart from the rest of load {}", id.value());
    require(check, before >= 0 || load.earliest <= at.position, at, "stands in front of the earliest place of load {}",
            id.value());
    for_each_pattern(at.in, [&](const AccessPattern&, int operand, bool write) {
        const BufferId buffer = at.in.buffer[static_cast<std::size_t>(operand)];
        if (!buffer.exists() || buffer.index() >= check.code.buffers.size()) return;
        const bool own = buffer == BufferId(load.buffer);  // a load may copy what it has brought
        if (write) require(check, own, at, "is of load {} and fills another buffer", id.value());
        else
            require(check, own || check.written[buffer].position < load.earliest, at,
                    "may move in front of {}, which writes what it reads", check.written[buffer].position);
    });
}

void verify_instruction(CodeCheck& check, const At& at) {
    require(check, at.in.layer < check.frame.layers, at, "there are {} layers", check.frame.layers);
    require(check, at.in.image < check.frame.images, at, "is of image {} of {}", at.in.image, check.frame.images);
    if (require(check, at.in.queue < check.code.queues.size(), at, "is in queue {}, which does not exist",
                at.in.queue)) {
        const auto engine = program::engine_of(at.in.op);
        require(check, !engine || *engine == check.code.queues[at.in.queue].engine, at,
                "is in queue {}, which is of another engine", at.in.queue);
    }
    verify_load(check, at);
    verify_operands(check, at);
    verify_dram(check, at);
}

}  // namespace

std::vector<std::string> verify(const Code& code, const CodeFrame& frame, std::size_t limit) {
    CodeCheck check(code, frame, limit);
    verify_frame(check);
    verify_buffers(check);
    verify_static_loads(check);
    verify_loads(check);
    std::int32_t position = 0;
    for (const VirtualInstruction& in : code.instructions) {
        if (check.violations.full()) break;
        verify_instruction(check, {in, position++});
    }
    for (LoadId id(0); id.index() < check.last_of_load.size(); ++id)
        check.violations.require(check.last_of_load[id] >= 0, fmt::format("load {}", id.value()),
                                 "has no instructions");
    return check.violations.take();
}

}  // namespace infsim::compiler
