// head_by_head: attention runs some heads at a time, so that their scores and weights are never all alive.
#pragma once

#include <cstdint>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Splits every chain of layers from one product of heads to the next (scores, softmax, transposes, context) whose
/// values take more than `bytes` per partition and image. Each piece covers as many heads as take no more than that, at
/// least one. The product that begins the next piece comes before the rest of the previous piece, so that PE, ACT and
/// POOL work on different heads. A chain is left alone if its inner values have other readers, or if a layer does not
/// treat heads separately. Runs before the stem is chosen. Returns how many chains it split.
int run_head_by_head(Network& network, std::int64_t bytes);

/// Whether there are such chains.
bool has_chains_of_heads(const Network& network, std::int64_t bytes);

}  // namespace infsim::compiler
