#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>

#include "flow/service/measured_times.hpp"
#include "serving/contention.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

ServiceTable table_of(std::int64_t ps) {
    ServiceTable t;
    t.region_bytes = {1000, 0};
    t.transfers = {Duration{1}, Duration{2}, Duration{3}, Duration{4}, {0.5, 0}, {0, 0.125}};
    t.course = {{{Duration{5}, Duration{0}, Duration{2}, {0.25, 0}, {0.125, 0}},
                 {Duration{251}, Duration{1}, Duration{9}, {1, 0}, {0, 0.5}}},
                Duration{300}};
    t.services["1,0"] = {Duration{ps}, 1};
    return t;
}

}  // namespace

TEST_CASE("cores of the same channels are interchangeable, others are not") {
    CHECK(contention_pattern(2, 0, 0b0001) == "1,0");
    CHECK(contention_pattern(2, 3, 0b1000) == "1,0");
    CHECK(contention_pattern(2, 0, 0b0101) == "2,0");
    CHECK(contention_pattern(2, 1, 0b0111) == "1,2");
    CHECK(contention_pattern(2, 2, 0b0111) == "2,1");
    CHECK(contention_pattern(3, 2, 0b1101) == "1,2,0");
    CHECK(contention_pattern(1, 63, 0xFFFF'FFFF'FFFF'FFFF) == "64");
}

TEST_CASE("service tables survive their JSON form") {
    ServiceTable t = table_of(7);
    t.services["2,1"] = {Duration{9}, 1.0625};
    Problems problems;
    const auto back = service_table_from_json({"file", to_json(t)}, problems);
    REQUIRE(back);
    CHECK(json::dump(to_json(*back)) == json::dump(to_json(t)));
    CHECK_FALSE(service_table_from_json({"file", json::Object{{"fits", true}}}, problems));
    CHECK_FALSE(problems.empty());
}

TEST_CASE("all times are measured beforehand, a job a program, and kept; on large chips when first needed") {
    const std::string folder = std::filesystem::temp_directory_path() / ("infsim-times-" + std::to_string(::getpid()));
    int jobs_done = 0, sets_done = 0;
    const auto measure = [&](const std::vector<MeasureJob>& jobs) {
        std::vector<ServiceTable> tables;
        for (const MeasureJob& job : jobs) {
            ++jobs_done;
            tables.push_back(table_of(100));
            for (const serving::CoreSet busy : job.busy) {
                ++sets_done;
                for (const int core : serving::cores_of(busy))
                    if (busy != 1)
                        tables.back().services[contention_pattern(2, core, busy)] = {
                            Duration{100 + static_cast<std::int64_t>(busy)}, 1};
            }
        }
        return tables;
    };
    for (int again = 0; again < 2; ++again) {
        ServiceTables tables({{{}, "aaaa", 1}, {{}, "bbbb", 4}}, 2, 4, ServiceStore(folder), measure);
        tables.prepare();
        CHECK(tables.service(0, 2, 0b0100).time == Duration{100});
        CHECK(tables.service(1, 0, 0b0101).time == Duration{105});
        CHECK(tables.service(1, 2, 0b0101).time == Duration{105});
        CHECK(tables.service(1, 1, 0b1010).time == Duration{105});  // the same pattern
        CHECK(jobs_done == 2);
        CHECK(sets_done == 2 * 5);  // alone, beside one in the same or the other channel, three and four cores
    }
    std::filesystem::remove_all(folder);
    jobs_done = sets_done = 0;
    ServiceTables tables({{{}, "aaaa", 1}}, 2, 8, ServiceStore(folder), measure);
    tables.prepare();
    CHECK(sets_done == 1);
    CHECK(tables.service(0, 0, 0b1111).time == Duration{115});
    CHECK(sets_done == 2);
    std::filesystem::remove_all(folder);
}
