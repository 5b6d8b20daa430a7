#include "exec/tracking.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "program/runs.hpp"

namespace infsim::exec {

using program::Accesses;
using program::AccessPattern;
using program::DramAccess;
using program::InstructionId;
using program::Program;
using program::Space;

namespace {

constexpr std::uint8_t kWritten = 0x80;
constexpr std::uint8_t kInFlight = 0x7F;

/// visit(begin, end, partition) with byte positions in the memory's array.
template <class Visit>
void for_each_run(const AccessPattern& p, std::int64_t partition_bytes, Visit&& visit) {
    const program::Runs runs = program::runs(p);
    for (int lane = 0; lane < p.partition_count; ++lane) {
        const std::int64_t row = (p.partition_start + lane) * partition_bytes;
        runs.for_each([&](std::int64_t begin, std::int64_t end) { visit(row + begin, row + end); });
    }
}

/// First byte of [begin, end) whose state is not exactly `kWritten`, or end.
std::int64_t first_bad(const std::vector<std::uint8_t>& state, std::int64_t begin, std::int64_t end) {
    const std::uint8_t* bytes = state.data();
    const auto rest = static_cast<std::size_t>(end - begin - 1);
    if (bytes[begin] == kWritten && std::memcmp(bytes + begin, bytes + begin + 1, rest) == 0) return end;
    return std::find_if(bytes + begin, bytes + end, [](std::uint8_t s) { return s != kWritten; }) - bytes;
}

std::string place(Space space, std::int64_t byte, std::int64_t partition_bytes) {
    return fmt::format("{} partition {}, byte {}", space == Space::psum ? "psum" : "state buffer",
                       byte / partition_bytes, byte % partition_bytes);
}

std::string place(const Program& program, std::uint32_t segment, std::int64_t byte) {
    return fmt::format("segment {} '{}', byte {}", segment, program.segments[segment].name, byte);
}

}  // namespace

Tracker::Tracker(const Program& program) {
    const auto make = [](std::int64_t partitions, std::int64_t partition_bytes) {
        const auto n = static_cast<std::size_t>(partitions * partition_bytes);
        return Map{partition_bytes, std::vector<std::uint8_t>(n), std::vector<std::uint8_t>(n)};
    };
    const auto& t = program.target;
    state_buffer_ = make(t.sb_partitions, t.sb_partition_bytes);
    psum_ = make(t.psum_partitions, t.psum_banks * t.psum_bank_bytes);
    for (const auto& s : program.segments) {
        dram_.push_back(program::is_written(s.purpose) ? make(1, s.bytes) : Map{});
    }
}

void Tracker::check_sources(const Program& program, InstructionId id) const {
    const Accesses accesses = program::accesses(program::at(program, id).op);
    const auto complain = [&](const Map& map, std::int64_t byte, const std::string& where) {
        const bool poison = (map.state[byte] & kInFlight) != 0;
        fault(poison ? FaultKind::in_flight_read : FaultKind::unwritten_read, program, id, where);
    };
    for (const auto& access : accesses) {
        const Map& map = map_of(access.pattern.space);
        if (access.write && !accesses.accumulates) continue;
        for_each_run(access.pattern, map.partition_bytes, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t bad = begin; (bad = first_bad(map.state, bad, end)) < end; ++bad) {
                const bool own = access.write && (map.state[bad] & kInFlight) != 0 && map.writer[bad] == id.queue;
                if (!own) complain(map, bad, place(access.pattern.space, bad, map.partition_bytes));
            }
        });
    }
    if (!accesses.dram || accesses.dram->write) return;
    const std::uint32_t segment = accesses.dram->pattern.segment;
    const Map& map = dram_[segment];
    if (!map.tracked()) return;
    program::runs(*accesses.dram).for_each([&](std::int64_t begin, std::int64_t end) {
        const std::int64_t bad = first_bad(map.state, begin, end);
        if (bad < end) complain(map, bad, place(program, segment, bad));
    });
}

void Tracker::begin_write(const Program& program, InstructionId id) {
    const Accesses accesses = program::accesses(program::at(program, id).op);
    const auto mark = [&](Map& map, std::int64_t begin, std::int64_t end, auto&& where) {
        for (std::int64_t b = begin; b < end; ++b) {
            if ((map.state[b] & kInFlight) != 0 && map.writer[b] != id.queue)
                fault(FaultKind::in_flight_write, program, id, where(b));
            if ((map.state[b] & kInFlight) != kInFlight) ++map.state[b];
            map.writer[b] = id.queue;
        }
    };
    for (const auto& access : accesses) {
        if (!access.write) continue;
        Map& map = map_of(access.pattern.space);
        for_each_run(access.pattern, map.partition_bytes, [&](std::int64_t begin, std::int64_t end) {
            mark(map, begin, end, [&](std::int64_t b) { return place(access.pattern.space, b, map.partition_bytes); });
        });
    }
    if (!accesses.dram || !accesses.dram->write) return;
    const std::uint32_t segment = accesses.dram->pattern.segment;
    if (!dram_[segment].tracked()) return;
    program::runs(*accesses.dram).for_each([&](std::int64_t begin, std::int64_t end) {
        mark(dram_[segment], begin, end, [&](std::int64_t b) { return place(program, segment, b); });
    });
}

