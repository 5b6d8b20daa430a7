#include "program/races.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "program/happens_before.hpp"
#include "program/partition_classes.hpp"

namespace infsim::program {
namespace {

using StateId = std::uint32_t;
constexpr StateId kUntouched = 0;

/// What has happened to a byte: the last write and, per queue, the last read since then.
struct History {
    std::optional<InstructionId> write;
    std::vector<InstructionId> reads;
    std::int64_t cells = 0;  ///< cells with this history
};

/// Numbered histories; unused numbers are reused, so that memory grows with the number of distinct histories at
/// one time and not with the length of the Program.
class Histories {
public:
    Histories() : list_(1) {}
    const History& operator[](StateId id) const { return list_[id]; }
    StateId add(History h) {
        h.cells = 0;
        if (free_.empty()) {
            list_.push_back(std::move(h));
            return static_cast<StateId>(list_.size() - 1);
        }
        const StateId id = free_.back();
        free_.pop_back();
        list_[id] = std::move(h);
        return id;
    }
    void move_cells(StateId from, StateId to, std::int64_t n) {
        list_[from].cells -= n;
        list_[to].cells += n;
    }
    void release_if_unused(StateId id) {
        if (id != kUntouched && list_[id].cells == 0) free_.push_back(id);
    }

private:
    std::vector<History> list_;
    std::vector<StateId> free_;
};

struct Conflict {
    Race::Kind kind;
    InstructionId first;
};

/// One access, applied to its cells. Neighbouring cells mostly share a history, so each history is judged and
/// replaced once, and the cells only change their numbers.
class Step {
public:
    Step(const HappensBefore& order, Histories& histories, InstructionId id, bool write, bool accumulates)
        : order_(order), histories_(histories), id_(id), write_(write), accumulates_(accumulates) {}
    Step(const Step&) = delete;
    /// Releases old histories only now: their numbers must stay valid while the step runs.
    ~Step() {
        for (const auto& [from, to] : met_) histories_.release_if_unused(from);
    }
    void moved(StateId from, StateId to, std::int64_t n) { histories_.move_cells(from, to, n); }

    /// The new number of cells that had number `old`; `conflict` is called for every race.
    template <class OnConflict>
    StateId next(StateId old, OnConflict&& conflict) {
        if (!met_.empty() && met_.back().first == old) return met_.back().second;
        for (const auto& [from, to] : met_)
            if (from == old) return to;
        judge(histories_[old], conflict);
        const StateId to = write_ ? after_write() : after_read(old);
        met_.emplace_back(old, to);
        return to;
    }

private:
    template <class OnConflict>
    void judge(const History& h, OnConflict& conflict) const {
        if (h.write && !order_.ordered(*h.write, id_)) {
            const bool own = h.write->queue == id_.queue;
            if (!write_) conflict(Conflict{Race::Kind::write_read, *h.write});
            else if (!own)
                conflict(Conflict{accumulates_ ? Race::Kind::write_read : Race::Kind::write_write, *h.write});
        }
        if (!write_) return;
        for (InstructionId read : h.reads)
            if (read.queue != id_.queue && !order_.ordered(read, id_)) conflict(Conflict{Race::Kind::read_write, read});
    }
    StateId after_write() {
        if (written_ == kUntouched) written_ = histories_.add({id_, {}});
        return written_;
    }
    StateId after_read(StateId old) {
        History h = histories_[old];
        // This read implies an earlier one of the same queue, or one certain to be over: an access ordered
        // after this read is also ordered after that one.
        h.reads.erase(std::remove_if(h.reads.begin(), h.reads.end(),
                                     [&](InstructionId r) { return r.queue == id_.queue || order_.ordered(r, id_); }),
                      h.reads.end());
        h.reads.push_back(id_);
        return histories_.add(std::move(h));
    }

    const HappensBefore& order_;
    Histories& histories_;
    InstructionId id_;
    bool write_, accumulates_;
    StateId written_ = kUntouched;
    std::vector<std::pair<StateId, StateId>> met_;
};

/// Cells of one memory: rows (partition classes, or one for a segment) of `granule` bytes each.
struct Cells {
    std::int64_t row_bytes = 0, granule = 0;  ///< granule 0: not tracked
    std::vector<StateId> state;

    void refine(const Runs& r) {
        granule = std::gcd(std::gcd(granule, r.base), r.run);
        for (int d = 0; d < r.dims; ++d) granule = std::gcd(granule, r.step[d]);
    }
    void make(int rows) {
        if (granule > 0) state.assign(static_cast<std::size_t>(rows * row_cells()), kUntouched);
    }
    std::int64_t row_cells() const { return (row_bytes + granule - 1) / granule; }

