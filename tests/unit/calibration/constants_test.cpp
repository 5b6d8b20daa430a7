// The file of free constants: what it says, and what is wrong with it.
#include <catch2/catch.hpp>

#include <string>

#include "calibration/constants.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;
using namespace infsim::calibration;

namespace {

FreeConstants read(const std::string& text, Problems& problems) {
    const test::TempFolder folder;
    return read_free_constants(folder.write("free.json", text), problems);
}

std::string wrong(const std::string& text) {
    Problems problems;
    read(text, problems);
    REQUIRE_FALSE(problems.empty());
    return InputError(problems.list()).what();
}

std::string one(const std::string& members) { return R"({"free": [{)" + members + "}]}"; }

const std::string good =
    R"("keys": ["dma.core_bandwidth"], "prior": "21.4GB/s", "spread": 0.1, "low": "15GB/s", "high": "32GB/s", "step": "0.1GB/s", "why": "w")";

}  // namespace

TEST_CASE("a constant with its unit is read, rounded to its step and kept within its range") {
    Problems problems;
    const FreeConstants free =
        read(R"({"error": 0.05, "same_model": [["a", "b"]], "free": [{)" + good + "}]}", problems);
    REQUIRE(problems.empty());
    CHECK(free.error == 0.05);
    REQUIRE(free.constants.size() == 1);
    const FreeConstant& c = free.constants[0];
    CHECK(c.unit == "GB/s");
    CHECK(c.text(21.44) == "21.4GB/s");
    CHECK(c.text(21.46) == "21.5GB/s");
    CHECK(c.text(99) == "32.0GB/s");
    CHECK(c.rounded(1) == 15);
    CHECK(model_of(free, "b") == "a");
    CHECK(model_of(free, "c") == "c");
}

TEST_CASE("a plain number has no unit") {
    Problems problems;
    const FreeConstants free = read(
        one(R"("keys": ["dram.model.efficiency"], "prior": 0.8, "spread": 0.1, "low": 0.5, "high": 1.0, "step": 0.001, "why": "w")"),
        problems);
    REQUIRE(problems.empty());
    CHECK(free.constants[0].text(0.87449) == "0.874");
}

TEST_CASE("what is wrong with a file of free constants is told with its place") {
    CHECK(wrong("{}").find("free") != std::string::npos);
    CHECK(wrong(R"({"free": []})").find("must name 1 to 16 constants") != std::string::npos);
    const auto with = [](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return wrong(one(text));
    };
    CHECK(with("15GB/s", "15MB/s").find("must be in 'GB/s'") != std::string::npos);
    CHECK(with("\"32GB/s\"", "\"12GB/s\"").find("must be above low") != std::string::npos);
    CHECK(with("21.4GB/s", "40GB/s").find("must be from low to high") != std::string::npos);
    CHECK(with("\"spread\": 0.1", "\"spread\": 0").find("must be above 0") != std::string::npos);
    CHECK(with("\"0.1GB/s\"", "\"0GB/s\"").find("must be above 0") != std::string::npos);
    CHECK(with("\"21.4GB/s\"", "\"fast\"").find("must be a number, or text of a number and its unit") !=
          std::string::npos);
    for (const char* no_number : {"nanGB/s", "infGB/s", "-infGB/s"})
        CHECK(with("21.4GB/s", no_number).find("must be a number, or text of a number and its unit") !=
              std::string::npos);
    CHECK(with("[\"dma.core_bandwidth\"]", "[]").find("must name at least one key") != std::string::npos);
    CHECK(with("\"why\": \"w\"", "\"because\": \"w\"").find("because") != std::string::npos);
    CHECK(wrong(R"({"free": [{)" + good + "}, {" + good + "}]}").find("is free already") != std::string::npos);
}
