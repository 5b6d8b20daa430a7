#include "stats/trace/state_buffer_fill.hpp"

#include <algorithm>
#include <numeric>

#include "program/runs.hpp"

namespace infsim::stats {

using program::AccessPattern;
using program::Allocation;
using program::InstructionId;
using program::Program;
using program::Purpose;

namespace {

bool lies_in(const AccessPattern& ap, const Allocation& a) {
    return ap.offset >= a.offset && ap.offset < a.offset + a.bytes &&
           ap.partition_start < a.partition_start + a.partition_count &&
           a.partition_start < ap.partition_start + ap.partition_count;
}

/// Sorts and removes duplicates.
void make_set(std::vector<std::int64_t>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}
std::size_t place_in(const std::vector<std::int64_t>& set, std::int64_t value) {
    return static_cast<std::size_t>(std::lower_bound(set.begin(), set.end(), value) - set.begin());
}

/// How many lifetimes use each piece of each group of partitions, and the bytes in use.
class Cover {
public:
    Cover(std::size_t groups, const std::vector<std::int64_t>& piece_bytes)
        : piece_bytes_(piece_bytes), users_(groups * piece_bytes.size()), bytes_(groups) {}

    void change(std::size_t group, std::size_t first_piece, std::size_t end_piece, int sign) {
        for (std::size_t p = first_piece; p < end_piece; ++p) {
            int& users = users_[group * piece_bytes_.size() + p];
            const bool before = users > 0;
            users += sign;
            if (before != (users > 0)) bytes_[group] += sign * piece_bytes_[p];
        }
    }
    const std::vector<std::int64_t>& bytes() const { return bytes_; }

private:
    const std::vector<std::int64_t>& piece_bytes_;
    std::vector<int> users_;
    std::vector<std::int64_t> bytes_;
};

/// Indices of allocations of the state buffer in the order in which they begin.
std::vector<std::size_t> by_beginning(const std::vector<Allocation>& allocations) {
    std::vector<std::size_t> order(allocations.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    order.erase(std::remove_if(order.begin(), order.end(),
                               [&](std::size_t a) { return allocations[a].space != program::Space::state_buffer; }),
                order.end());
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return allocations[a].first_sequence < allocations[b].first_sequence;
    });
    return order;
}

}  // namespace

void StateBufferFill::Lifetime::touch(InstructionId who) {
    for (Touched& t : by)
        if (t.queue == who.queue) {
            t.first = std::min(t.first, who.index);
            t.last = std::max(t.last, who.index);
            return;
        }
    by.push_back({who.queue, who.index, who.index});
}

StateBufferFill::StateBufferFill(const Program& program) : lifetimes_(program.allocations.size()) {
    std::vector<std::int64_t> partitions, offsets;
    for (const Allocation& a : program.allocations) {
        partitions.insert(partitions.end(), {a.partition_start, a.partition_start + a.partition_count});
        offsets.insert(offsets.end(), {a.offset, std::int64_t{a.offset} + a.bytes});
    }
    make_set(partitions);
    make_set(offsets);
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) piece_bytes_.push_back(offsets[i + 1] - offsets[i]);
    groups_ = partitions.size();
    for (std::size_t i = 0; i < lifetimes_.size(); ++i) {
        const Allocation& a = program.allocations[i];
        lifetimes_[i].first_group = place_in(partitions, a.partition_start);
        lifetimes_[i].end_group = place_in(partitions, a.partition_start + a.partition_count);
        lifetimes_[i].first_piece = place_in(offsets, a.offset);
        lifetimes_[i].end_piece = place_in(offsets, std::int64_t{a.offset} + a.bytes);
        lifetimes_[i].weights = a.purpose == Purpose::weights || a.purpose == Purpose::constants;
    }
    find_users(program);
}

/// Visits the instructions in serial order with the allocations alive at each; these share no byte.
void StateBufferFill::find_users(const Program& program) {
    const std::vector<std::size_t> order = by_beginning(program.allocations);
    auto next = order.begin();
    std::vector<std::size_t> alive;
    for (const InstructionId id : program::serial_order(program)) {
        const program::Instruction& instruction = program::at(program, id);
        while (next != order.end() && program.allocations[*next].first_sequence <= instruction.sequence)
            alive.push_back(*next++);
        for (const program::OnChipAccess& access : program::accesses(instruction.op)) {
            if (access.pattern.space != program::Space::state_buffer) continue;
            for (std::size_t k = 0; k < alive.size();) {
                const Allocation& a = program.allocations[alive[k]];
                if (a.last_sequence < instruction.sequence) {
                    alive[k] = alive.back();
                    alive.pop_back();
                    continue;
                }
                if (lies_in(access.pattern, a)) lifetimes_[alive[k]].touch(id);
                ++k;
            }
        }
    }
}

std::vector<FillStep> StateBufferFill::steps(const InferenceTimes& times) const {
    struct Change {
        TimePoint at;
        const Lifetime* what;
        int sign;
    };
    std::vector<Change> changes;
    for (const Lifetime& l : lifetimes_) {
        if (l.by.empty()) continue;
        TimePoint begin = TimePoint::max(), end = TimePoint::min();
        for (const Touched& t : l.by) {
            begin = std::min(begin, times.queues[t.queue].instructions[t.first].issued);
            end = std::max(end, times.queues[t.queue].instructions[t.last].free);
        }
        changes.push_back({begin, &l, +1});
        changes.push_back({end, &l, -1});
    }
    // Ends come first: they make room for what begins at the same time.
    std::stable_sort(changes.begin(), changes.end(),
                     [](const Change& a, const Change& b) { return a.at != b.at ? a.at < b.at : a.sign < b.sign; });
    Cover all(groups_, piece_bytes_), weights(groups_, piece_bytes_);
    std::vector<FillStep> steps;
    for (const Change& change : changes) {
        const Lifetime& l = *change.what;
        for (std::size_t g = l.first_group; g < l.end_group; ++g) {
            all.change(g, l.first_piece, l.end_piece, change.sign);
            if (l.weights) weights.change(g, l.first_piece, l.end_piece, change.sign);
        }
        const auto fullest = std::max_element(all.bytes().begin(), all.bytes().end()) - all.bytes().begin();
        const FillStep step{change.at, all.bytes()[static_cast<std::size_t>(fullest)],
                            weights.bytes()[static_cast<std::size_t>(fullest)]};
        if (!steps.empty() && steps.back().at == change.at) steps.back() = step;
        else steps.push_back(step);
    }
    return steps;
}

}  // namespace infsim::stats
