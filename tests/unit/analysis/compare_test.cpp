#include <catch2/catch.hpp>

#include "analysis/compare.hpp"

using namespace infsim;
using namespace infsim::analysis;

namespace {
double amount(const Parts& parts, const std::string& name) {
    for (const Part& part : parts)
        if (part.name == name) return part.amount;
    return -1;
}
double sum(const Parts& parts) {
    double all = 0;
    for (const Part& part : parts) all += part.amount;
    return all;
}
}  // namespace

TEST_CASE("every instant is shared by the layers at work, and all of them make the inference") {
    // 0-1 nothing, 1-3 a, 3-5 a and b, 5-6 b, 6-7 nothing, 7-9 c and once more a
    const Parts parts = layer_times({{"a", 1, 5}, {"b", 3, 6}, {"c", 7, 9}, {"a", 7, 9}});
    CHECK(amount(parts, "a") == Approx(2 + 1 + 1));
    CHECK(amount(parts, "b") == Approx(1 + 1));
    CHECK(amount(parts, "c") == Approx(1));
    CHECK(amount(parts, "(no layer)") == Approx(2));
    CHECK(sum(parts) == Approx(9));
    CHECK(layer_times({}).empty());
    CHECK(amount(layer_times({{"a", 0, 2}}), "(no layer)") == -1);
    CHECK(amount(layer_times({{"a", 0, 2}, {"empty", 1, 1}}), "empty") == 0);
}

TEST_CASE("an engine's parts make the time of an item on a core") {
    record::RunRecord r;
    CHECK(engine_times(r).empty());
    r.throughput_avg = 2000;
    r.n_models = 4;
    r.engine_share[0] = {0.5, 0.1, 0.0, 0.0, 0.4, 0.0, 0.0, 0.0, 0.0};
    const Parts parts = engine_times(r);
    CHECK(amount(parts, "PE busy") == Approx(1.0));  // of 2 ms
    CHECK(amount(parts, "PE waits for weights") == Approx(0.8));
    CHECK(sum(parts) == Approx(2.0));
    CHECK(amount(parts, "ACT busy") == -1);
}

TEST_CASE("bytes are told by purpose and item") {
    record::RunRecord r;
    CHECK(bytes_by_purpose(r).empty());
    r.throughput_avg = 1;
    r.batch_size = 4;
    r.dram_weight_bytes = 400;
    r.spill_save_bytes = 10;
    CHECK(amount(bytes_by_purpose(r), "weights") == 100);
    CHECK(amount(bytes_by_purpose(r), "spills saved") == 2.5);
    CHECK(amount(bytes_by_purpose(r), "layout changes read") == 0);
}

TEST_CASE("changes come with the largest first, also of what only one of them has") {
    const auto list = changes({{"a", 5}, {"b", 2}, {"c", 1}, {"a", 1}}, {{"b", 5}, {"d", 2}, {"c", 1}});
    std::vector<std::string> names;
    for (const Change& c : list) names.push_back(c.name);
    CHECK(names == std::vector<std::string>{"a", "b", "d", "c"});
    CHECK(list[0].before == 6);
    CHECK(list[0].after == 0);
    CHECK(list[0].more() == -6);
    CHECK(list[2].before == 0);
}
