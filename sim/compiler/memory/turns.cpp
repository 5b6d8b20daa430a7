#include "compiler/memory/turns.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace infsim::compiler {

namespace {

/// Whether a buffer comes so long after another that the other's readers are done anyway.
bool far_behind(const Lifetime& one, const Lifetime& other) {
    constexpr std::int32_t kLives = 4, kAtLeast = 64;
    return other.first - one.last > std::max(kAtLeast, kLives * (one.last - one.first));
}

}  // namespace

IdVector<BufferId, Lifetime> rotated(const Liveness& liveness, const std::vector<BufferId>& ids, int depth, bool near) {
    IdVector<BufferId, Lifetime> out = liveness.lives;
    std::map<std::string, std::vector<BufferId>> same;
    for (BufferId b : ids)
        if (const Buffer& buffer = liveness.buffers[b]; buffer.rotates) same[buffer.name].push_back(b);
    for (const auto& [name, list] : same)
        for (std::size_t i = 0; i + 1 < list.size(); ++i) {
            const std::size_t to = std::min(i + static_cast<std::size_t>(depth), list.size() - 1);
            for (std::size_t k = i + 1;
                 k <= to && !(near && far_behind(liveness.lives[list[k - 1]], liveness.lives[list[k]])); ++k)
                out[list[i]].last = std::max(out[list[i]].last, liveness.lives[list[k]].last);
        }
    return out;
}

IdVector<BufferId, Lifetime> lingering(const Liveness& liveness, const std::vector<BufferId>& ids,
                                       IdVector<BufferId, Lifetime> lives) {
    std::map<std::string, std::vector<BufferId>> same;
    for (BufferId b : ids)
        if (liveness.buffers[b].lingers) same[liveness.buffers[b].name].push_back(b);
    const auto end = static_cast<std::int32_t>(liveness.layer.size()) - 1;
    for (const auto& [name, list] : same) {
        std::int32_t apart = 0;
        for (std::size_t i = 0; i + 1 < list.size(); ++i)
            apart = std::max(apart, liveness.lives[list[i + 1]].first - liveness.lives[list[i]].last);
        for (BufferId b : list)
            lives[b].last = std::max(lives[b].last, std::min(end, liveness.lives[b].last + apart / 2));
    }
    return lives;
}

}  // namespace infsim::compiler
