#include <catch2/catch.hpp>

#include <functional>
#include <set>

#include "explore/limit_walk.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {

/// A network of which some batches fit, whose inference takes `fixed` ms and 1 ms more for each item.
struct Network {
    std::function<bool(int)> fits;
    double fixed = 4;

    record::RunRecord run(int batch) const {
        record::RunRecord r;
        r.batch_size = batch;
        r.status = fits(batch) ? record::Status::ok : record::Status::infeasible;
        if (!fits(batch)) return r;
        r.throughput_avg = 1000.0 * batch / (fixed + batch);
        r.latency_ms_p50 = 2 * (fixed + batch);
        return r;
    }
};

/// Everything that is tried, in rounds.
std::vector<std::vector<int>> walk(const Network& network, int most) {
    analysis::Records known;
    std::vector<std::vector<int>> rounds;
    for (auto next = next_batches(known, most); !next.empty(); next = next_batches(known, most)) {
        REQUIRE(rounds.size() < 100);
        for (const int batch : next) known.push_back(network.run(batch));
        rounds.push_back(next);
    }
    return rounds;
}

std::set<int> all_of(const std::vector<std::vector<int>>& rounds) {
    std::set<int> all;
    for (const auto& round : rounds)
        for (const int batch : round) CHECK(all.insert(batch).second);  // none twice
    return all;
}

bool holds_all(const std::set<int>& set, const std::vector<int>& batches) {
    for (const int b : batches)
        if (set.count(b) == 0) return false;
    return true;
}

}  // namespace

TEST_CASE("a walk doubles first, then finds the limit, then fills in around the knee") {
    const auto rounds = walk({[](int b) { return b <= 21; }}, 64);
    CHECK(rounds[0] == std::vector<int>{1, 2, 4, 8, 16, 32, 64});
    const auto all = all_of(rounds);
    CHECK(holds_all(all, {20, 21, 22, 23}));  // the limit, why not one more, and the window above
    CHECK(holds_all(all, {2, 3, 4, 5, 6}));   // the knee is 4
    CHECK(all.size() < 24);
}

TEST_CASE("a walk ends where it may not go on") {
    CHECK(all_of(walk({[](int) { return true; }}, 6)) == std::set<int>{1, 2, 3, 4, 5, 6});
    CHECK(walk({[](int) { return true; }}, 1) == std::vector<std::vector<int>>{{1}});
    CHECK(all_of(walk({[](int) { return false; }}, 16)) == std::set<int>{1, 2, 4, 8, 16});
    CHECK(all_of(walk({[](int b) { return b == 1; }}, 1)) == std::set<int>{1});
}

TEST_CASE("islands are found: a batch that fits beyond one that does not") {
    const auto all = all_of(walk({[](int b) { return b <= 8 || b == 10; }}, 64));
    CHECK(holds_all(all, {9, 10, 11, 12}));
    const auto far = all_of(walk({[](int b) { return b <= 2 || (b >= 30 && b <= 33); }}, 64));
    CHECK(holds_all(far, {33, 34, 35}));
}

TEST_CASE("large gaps around a knee are halved, and its two neighbours on both sides are always known") {
    for (const double fixed : {1.0, 3.0, 7.0, 19.0, 40.0, 200.0}) {
        const Network network{[](int b) { return b <= 100; }, fixed};
        const auto all = all_of(walk(network, 128));
        analysis::Records known;
        for (const int b : all) known.push_back(network.run(b));
        const int knee = static_cast<int>(*known[*analysis::knee(known)].batch_size);
        CHECK(knee == std::min(100, static_cast<int>(fixed)));
        for (int b = std::max(1, knee - 2); b <= knee + 2; ++b) CHECK(all.count(b) == 1);
        CHECK(all.size() < 40);
    }
}

TEST_CASE("what is tried next does not depend on the order of the records") {
    const Network network{[](int b) { return b <= 21; }};
    analysis::Records known;
    for (const int b : {1, 2, 4, 8, 16, 32, 64, 24, 20}) known.push_back(network.run(b));
    const auto next = next_batches(known, 64);
    std::reverse(known.begin(), known.end());
    CHECK(next_batches(known, 64) == next);
}

TEST_CASE("a batch that failed is not tried again and is no limit that fits") {
    analysis::Records known;
    for (const int b : {1, 2, 4}) known.push_back(Network{[](int) { return true; }}.run(b));
    known.back().status = record::Status::failed;
    for (const auto& next : {next_batches(known, 4)})
        for (const int b : next) CHECK(b == 3);
}
