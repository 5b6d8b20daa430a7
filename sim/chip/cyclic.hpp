// Round robin on bit sets.
#pragma once

#include <cstdint>
#include <vector>

namespace infsim::chip {

/// Index of the lowest set bit; `bits` is not 0.
inline std::int32_t lowest_bit(std::uint64_t bits) { return __builtin_ctzll(bits); }

/// The first set bit after position `last`, cyclically; `bits` is not 0 and 0 <= last < 64.
inline std::int32_t next_behind(std::uint64_t bits, std::int32_t last) {
    const std::uint64_t behind = bits & (~std::uint64_t{1} << last);
    return lowest_bit(behind != 0 ? behind : bits);
}

inline void set_bit(std::vector<std::uint64_t>& words, std::int32_t i) {
    words[i >> 6] |= std::uint64_t{1} << (i & 63);
}
inline void clear_bit(std::vector<std::uint64_t>& words, std::int32_t i) {
    words[i >> 6] &= ~(std::uint64_t{1} << (i & 63));
}

inline bool empty(const std::vector<std::uint64_t>& words) {
    for (std::uint64_t w : words)
        if (w != 0) return false;
    return true;
}

/// Calls visit(i) for the set bits of `bits`, which stand for `base` and up, until it returns false.
template <class Visit>
bool for_each_bit(std::uint64_t bits, std::int32_t base, Visit& visit) {
    for (; bits != 0; bits &= bits - 1)
        if (!visit(base + lowest_bit(bits))) return false;
    return true;
}

/// Calls visit(i) for the set bits in cyclic order after `last`, as long as it returns true.
template <class Visit>
void for_each_behind(const std::vector<std::uint64_t>& words, std::int32_t last, Visit&& visit) {
    const std::uint64_t* const word = words.data();
    if (words.size() == 1) {  // rotated so that the first to visit is the lowest bit
        const auto turn = static_cast<std::uint32_t>(last + 1);
        for (std::uint64_t bits = word[0] >> (turn & 63) | word[0] << (-turn & 63); bits != 0; bits &= bits - 1)
            if (!visit(static_cast<std::int32_t>((static_cast<std::uint32_t>(lowest_bit(bits)) + turn) & 63))) return;
        return;
    }
    const auto count = static_cast<std::int32_t>(words.size());
    const std::int32_t home = last >> 6;
    const std::uint64_t behind = ~std::uint64_t{1} << (last & 63);
    if (!for_each_bit(word[home] & behind, home * 64, visit)) return;
    for (std::int32_t w = home + 1; w < count; ++w)
        if (!for_each_bit(word[w], w * 64, visit)) return;
    for (std::int32_t w = 0; w < home; ++w)
        if (!for_each_bit(word[w], w * 64, visit)) return;
    for_each_bit(word[home] & ~behind, home * 64, visit);
}

}  // namespace infsim::chip
