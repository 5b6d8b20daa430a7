#include "compiler/memory/liveness.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace infsim::compiler {

Peak peak_of(const Liveness& liveness) {
    return peak_of(liveness.buffers, liveness.lives, IdVector<BufferId, bool>(liveness.buffers.size(), true));
}

std::vector<LiveTensor> alive_at(const Liveness& liveness, std::int32_t position,
                                 const std::vector<program::LayerInfo>& layers) {
    std::vector<BufferId> alive;
    for (BufferId b : liveness.buffers.ids())
        if (liveness.lives[b].first <= position && position <= liveness.lives[b].last) alive.push_back(b);
    return tensors_of(liveness, alive, layers);
}

namespace {

/// Sum over the images of a tensor.
struct Sum {
    std::int64_t lower = 0, upper = 0;
    /// By the layer that makes them: tensors inside a composed layer may have the same name.
    std::map<std::uint16_t, int> images;
    Lifetime life;

    int most_images() const {
        int most = 0;
        for (const auto& of_layer : images) most = std::max(most, of_layer.second);
        return most;
    }
};

}  // namespace

std::vector<LiveTensor> tensors_of(const Liveness& liveness, const std::vector<BufferId>& buffers,
                                   const std::vector<program::LayerInfo>& layers) {
    std::map<std::string, Sum> sums;
    for (BufferId b : buffers) {
        const Buffer& buffer = liveness.buffers[b];
        Sum& sum = sums[buffer.name];
        sum.lower += lower_bytes(buffer);
        sum.upper += upper_bytes(buffer);
        sum.images[buffer.layer] += buffer.images;
        sum.life.first = std::min(sum.life.first, liveness.lives[b].first);
        sum.life.last = std::max(sum.life.last, liveness.lives[b].last);
    }
    const auto layer_at = [&](std::int32_t p) { return layers.at(liveness.layer_at(p).index()).name; };
    std::vector<LiveTensor> list;
    for (const auto& [name, sum] : sums)
        list.push_back({name, std::max(sum.lower, sum.upper), sum.most_images(), layer_at(sum.life.first),
                        layer_at(sum.life.last)});
    std::stable_sort(list.begin(), list.end(),
                     [](const LiveTensor& a, const LiveTensor& b) { return a.bytes > b.bytes; });
    return list;
}

}  // namespace infsim::compiler
