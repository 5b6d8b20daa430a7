#include <algorithm>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include "program/partition_classes.hpp"
#include "program/verify_parts.hpp"

namespace infsim::program {
namespace {

const char* space_name(Space s) { return s == Space::psum ? "psum" : "state buffer"; }

/// One memory over the sequence: the owner of each byte, and whether the owner has written it.
class OwnedMemory {
public:
    OwnedMemory(const Program& program, Space space, int partitions, std::int64_t bytes, Findings& findings)
        : program_(program),
          space_(space),
          partitions_(partitions),
          bytes_(bytes),
          findings_(findings),
          classes_(program, space),
          owners_(classes_.size()),
          written_(static_cast<std::size_t>(classes_.size() * bytes), 0) {}

    void begin(const Allocation& a) {
        if (a.partition_count == 0 || a.bytes == 0 || a.partition_start + a.partition_count > partitions_ ||
            std::int64_t{a.offset} + a.bytes > bytes_ || a.last_sequence < a.first_sequence) {
            findings_.add(FindingKind::allocation,
                          fmt::format("'{}': {} partitions {}+{}, bytes {}+{}, sequence {} to {}", a.name,
                                      space_name(space_), a.partition_start, a.partition_count, a.offset, a.bytes,
                                      a.first_sequence, a.last_sequence));
            return;
        }
        for_each_class(a.partition_start, a.partition_count, [&](int c) {
            auto& owners = owners_[c];
            auto next = owners.lower_bound(a.offset);
            const Allocation* other = nullptr;
            if (next != owners.end() && next->first < a.offset + a.bytes) other = next->second;
            if (next != owners.begin() && end(*std::prev(next)->second) > a.offset) other = std::prev(next)->second;
            if (other != nullptr) {
                complain_overlap(a, *other);
                return false;
            }
            owners.emplace(a.offset, &a);
            std::memset(written_.data() + c * bytes_ + a.offset, 0, a.bytes);
            return true;
        });
    }

    /// A static load: its bytes have one owner from the first instruction to the last one.
    void preload(const AccessPattern& p, std::uint32_t end_of_program) {
        const Runs r = runs(p);
        for_each_class(p.partition_start, p.partition_count, [&](int c) {
            const Allocation* owner = owner_of(c, p.offset, r.end());
            const bool stays = owner && owner->first_sequence == 0 && owner->last_sequence >= end_of_program;
            if (!stays) {
                findings_.add(
                    FindingKind::not_allocated,
                    fmt::format("a static load to partition {}, bytes [{}, {}), which no allocation owns from "
                                "the first instruction to the last",
                                classes_.partition(c), p.offset, r.end()));
                return false;
            }
            r.for_each([&](std::int64_t from, std::int64_t to) {
                std::memset(written_.data() + c * bytes_ + from, kStatic, static_cast<std::size_t>(to - from));
            });
            return true;
        });
    }

    void finish(const Allocation& a) {
        for (auto& owners : owners_) {
            const auto it = owners.find(a.offset);
            if (it != owners.end() && it->second == &a) owners.erase(it);
        }
    }

    void access(InstructionId id, const OnChipAccess& access, bool accumulates) {
        const AccessPattern& p = access.pattern;
        const Runs r = runs(p);
        const std::int64_t hull_end = r.end();
        for_each_class(p.partition_start, p.partition_count, [&](int c) {
            if (!owner_of(c, p.offset, hull_end)) {
                findings_.add(FindingKind::not_allocated, id,
                              fmt::format("{} {} partition {}, bytes [{}, {}) at sequence {}",
                                          access.write ? "writes" : "reads", space_name(space_), classes_.partition(c),
                                          p.offset, hull_end, at(program_, id).sequence));
                return false;
            }
            std::uint8_t* bytes = written_.data() + c * bytes_;
            if (access.write && holds_static(r, bytes)) {
                findings_.add(FindingKind::read_only, id,
                              fmt::format("writes static weights in partition {}, bytes [{}, {})",
                                          classes_.partition(c), p.offset, hull_end));
                return false;
            }
            const std::int64_t bad = !access.write || accumulates ? first_unwritten(r, bytes) : -1;
            if (bad >= 0)
                findings_.add(
                    FindingKind::unwritten_read, id,
                    fmt::format("{} {} partition {}, byte {} which nothing has written",
                                access.write ? "adds to" : "reads", space_name(space_), classes_.partition(c), bad));
            if (access.write)
                r.for_each([&](std::int64_t from, std::int64_t to) {
                    std::memset(bytes + from, kWritten, static_cast<std::size_t>(to - from));
                });
            return bad < 0;
        });
    }

private:
    /// The state of a byte; 0 if its owner has not written it.
    static constexpr std::uint8_t kWritten = 1, kStatic = 2;

    static std::uint32_t end(const Allocation& a) { return a.offset + a.bytes; }

    /// visit(class) until it returns false.
    template <class Visit>
    void for_each_class(int start, int count, Visit&& visit) {
        for (int c = classes_.first(start); c <= classes_.last(start, count); ++c)
            if (!visit(c)) return;
    }

    /// The owner of all these bytes, or null.
    const Allocation* owner_of(int c, std::int64_t from, std::int64_t to) const {
        auto it = owners_[c].upper_bound(static_cast<std::uint32_t>(from));
        if (it == owners_[c].begin() || end(*std::prev(it)->second) < to) return nullptr;
        return std::prev(it)->second;
    }

