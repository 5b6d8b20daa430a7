#include "chip/dram_store.hpp"

#include <algorithm>
#include <iterator>

#include "base/check.hpp"

namespace infsim::chip {

void DramStore::attach(int core, std::uint64_t address, int buffer, std::vector<std::byte>& bytes) {
    auto& ranges = ranges_[static_cast<std::size_t>(buffer)];
    const auto next = ranges.lower_bound(address);
    INFSIM_CHECK(next == ranges.end() || address + bytes.size() <= next->first, "two segments overlap in device DRAM");
    INFSIM_CHECK(next == ranges.begin() || std::prev(next)->first + std::prev(next)->second.bytes->size() <= address,
                 "two segments overlap in device DRAM");
    ranges.emplace_hint(next, address, Range{&bytes, core});
}

void DramStore::detach(int core) {
    for (auto& ranges : ranges_)
        for (auto it = ranges.begin(); it != ranges.end();)
            it = it->second.core == core ? ranges.erase(it) : std::next(it);
}

std::byte* DramStore::find(std::uint64_t address, int buffer, const exec::DramRows* rows, std::int64_t length) const {
    if (rows != nullptr && rows->packed_bytes() != length) return nullptr;
    const auto& ranges = ranges_[static_cast<std::size_t>(buffer)];
    auto it = ranges.upper_bound(address);
    if (it == ranges.begin()) return nullptr;
    --it;
    std::vector<std::byte>& bytes = *it->second.bytes;
    const std::uint64_t offset = address - it->first, touched = static_cast<std::uint64_t>(rows ? rows->end() : length);
    return offset <= bytes.size() && touched <= bytes.size() - offset ? bytes.data() + offset : nullptr;
}

bool DramStore::read(std::uint64_t address, int buffer, const exec::DramRows* rows, std::int64_t length,
                     std::byte* out) const {
    const std::byte* base = find(address, buffer, rows, length);
    if (base == nullptr) return false;
    if (rows != nullptr) exec::gather(base, *rows, out);
    else std::copy_n(base, length, out);
    return true;
}

bool DramStore::write(std::uint64_t address, int buffer, const exec::DramRows* rows, std::int64_t length,
                      const std::byte* packed) {
    std::byte* base = find(address, buffer, rows, length);
    if (base == nullptr) return false;
    if (rows != nullptr) exec::scatter(base, *rows, packed);
    else std::copy_n(packed, length, base);
    return true;
}

}  // namespace infsim::chip
