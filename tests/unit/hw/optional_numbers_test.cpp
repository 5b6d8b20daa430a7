// Numbers that a chip may be without, and the two forms of what short DMA runs cost.
#include <catch2/catch.hpp>

#include "support/inferentia1.hpp"

using namespace infsim;

namespace {

const auto with = test::inferentia1;
const auto refusal = test::inferentia1_refusal;

std::string identity(const hw::ChipFile& chip) { return json::dump_canonical(hw::canonical_json(chip.spec)); }

json::Value point(const char* bytes, double efficiency) {
    return json::Object{{"bytes", bytes}, {"efficiency", efficiency}};
}

hw::Override curve(json::Array points) { return {"dma.payload_curve", std::move(points), "", "--set"}; }

}  // namespace

TEST_CASE("What a chip is without is not in its identity, and an override may state it") {
    const std::string base = identity(with({}));
    for (const auto& [key, value] : std::vector<std::pair<std::string, json::Value>>{{"act.lanes", 64},
                                                                                     {"pool.lanes", 64},
                                                                                     {"act.elements_16bit", 2},
                                                                                     {"pool.elements_32bit", 2},
                                                                                     {"host.item_overhead", "3us"},
                                                                                     {"host.copy_bandwidth", "5GB/s"},
                                                                                     {"host.threads", 4},
                                                                                     {"psum.shared_port", true}}) {
        CAPTURE(key);
        const std::string name = key.substr(key.find('.') + 1);
        CHECK(base.find("\"" + name + "\"") == std::string::npos);
        const auto chip = with({{key, value, "", "--set"}});
        CHECK(identity(chip).find("\"" + name + "\"") != std::string::npos);
        CHECK(chip.provenance.size() == with({}).provenance.size() + 1);
    }
    CHECK(with({{"pool.lanes", 32, "", "--set"}}).spec.pool.lanes == 32);
    CHECK(with({{"host.threads", 3, "", "--set"}}).spec.host.threads == 3);
    CHECK_FALSE(with({}).spec.host.threads);
}

TEST_CASE("Numbers that a chip may be without pass the same checks") {
    CHECK(refusal({{"pool.lanes", 0, "", "--set"}}) == "--set: pool.lanes: must be from 1 to 512, and is 0");
    CHECK(refusal({{"host.copy_bandwidth", "0B/s", "", "--set"}}).find("must be from 1MB/s") != std::string::npos);
    CHECK(refusal({{"host.thread", 3, "", "--set"}}) ==
          "--set: 'host.thread' is no key of a chip: there is no 'thread'; did you mean 'threads'?");
    CHECK(refusal({{"pe.lanes", 3, "", "--set"}}).find("is no key of a chip") != std::string::npos);
}

TEST_CASE("A call takes its items and the copies of its bytes") {
    hw::HostSpec host;
    host.call_overhead = microseconds(50);
    CHECK(hw::call_time(host, 8, Bytes{1'000'000}) == microseconds(50));
    host.item_overhead = microseconds(2);
    CHECK(hw::call_time(host, 8, Bytes{1'000'000}) == microseconds(66));
    host.copy_bandwidth = Bandwidth{10'000'000'000};
    CHECK(hw::call_time(host, 8, Bytes{1'000'000}) == microseconds(166));
}

TEST_CASE("A payload curve takes the place of the shortest full run") {
    const auto chip = with({curve({point("64B", 0.1), point("512B", 0.5), point("2KiB", 1.0)})});
    CHECK(chip.spec.dma.full_row() == Bytes{2048});
    CHECK(chip.spec.dma.row_cost(Bytes{2}) == Bytes{640});
    CHECK(chip.spec.dma.row_cost(Bytes{512}) == Bytes{1024});
    CHECK(chip.spec.dma.row_cost(Bytes{1280}) == Bytes{1536});
    CHECK(chip.spec.dma.row_cost(Bytes{4096}) == Bytes{4096});
    CHECK(identity(chip) != identity(with({})));
    CHECK(identity(with({curve({point("1KiB", 1.0)})})) == identity(with({{"dma.min_row", "1KiB", "", "--set"}})));
}

TEST_CASE("Payload curves that cannot be are refused") {
    const auto says = [](json::Array points, const std::string& what) {
        INFO(what);
        CHECK(refusal({curve(std::move(points))}).find(what) != std::string::npos);
    };
    says({}, "must have at least one point");
    says({point("64B", 0.5)}, "must end with an efficiency of 1");
    says({point("64B", 0.1), point("2KiB", 2.0)}, "must be from 0.001 to 1");
    says({point("2KiB", 0.5), point("512B", 1.0)}, "and the runs must grow");
    says({point("64B", 0.001), point("2KiB", 1.0)}, "neither may fall");
    says({point("512KiB", 0.25), point("1MiB", 1.0)}, "which is more than 1MiB");
    says({point("128KiB", 1.0)}, "is more than max_descriptor");
    says({json::Object{{"bytes", "2KiB"}, {"efficency", 1}}}, "did you mean 'efficiency'?");
    CHECK(refusal({curve({point("2KiB", 1.0)}), {"dma.min_row", "1KiB", "", "--set"}}).find("set the same number") !=
          std::string::npos);
}