    static bool holds_static(const Runs& r, const std::uint8_t* bytes) {
        bool any = false;
        r.for_each([&](std::int64_t from, std::int64_t to) {
            any = any || std::memchr(bytes + from, kStatic, static_cast<std::size_t>(to - from)) != nullptr;
        });
        return any;
    }

    static std::int64_t first_unwritten(const Runs& r, const std::uint8_t* bytes) {
        std::int64_t bad = -1;
        r.for_each([&](std::int64_t from, std::int64_t to) {
            const void* hit = bad < 0 ? std::memchr(bytes + from, 0, static_cast<std::size_t>(to - from)) : nullptr;
            if (hit != nullptr) bad = static_cast<const std::uint8_t*>(hit) - bytes;
        });
        return bad;
    }

    void complain_overlap(const Allocation& a, const Allocation& b) {
        findings_.add(FindingKind::allocation,
                      fmt::format("'{}' (bytes {}+{}, from sequence {}) takes {} that '{}' (bytes {}+{}) owns until {}",
                                  a.name, a.offset, a.bytes, a.first_sequence, space_name(space_), b.name, b.offset,
                                  b.bytes, b.last_sequence));
    }

    const Program& program_;
    Space space_;
    int partitions_;
    std::int64_t bytes_;
    Findings& findings_;
    PartitionClasses classes_;
    std::vector<std::map<std::uint32_t, const Allocation*>> owners_;  ///< [class], by offset
    std::vector<std::uint8_t> written_;                               ///< [class][byte]
};

/// Segments that the Program itself writes.
class WrittenSegments {
public:
    WrittenSegments(const Program& program, Findings& findings) : program_(program), findings_(findings) {
        for (const Segment& s : program.segments) {
            written_.emplace_back(is_written(s.purpose) ? static_cast<std::size_t>(s.bytes) : 0, std::uint8_t{0});
        }
    }
    void access(InstructionId id, const DramAccess& access) {
        auto& map = written_[access.pattern.segment];
        if (map.empty()) return;
        std::int64_t bad = -1;
        runs(access).for_each([&](std::int64_t from, std::int64_t to) {
            if (access.write) {
                std::memset(map.data() + from, 1, static_cast<std::size_t>(to - from));
            } else if (const void* hit = std::memchr(map.data() + from, 0, static_cast<std::size_t>(to - from));
                       hit && bad < 0) {
                bad = static_cast<const std::uint8_t*>(hit) - map.data();
            }
        });
        if (bad >= 0)
            findings_.add(FindingKind::unwritten_read, id,
                          fmt::format("reads byte {} of segment '{}', which nothing has written", bad,
                                      program_.segments[access.pattern.segment].name));
    }
    void verify_outputs() {
        for (std::size_t s = 0; s < written_.size(); ++s) {
            if (program_.segments[s].purpose != Purpose::output) continue;
            const auto hole = std::find(written_[s].begin(), written_[s].end(), 0);
            if (hole != written_[s].end())
                findings_.add(
                    FindingKind::unwritten_output,
                    fmt::format("byte {} of segment '{}'", hole - written_[s].begin(), program_.segments[s].name));
        }
    }

private:
    const Program& program_;
    Findings& findings_;
    std::vector<std::vector<std::uint8_t>> written_;
};

}  // namespace

void verify_memory(const Program& program, Findings& findings) {
    const Target& t = program.target;
    OwnedMemory sb(program, Space::state_buffer, t.sb_partitions, t.sb_partition_bytes, findings);
    OwnedMemory psum(program, Space::psum, t.psum_partitions, t.psum_banks * t.psum_bank_bytes, findings);
    WrittenSegments dram(program, findings);
    const auto memory = [&](Space s) -> OwnedMemory& { return s == Space::psum ? psum : sb; };

    std::vector<const Allocation*> births;
    for (const Allocation& a : program.allocations) births.push_back(&a);
    auto deaths = births;
    std::stable_sort(births.begin(), births.end(),
                     [](auto* a, auto* b) { return a->first_sequence < b->first_sequence; });
    std::stable_sort(deaths.begin(), deaths.end(),
                     [](auto* a, auto* b) { return a->last_sequence < b->last_sequence; });
    std::size_t born = 0, dead = 0;
    // Ends and begins of allocations up to `sequence`, in order.
    const auto advance = [&](std::uint32_t sequence) {
        while (born < births.size() && births[born]->first_sequence <= sequence) {
            const Allocation& a = *births[born++];
            for (; dead < deaths.size() && deaths[dead]->last_sequence < a.first_sequence; ++dead)
                memory(deaths[dead]->space).finish(*deaths[dead]);
            memory(a.space).begin(a);
        }
        for (; dead < deaths.size() && deaths[dead]->last_sequence < sequence; ++dead)
            memory(deaths[dead]->space).finish(*deaths[dead]);
    };
    const std::vector<InstructionId> order = serial_order(program);
    if (!program.static_loads.empty()) {
        advance(0);
        const std::uint32_t end = order.empty() ? 0 : at(program, order.back()).sequence;
        for (const DmaLoad& load : program.static_loads) sb.preload(load.dst, end);
    }
    for (InstructionId id : order) {
        if (findings.full()) return;
        advance(at(program, id).sequence);
        const Accesses all = accesses(at(program, id).op);
        for (const OnChipAccess& access : all) memory(access.pattern.space).access(id, access, all.accumulates);
        if (all.dram) dram.access(id, *all.dram);
    }
    advance(0xFFFF'FFFF);
    dram.verify_outputs();
}

}  // namespace infsim::program
