#include "compiler/passes/evictions.hpp"

#include <algorithm>

#include "compiler/passes/lifetimes.hpp"

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

struct BufferState {
    std::vector<std::int32_t> uses;   ///< positions, ascending
    std::size_t next = 0;             ///< index of the first use that has not been passed
    std::int32_t last_load = -1;      ///< last position at which a movable load writes it
    std::int32_t sole_load = -1;
    bool resident = false, saved = false;
};

class Scan {
public:
    Scan(const Code& code, const EvictionOptions& options) : code_(code), options_(options), state_(code.buffers.size()) {
        const auto sole = sole_loads(code);
        for (std::size_t b = 0; b < state_.size(); ++b) state_[b].sole_load = sole[b];
        for (std::size_t p = 0; p < code.instructions.size(); ++p)
            for (BufferId b : code.instructions[p].buffer) {
                if (b == kNoBuffer) continue;
                BufferState& s = at(b);
                if (s.uses.empty() || s.uses.back() != static_cast<std::int32_t>(p)) s.uses.push_back(static_cast<std::int32_t>(p));
                if (code.instructions[p].load >= 0) s.last_load = static_cast<std::int32_t>(p);
            }
    }

    std::variant<std::vector<Eviction>, NoRoom> run() {
        for (std::size_t p = 0; p < code_.instructions.size(); ++p) {
            position_ = static_cast<std::int32_t>(p);
            const VirtualInstruction& in = code_.instructions[p];
            for (BufferId b : in.buffer)
                if (b != kNoBuffer) enter(b);
            while (std::max(lower_, upper_) > options_.budget)
                if (!evict_one(in)) return NoRoom{position_, std::max(lower_, upper_), resident_};
            for_each_buffer(in, [&](BufferId b, bool write) {
                if (write) at(b).saved = false;
            });
            for (BufferId b : in.buffer)
                if (b != kNoBuffer) pass(b);
        }
        std::sort(list_.begin(), list_.end(), [](const Eviction& a, const Eviction& b) {
            return a.before != b.before ? a.before < b.before : a.buffer < b.buffer;
        });
        return std::move(list_);
    }

private:
    const Code& code_;
    const EvictionOptions& options_;
    std::vector<BufferState> state_;
    std::vector<BufferId> resident_;
    std::int64_t lower_ = 0, upper_ = 0;
    std::int32_t position_ = 0;
    std::vector<Eviction> list_;

    BufferState& at(BufferId b) { return state_[static_cast<std::size_t>(b)]; }
    const Buffer& buffer(BufferId b) const { return code_.buffers[static_cast<std::size_t>(b)]; }

    void enter(BufferId b) {
        if (at(b).resident) return;
        at(b).resident = true;
        resident_.push_back(b);
        lower_ += lower_bytes(buffer(b));
        upper_ += upper_bytes(buffer(b));
    }
    void leave(BufferId b) {
        at(b).resident = false;
        resident_.erase(std::find(resident_.begin(), resident_.end(), b));
        lower_ -= lower_bytes(buffer(b));
        upper_ -= upper_bytes(buffer(b));
    }
    /// The instruction at `position_` has used b; dead buffers leave.
    void pass(BufferId b) {
        BufferState& s = at(b);
        while (s.next < s.uses.size() && s.uses[s.next] <= position_) ++s.next;
        if (s.next == s.uses.size() && s.resident) leave(b);
    }

    /// How b would come back, if it may go now.
    std::optional<Return> way_back(const BufferState& s) const {
        // A load that has yet to run, or is under way, must find its buffer where it will be looked for.
        if (s.last_load >= position_) return std::nullopt;
        if (options_.rematerialization && s.sole_load >= 0) return Return::reissue;
        if (options_.spill) return Return::reload;
        return std::nullopt;
    }

    /// Instructions without the buffer per byte of traffic that its return costs, in units that leave bytes out: they are
    /// freed and paid for alike.
    double merit(const BufferState& s, Return by) const {
        const std::int32_t next = s.uses[s.next];
        const std::size_t layer = code_.instructions[static_cast<std::size_t>(next)].layer;
        double cost = by == Return::reissue || s.saved ? 1.0 : 2.0;
        if (layer < options_.intensity.size() && options_.intensity[layer] > options_.balance) cost *= 0.5;
        return static_cast<double>(next - position_) / cost;
    }

    bool evict_one(const VirtualInstruction& in) {
        const bool lower = lower_ > options_.budget;
        BufferId victim = kNoBuffer;
        Return by = Return::reload;
        double best = 0;
        for (BufferId b : resident_) {
            if ((lower ? lower_bytes(buffer(b)) : upper_bytes(buffer(b))) == 0) continue;
            if (std::find(in.buffer.begin(), in.buffer.end(), b) != in.buffer.end()) continue;
            const BufferState& s = at(b);
            const auto way = way_back(s);
            if (!way) continue;
            const double m = merit(s, *way);
            if (m > best || (m == best && b < victim)) {
                victim = b;
                by = *way;
                best = m;
            }
        }
        if (victim == kNoBuffer) return false;
        BufferState& s = at(victim);
        const bool save = by == Return::reload && !s.saved;
        list_.push_back({victim, s.uses[s.next - 1], s.uses[s.next], by, save});
        if (by == Return::reload) s.saved = true;
        leave(victim);
        return true;
    }
};

}  // namespace

std::variant<std::vector<Eviction>, NoRoom> choose_evictions(const Code& code, const EvictionOptions& options) {
    return Scan(code, options).run();
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
