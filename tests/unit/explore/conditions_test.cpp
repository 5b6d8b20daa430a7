#include <catch2/catch.hpp>

#include <map>

#include "base/text.hpp"
#include "explore/conditions.hpp"
#include "explore/expander.hpp"
#include "explore/sweep_file.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {

std::optional<Condition> read(const std::string& text, Problems& problems) {
    const json::Document document{"s.json", json::Value(text)};
    return read_condition(json::Cursor(document, problems));
}

/// "yes", "no", or why it cannot be said.
std::string answer(const std::string& text) {
    const std::map<std::string, json::Value> values{{"batch", 8},          {"cores", 4},          {"sb", "128KiB"},
                                                    {"total", "0.125MiB"}, {"clock", "976.5MHz"}, {"dtype", "fp16"}};
    Problems problems;
    const auto condition = read(text, problems);
    REQUIRE(condition);
    std::string why;
    const auto held = holds(
        *condition,
        [&](const std::string& key) {
            const auto found = values.find(key);
            return found == values.end() ? nullptr : &found->second;
        },
        why);
    return held ? (*held ? "yes" : "no") : why;
}

std::vector<std::string> points(const std::string& where, Problems& problems) {
    const auto document = json::parse_text(
        R"({"question": "?", "base": {"model": "m.json", "cores": 2}, "axes": [
            {"key": "batch", "values": [1, 2, 4]}, {"key": "workers", "values": [1, 2]}], "where": )" +
            where + "}",
        "s.json", problems);
    const auto sweep = read_sweep(*document, {}, problems);
    std::vector<std::string> all;
    if (!sweep) return all;
    for (const SweepPoint& p : expand(*sweep, problems)) all.push_back(p.axis_values[0] + "," + p.axis_values[1]);
    return all;
}

}  // namespace

TEST_CASE("A condition compares a key with a value or another key") {
    CHECK(answer("batch <= 8") == "yes");
    CHECK(answer("batch < 8") == "no");
    CHECK(answer("batch >= cores") == "yes");
    CHECK(answer("cores > batch") == "no");
    CHECK(answer("batch == 8") == "yes");
    CHECK(answer("batch != 8") == "no");
    CHECK(answer("dtype == fp16") == "yes");
    CHECK(answer("dtype != bf16") == "yes");
}

TEST_CASE("Quantities of one kind compare by size, whatever their units") {
    CHECK(answer("sb == total") == "yes");
    CHECK(answer("sb < 1MiB") == "yes");
    CHECK(answer("clock < 1GHz") == "yes");
}

TEST_CASE("What cannot be compared is said") {
    CHECK(answer("sb < 4") == "'128KiB' and '4' cannot be compared in this way");
    CHECK(answer("sb < 1GHz") == "'128KiB' and '1GHz' cannot be compared in this way");
    CHECK(answer("dtype < fp32") == "'fp16' and 'fp32' cannot be compared in this way");
    CHECK(answer("bach < 4") == "'bach' is neither an axis nor in the base");
}

TEST_CASE("A condition has three words") {
    for (const char* const text :
         {"", "batch", "batch<=8", "batch =< 8", "batch <=", "batch <= 8 9", "batch <= 8 and"}) {
        Problems problems;
        CAPTURE(text);
        CHECK_FALSE(read(text, problems));
        CHECK(problems.list().size() == 1);
    }
}

TEST_CASE("A sweep runs the points that fulfil all conditions, in the order of the table") {
    Problems none;
    CHECK(points(R"(["batch <= 2", "workers <= batch"])", none) == std::vector<std::string>{"1,1", "2,1", "2,2"});
    CHECK(points(R"(["batch > cores"])", none) == std::vector<std::string>{"4,1", "4,2"});
    CHECK(none.empty());
    Problems empty, wrong;
    CHECK(points(R"(["batch > 4"])", empty).empty());
    REQUIRE(empty.list().size() == 1);
    CHECK(to_text(empty.list()[0]) == "s.json: /where: leaves no points");
    CHECK(points(R"(["bach > 4"])", wrong).empty());
    REQUIRE(wrong.list().size() == 1);
    CHECK(to_text(wrong.list()[0]) == "s.json: /where/0: 'bach' is neither an axis nor in the base");
}
