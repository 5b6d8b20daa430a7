#include "compiler/memory/spill_area.hpp"

#include <map>
#include <tuple>

namespace infsim::compiler {

namespace {

/// A buffer's bytes go to the area behind an instruction, or are no longer wanted there.
struct Change {
    std::int32_t position = 0;
    std::size_t eviction = 0;
    bool take = false;  ///< at one position, what is no longer wanted goes first
};
bool operator<(const Change& a, const Change& b) {
    return std::tie(a.position, a.take, a.eviction) < std::tie(b.position, b.take, b.eviction);
}

}  // namespace

std::int64_t spill_area_bytes(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions) {
    std::vector<Change> changes;
    for (std::size_t e = 0; e < evictions.size(); ++e) {
        if (!evictions[e].save) continue;
        const BufferId b = evictions[e].buffer;
        changes.push_back({evictions[e].after, e, true});
        const std::int32_t last = liveness.lives[b.index()].last;
        changes.push_back({std::min(uses.next_write(b, evictions[e].after), last), e, false});
    }
    std::sort(changes.begin(), changes.end());
    FirstFit area;
    std::map<std::size_t, std::int64_t> address;  // by eviction
    for (const Change& c : changes)
        if (c.take)
            address[c.eviction] = area.take(uses.bytes_at(evictions[c.eviction].buffer, evictions[c.eviction].after));
        else area.free(address.at(c.eviction));
    return area.bytes();
}

}  // namespace infsim::compiler