void Tracker::end_write(const Program& program, InstructionId id) {
    const Accesses accesses = program::accesses(program::at(program, id).op);
    const auto mark = [](Map& map, std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b) {
            const int in_flight = map.state[b] & kInFlight;
            map.state[b] = static_cast<std::uint8_t>(kWritten | (in_flight > 0 ? in_flight - 1 : 0));
        }
    };
    for (const auto& access : accesses) {
        if (!access.write) continue;
        Map& map = map_of(access.pattern.space);
        for_each_run(access.pattern, map.partition_bytes,
                     [&](std::int64_t begin, std::int64_t end) { mark(map, begin, end); });
    }
    if (!accesses.dram || !accesses.dram->write) return;
    Map& map = dram_[accesses.dram->pattern.segment];
    if (!map.tracked()) return;
    program::runs(*accesses.dram).for_each([&](std::int64_t begin, std::int64_t end) { mark(map, begin, end); });
}

void Tracker::note_static_loads(const Program& program) {
    for (const program::DmaLoad& load : program.static_loads)
        for_each_run(load.dst, state_buffer_.partition_bytes, [&](std::int64_t begin, std::int64_t end) {
            std::fill(state_buffer_.state.begin() + begin, state_buffer_.state.begin() + end, kWritten);
        });
}

std::uint64_t Tracker::hash_sources(const Program& program, InstructionId id, const Memory& memory) const {
    const Accesses accesses = program::accesses(program::at(program, id).op);
    std::uint64_t hash = 0;
    const auto add = [&](const std::vector<std::byte>& bytes, std::int64_t begin, std::int64_t end) {
        const auto* text = reinterpret_cast<const char*>(bytes.data() + begin);
        hash = hash64({text, static_cast<std::size_t>(end - begin)}, hash);
    };
    for (const auto& access : accesses) {
        if (access.write) continue;
        const auto& bytes = memory.bytes(access.pattern.space);
        for_each_run(access.pattern, memory.partition_bytes(access.pattern.space),
                     [&](std::int64_t begin, std::int64_t end) { add(bytes, begin, end); });
    }
    // Segments that the Program does not write cannot change.
    if (accesses.dram && !accesses.dram->write && dram_[accesses.dram->pattern.segment].tracked())
        program::runs(*accesses.dram).for_each([&](std::int64_t begin, std::int64_t end) {
            add(memory.dram[accesses.dram->pattern.segment], begin, end);
        });
    return hash;
}

void Tracker::recheck_sources(const Program& program, InstructionId id, const Memory& memory,
                              std::uint64_t hash_at_issue) const {
    if (hash_sources(program, id, memory) != hash_at_issue)
        fault(FaultKind::source_changed, program, id, "its sources differ between issue and retirement");
    const Accesses accesses = program::accesses(program::at(program, id).op);
    const auto check = [&](const Map& map, std::int64_t begin, std::int64_t end, auto&& where) {
        for (std::int64_t b = begin; (b = first_bad(map.state, b, end)) < end; ++b)
            if ((map.state[b] & kInFlight) != 0 && map.writer[b] != id.queue)
                fault(FaultKind::source_changed, program, id, where(b));
    };
    for (const auto& access : accesses) {
        if (access.write) continue;
        const Map& map = map_of(access.pattern.space);
        for_each_run(access.pattern, map.partition_bytes, [&](std::int64_t begin, std::int64_t end) {
            check(map, begin, end, [&](std::int64_t b) { return place(access.pattern.space, b, map.partition_bytes); });
        });
    }
    if (!accesses.dram || accesses.dram->write) return;
    const std::uint32_t segment = accesses.dram->pattern.segment;
    if (!dram_[segment].tracked()) return;
    program::runs(*accesses.dram).for_each([&](std::int64_t begin, std::int64_t end) {
        check(dram_[segment], begin, end, [&](std::int64_t b) { return place(program, segment, b); });
    });
}

void Tracker::forget(const program::Allocation& a) {
    Map& map = map_of(a.space);
    for (int p = a.partition_start; p < a.partition_start + a.partition_count; ++p) {
        const std::int64_t begin = p * map.partition_bytes + a.offset;
        const std::int64_t end = begin + a.bytes;
        if (end > static_cast<std::int64_t>(map.state.size())) return;  // the verifier reports it
        for (std::int64_t b = begin; b < end; ++b) map.state[b] &= kInFlight;
    }
}

}  // namespace infsim::exec
