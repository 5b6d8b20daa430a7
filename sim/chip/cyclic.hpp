// Round robin on bit sets.
#pragma once

#include <cstdint>
#include <vector>

namespace infsim::chip {

/// Index of the lowest set bit; `bits` is not 0.
inline std::int32_t lowest_bit(std::uint64_t bits) { return __builtin_ctzll(bits); }

/// The first set bit behind position `last`, cyclically; `bits` is not 0 and 0 <= last < 64.
inline std::int32_t next_behind(std::uint64_t bits, std::int32_t last) {
    const std::uint64_t behind = last == 63 ? 0 : bits & (~std::uint64_t{0} << (last + 1));
    return lowest_bit(behind != 0 ? behind : bits);
}

inline void set_bit(std::vector<std::uint64_t>& words, std::int32_t i) { words[i / 64] |= std::uint64_t{1} << (i % 64); }
inline void clear_bit(std::vector<std::uint64_t>& words, std::int32_t i) {
    words[i / 64] &= ~(std::uint64_t{1} << (i % 64));
}

inline bool empty(const std::vector<std::uint64_t>& words) {
    for (std::uint64_t w : words)
        if (w != 0) return false;
    return true;
}

/// Calls visit(i) for the set bits in cyclic order beginning behind `last`, as long as it returns true.
template <class Visit>
void for_each_behind(const std::vector<std::uint64_t>& words, std::int32_t last, Visit&& visit) {
    const auto count = static_cast<std::int32_t>(words.size());
    const std::int32_t home = last / 64;
    const std::uint64_t behind = last % 64 == 63 ? 0 : ~std::uint64_t{0} << (last % 64 + 1);
    for (std::int32_t k = 0; k <= count; ++k) {
        const std::int32_t w = (home + k) % count;
        std::uint64_t bits = words[w];
        if (k == 0) bits &= behind;
        if (k == count) bits &= ~behind;   // back at home: the part up to and including `last`
        for (; bits != 0; bits &= bits - 1)
            if (!visit(w * 64 + lowest_bit(bits))) return;
    }
}

}  // namespace infsim::chip
