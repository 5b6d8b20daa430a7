// A fixed piece of work that others are timed against: it makes, sorts, looks up and drops many small objects, as a
// compiler does. What slows a compiler down here and now (neighbours in the caches, page faults that cost more than
// elsewhere) slows this down, too.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

namespace {

/// As large as an instruction.
struct Item {
    std::uint32_t key = 0;
    std::array<std::uint32_t, 63> rest{};
};

constexpr std::size_t kItems = 120'000;
constexpr int kRounds = 3;

/// One round: a sum that depends on everything, so that nothing is optimised away.
std::uint64_t round_of(std::mt19937& random) {
    std::vector<std::unique_ptr<Item>> items(kItems);
    std::unordered_map<std::uint32_t, std::size_t> place;
    std::map<std::uint32_t, std::uint32_t> ordered;
    for (std::size_t i = 0; i < kItems; ++i) {
        items[i] = std::make_unique<Item>();
        items[i]->key = static_cast<std::uint32_t>(random());
        items[i]->rest.fill(items[i]->key);
        place[items[i]->key] = i;
        if (i % 4 == 0) ordered[items[i]->key] = items[i]->rest[i % 63];
    }
    std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a->key < b->key; });
    std::vector<Item> copies;
    std::uint64_t sum = 0;
    for (const std::unique_ptr<Item>& item : items) {
        copies.push_back(*item);
        const auto next = ordered.lower_bound(item->key);
        sum += place[item->key] + (next == ordered.end() ? 0 : next->second);
    }
    for (const Item& copy : copies) sum += copy.rest[copy.key % 63];
    return sum;
}

}  // namespace

int main() {
    std::mt19937 random(1);
    std::uint64_t sum = 0;
    for (int i = 0; i < kRounds; ++i) sum += round_of(random);
    std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
