#include "compiler/passes/lifetimes.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace infsim::compiler {

std::vector<Lifetime> lifetimes_of(const Code& code) {
    std::vector<Lifetime> lives(code.buffers.size());
    for (std::size_t i = 0; i < code.instructions.size(); ++i)
        for (BufferId b : code.instructions[i].buffer)
            if (b != kNoBuffer) {
                Lifetime& life = lives[static_cast<std::size_t>(b)];
                life.first = std::min(life.first, static_cast<std::int32_t>(i));
                life.last = static_cast<std::int32_t>(i);
            }
    return lives;
}

Peak peak_of(const std::vector<Buffer>& buffers, const std::vector<Lifetime>& lifetimes, const std::vector<bool>& counts) {
    struct Change { std::int32_t position; std::int64_t lower, upper; };
    std::vector<Change> changes;
    for (std::size_t b = 0; b < buffers.size(); ++b) {
        if (!counts[b] || lifetimes[b].last < 0) continue;
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

std::vector<LiveTensor> alive_at(const Code& code, const std::vector<Lifetime>& lifetimes, std::int32_t position,
                                 const std::vector<program::LayerInfo>& layers) {
    std::vector<BufferId> alive;
    for (std::size_t b = 0; b < code.buffers.size(); ++b)
        if (lifetimes[b].first <= position && position <= lifetimes[b].last) alive.push_back(static_cast<BufferId>(b));
    return tensors_of(code, lifetimes, alive, layers);
}

std::vector<LiveTensor> tensors_of(const Code& code, const std::vector<Lifetime>& lifetimes, const std::vector<BufferId>& buffers,
                                   const std::vector<program::LayerInfo>& layers) {
    struct Sum {
        std::int64_t lower = 0, upper = 0;
        int images = 0;
        Lifetime life;
    };
    std::map<std::string, Sum> sums;
    for (BufferId b : buffers) {
        const Buffer& buffer = code.buffers[static_cast<std::size_t>(b)];
        Sum& sum = sums[buffer.name];
        sum.lower += lower_bytes(buffer);
        sum.upper += upper_bytes(buffer);
        sum.images += buffer.images;
        sum.life.first = std::min(sum.life.first, lifetimes[static_cast<std::size_t>(b)].first);
        sum.life.last = std::max(sum.life.last, lifetimes[static_cast<std::size_t>(b)].last);
    }
    const auto layer_at = [&](std::int32_t p) { return layers.at(code.instructions[static_cast<std::size_t>(p)].layer).name; };
    std::vector<LiveTensor> list;
    for (const auto& [name, sum] : sums)
        list.push_back({name, std::max(sum.lower, sum.upper), sum.images, layer_at(sum.life.first), layer_at(sum.life.last)});
    std::stable_sort(list.begin(), list.end(), [](const LiveTensor& a, const LiveTensor& b) { return a.bytes > b.bytes; });
    return list;
}

std::string to_text(const std::vector<LiveTensor>& tensors) {
    std::string text;
    for (const LiveTensor& t : tensors)
        text += fmt::format("{}{} {} B ({} image{})", text.empty() ? "" : ", ", t.name, t.bytes, t.images, t.images == 1 ? "" : "s");
    return text;
}

}  // namespace infsim::compiler
