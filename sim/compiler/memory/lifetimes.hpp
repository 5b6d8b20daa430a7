// When buffers are alive, and how much of the state buffer that takes at least.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// Positions in Code::instructions of the first and the last instruction that touch a buffer; first > last: never.
struct Lifetime {
    std::int32_t first = INT32_MAX, last = -1;
    bool exists() const { return last >= 0; }
};
inline bool operator==(const Lifetime& a, const Lifetime& b) { return a.first == b.first && a.last == b.last; }

/// Bytes per partition that a buffer takes in the lower / upper half of the partitions.
inline std::int64_t lower_bytes(const Buffer& b) { return b.half == Half::upper ? 0 : b.bytes; }
inline std::int64_t upper_bytes(const Buffer& b) { return b.half == Half::lower ? 0 : b.bytes; }
inline bool share_partitions(Half a, Half b) { return a == Half::both || b == Half::both || a == b; }
/// True when both buffers take bytes of the same partitions.
inline bool share_partitions(const Buffer& a, const Buffer& b) { return share_partitions(a.half, b.half); }

/// The instant with the largest sum of live bytes in either half.
struct Peak {
    std::int64_t bytes = 0;
    std::int32_t position = 0;
};
/// Counts only buffers for which `counts[buffer]`.
Peak peak_of(const IdVector<BufferId, Buffer>& buffers, const IdVector<BufferId, Lifetime>& lifetimes,
             const IdVector<BufferId, bool>& counts);

/// "NAME BYTES B (N images), ...".
std::string to_text(const std::vector<LiveTensor>& tensors);

}  // namespace infsim::compiler