    /// visit(conflict, byte) for every race of `step` over the runs.
    template <class Visit>
    void touch(int row, const Runs& r, Step& step, Visit&& visit) {
        StateId* cells = state.data() + row * row_cells();
        r.for_each([&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t c = begin / granule, last = end / granule; c < last;) {
                const std::int64_t byte = c * granule;
                const StateId old = cells[c];
                const StateId next = step.next(old, [&](const Conflict& conflict) { visit(conflict, byte); });
                const std::int64_t start = c;
                for (; c < last && cells[c] == old; ++c) cells[c] = next;
                step.moved(old, next, c - start);
            }
        });
    }
};

class RaceCheck {
public:
    RaceCheck(const Program& program, std::size_t max_races)
        : program_(program),
          max_races_(max_races),
          serial_(serial_order(program)),
          order_(program, serial_),
          classes_{PartitionClasses(program, Space::state_buffer), PartitionClasses(program, Space::psum)} {
        const Target& t = program.target;
        chip_[0].row_bytes = t.sb_partition_bytes;
        chip_[1].row_bytes = t.psum_banks * t.psum_bank_bytes;
        dram_.resize(program.segments.size());
        prepare();
    }

    std::vector<Race> run() {
        for (InstructionId id : serial_) {
            if (races_.size() >= max_races_) break;
            const Accesses all = accesses(at(program_, id).op);
            for (const OnChipAccess& a : all) on_chip(id, a, all.accumulates);
            if (all.dram) in_dram(id, *all.dram);
        }
        return std::move(races_);
    }

private:
    static int index(Space s) { return s == Space::psum ? 1 : 0; }

    /// Makes cells as coarse as the operands allow, and none for segments that are only read.
    void prepare() {
        std::vector<bool> written(dram_.size(), false);
        for (InstructionId id : serial_) {
            const Accesses all = accesses(at(program_, id).op);
            for (const OnChipAccess& a : all) chip_[index(a.pattern.space)].refine(runs(a.pattern));
            if (!all.dram) continue;
            dram_[all.dram->pattern.segment].refine(runs(*all.dram));
            if (all.dram->write) written[all.dram->pattern.segment] = true;
        }
        for (int s = 0; s < 2; ++s) chip_[s].make(classes_[s].size());
        for (std::size_t s = 0; s < dram_.size(); ++s) {
            dram_[s].row_bytes = program_.segments[s].bytes;
            if (!written[s]) dram_[s].granule = 0;
            dram_[s].make(1);
        }
    }

    void on_chip(InstructionId id, const OnChipAccess& a, bool accumulates) {
        const int s = index(a.pattern.space);
        const Runs r = runs(a.pattern);
        Step step(order_, histories_, id, a.write, a.write && accumulates);
        const int last = classes_[s].last(a.pattern.partition_start, a.pattern.partition_count);
        for (int c = classes_[s].first(a.pattern.partition_start); c <= last; ++c)
            chip_[s].touch(c, r, step, [&](const Conflict& conflict, std::int64_t byte) {
                report(conflict, id,
                       {false, a.pattern.space, static_cast<std::uint32_t>(classes_[s].partition(c)), byte});
            });
    }
    void in_dram(InstructionId id, const DramAccess& a) {
        Cells& cells = dram_[a.pattern.segment];
        if (cells.granule == 0) return;
        Step step(order_, histories_, id, a.write, false);
        cells.touch(0, runs(a), step, [&](const Conflict& conflict, std::int64_t byte) {
            report(conflict, id, {true, Space::state_buffer, a.pattern.segment, byte});
        });
    }

    struct Where {
        bool dram;
        Space space;
        std::uint32_t place;
        std::int64_t byte;
    };
    void report(const Conflict& c, InstructionId second, const Where& w) {
        for (auto r = races_.rbegin(); r != races_.rend() && r->second == second; ++r)
            if (r->kind == c.kind && r->first == c.first) return;
        if (races_.size() < max_races_)
            races_.push_back({c.kind, c.first, second, w.dram, w.space, w.place, static_cast<std::uint32_t>(w.byte)});
    }

    const Program& program_;
    std::size_t max_races_;
    std::vector<InstructionId> serial_;
    HappensBefore order_;
    std::array<PartitionClasses, 2> classes_;
    std::array<Cells, 2> chip_;
    std::vector<Cells> dram_;
    Histories histories_;
    std::vector<Race> races_;
};

}  // namespace

std::string to_text(const Program& program, const Race& race) {
    const auto name = [&](InstructionId id) {
        const Instruction& i = at(program, id);
        const std::string layer = i.layer < program.layers.size() ? program.layers[i.layer].name : "?";
        return fmt::format("q{}[{}] {} (layer '{}')", id.queue, id.index, mnemonic(i.op), layer);
    };
    constexpr const char* kinds[] = {"write_read", "read_write", "write_write"};
    const std::string place =
        race.dram ? fmt::format("segment '{}'", program.segments[race.place].name)
                  : fmt::format("{} partition {}", race.space == Space::psum ? "psum" : "state buffer", race.place);
    return fmt::format("{}: {} and {} at {}, byte {}", kinds[static_cast<int>(race.kind)], name(race.first),
                       name(race.second), place, race.byte);
}

std::vector<Race> find_races(const Program& program, std::size_t max_races) {
    return RaceCheck(program, max_races).run();
}

}  // namespace infsim::program
