#include <catch2/catch.hpp>

#include "cli/console.hpp"

namespace infsim::cli {

namespace {

po::variables_map parsed(const Arguments& words) {
    po::options_description output("Output");
    output.add_options()("json", "");
    add_columns_option(output, "");
    return *parse({"x", "", {output, common_group()}, {}, "", 0}, words);
}

std::vector<std::string> what_is_wrong(const Arguments& words) {
    Problems problems;
    columns_of(parsed(words), {"throughput_avg", "latency_ms_p99"}, "infsim x --help-columns lists them", problems);
    std::vector<std::string> texts;
    for (const Problem& p : problems.list()) texts.push_back(to_text(p));
    return texts;
}

}  // namespace

TEST_CASE("--color is auto, always or never") {
    CHECK(Console(parsed({"--color", "always"})).paint().on());
    CHECK_FALSE(Console(parsed({"--color", "never"})).paint().on());
    CHECK_THROWS_WITH(Console(parsed({"--color", "yes"})), "--color: must be auto, always or never, and is 'yes'");
}

TEST_CASE("--columns gives the names in the order asked for") {
    Problems problems;
    const auto names = columns_of(parsed({"--columns", "latency_ms_p99, throughput_avg"}),
                                  {"throughput_avg", "latency_ms_p99"}, "", problems);
    CHECK(problems.empty());
    CHECK(names == std::vector<std::string>{"latency_ms_p99", "throughput_avg"});
    CHECK(columns_of(parsed({}), {"a"}, "", problems).empty());
}

TEST_CASE("a column that is none gets a suggestion, or says where they are") {
    CHECK(what_is_wrong({"--columns", "latency_ms_p98"}) ==
          std::vector<std::string>{"--columns: there is no column 'latency_ms_p98'; did you mean 'latency_ms_p99'?"});
    CHECK(what_is_wrong({"--columns", "x"}) ==
          std::vector<std::string>{"--columns: there is no column 'x'; infsim x --help-columns lists them"});
    CHECK(what_is_wrong({"--columns", "throughput_avg", "--json"}) ==
          std::vector<std::string>{"--json: and --columns exclude each other"});
}

}  // namespace infsim::cli
