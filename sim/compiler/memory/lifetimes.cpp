#include "compiler/memory/lifetimes.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace infsim::compiler {

Peak peak_of(const IdVector<BufferId, Buffer>& buffers, const IdVector<BufferId, Lifetime>& lifetimes,
             const IdVector<BufferId, bool>& counts) {
    struct Change {
        std::int32_t position;
        std::int64_t lower, upper;
    };
    std::vector<Change> changes;
    for (BufferId b : buffers.ids()) {
        if (!counts[b] || !lifetimes[b].exists()) continue;
        const std::int64_t lower = lower_bytes(buffers[b]), upper = upper_bytes(buffers[b]);
        changes.push_back({lifetimes[b].first, lower, upper});
        changes.push_back({lifetimes[b].last + 1, -lower, -upper});
    }
    std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.position < b.position; });
    Peak peak;
    std::int64_t lower = 0, upper = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        lower += changes[i].lower;
        upper += changes[i].upper;
        const bool complete = i + 1 == changes.size() || changes[i + 1].position != changes[i].position;
        if (complete && std::max(lower, upper) > peak.bytes) peak = {std::max(lower, upper), changes[i].position};
    }
    return peak;
}

std::string to_text(const std::vector<LiveTensor>& tensors) {
    std::string text;
    for (const LiveTensor& t : tensors)
        text += fmt::format("{}{} {} B ({} image{})", text.empty() ? "" : ", ", t.name, t.bytes, t.images,
                            t.images == 1 ? "" : "s");
    return text;
}

}  // namespace infsim::compiler
