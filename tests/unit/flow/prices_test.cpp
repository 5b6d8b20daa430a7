#include <catch2/catch.hpp>

#include "flow/run/derived_columns.hpp"
#include "flow/run/prices.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

const char* const kTwo = R"({"default": {"one": "a"}, "prices": [
    {"id": "a", "instance": "i.small", "chips": 1, "region": "unknown", "terms": "on demand", "usd_per_hour": 0.5,
     "date": "2021-03", "source": "a list"},
    {"id": "b", "instance": "i.large", "chips": 4, "region": "r", "terms": "on demand", "usd_per_hour": 1,
     "date": "unknown", "source": "a list"}]})";

std::optional<PriceList> list(const std::string& text, Problems& problems) {
    const auto document = json::parse_text(text, "p.json", problems);
    return document ? read_prices(*document, problems) : std::nullopt;
}

std::string report(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    Problems problems;
    CHECK_FALSE(list(text, problems));
    return InputError(problems.list()).what();
}

}  // namespace

TEST_CASE("a chip has the price that the list gives it, others have none") {
    Problems problems;
    const auto two = list(kTwo, problems);
    REQUIRE(two);
    const Prices prices = chosen(*two, "", problems);
    REQUIRE(price_of(prices, "one"));
    CHECK(price_of(prices, "one")->usd_per_chip_hour == 0.5);
    CHECK(price_of(prices, "one")->words == "a");
    CHECK_FALSE(price_of(prices, "what-if"));
    // A named price is every chip's; an instance's chips share it.
    CHECK(price_of(chosen(*two, "b", problems), "what-if")->usd_per_chip_hour == 0.25);
    CHECK(problems.empty());
    chosen(*two, "nothing", problems);
    CHECK(to_text(problems.list().at(0)) == "--price: 'nothing' is not a price in the list; known are a, b");
}

TEST_CASE("a price that is given needs no list and must be one") {
    Problems problems;
    CHECK(price_of(load_prices({"", 2.5}, problems), "any")->usd_per_chip_hour == 2.5);
    CHECK(problems.empty());
    load_prices({"", 0}, problems);
    load_prices({"b", 1}, problems);
    REQUIRE(problems.list().size() == 2);
    CHECK(to_text(problems.list()[0]) == "--price-per-hour: must be above 0 and at most 1e+06 USD, and is 0");
    CHECK(to_text(problems.list()[1]) == "--price: and --price-per-hour exclude each other");
}

TEST_CASE("a list that is wrong is reported where it is") {
    CHECK(report(kTwo, "\"b\"", "\"a\"") == "p.json: /prices/1: is the second price with the id 'a'");
    CHECK(report(kTwo, R"("one": "a")", R"("one": "inf")") ==
          "p.json: /default/one: 'inf' is not a price in the list; known are a, b");
    CHECK(report(kTwo, "0.5", "0") ==
          "p.json: /prices/0/usd_per_hour: must be above 0 and at most 1e+06 USD, and is 0");
    CHECK(report(kTwo, "\"chips\": 4", "\"chips\": 0") == "p.json: /prices/1/chips: must be from 1 to 1024, and is 0");
    CHECK(report(kTwo, "2021-03", "March") ==
          "p.json: /prices/0/date: must be YYYY, YYYY-MM, YYYY-MM-DD or \"unknown\", and is 'March'");
    CHECK(report(kTwo, "\"a list\"", "\"\"") ==
          "p.json: /prices/0/source: must not be empty; use \"unknown\" if it is not known");
    CHECK(report(kTwo, "\"region\": \"r\", ", "") == "p.json: /prices/1: key 'region' is missing");
    CHECK(report(kTwo, "\"terms\"", "\"term\"").find("/prices/0/term: unknown key 'term'; did you mean 'terms'?") !=
          std::string::npos);
}

TEST_CASE("the committed list is right and prices the committed chips") {
    Problems problems;
    const auto document = json::parse_file(source_folder("/configs/prices.json"), problems);
    REQUIRE(document);
    const auto committed = read_prices(*document, problems);
    problems.throw_if_any();
    CHECK(committed->prices.size() == 8);
    CHECK(price_of(chosen(*committed, "", problems), "inferentia1")->usd_per_chip_hour == Approx(0.110));
    CHECK(price_of(chosen(*committed, "inf1.6xlarge-on-demand", problems), "x")->usd_per_chip_hour == Approx(0.295));
}

TEST_CASE("cost is put in where a record ran and its chip has a price, and taken out where not") {
    record::RunRecord r;
    r.status = record::Status::ok;
    r.chip = "one";
    r.dtype = "fp16";
    r.batch_size = 1;
    r.throughput_avg = 1000;
    r.cost_per_1m_inf = 7;
    Prices prices;
    fill_derived(r, {}, prices);
    CHECK_FALSE(r.cost_per_1m_inf);
    prices.by_chip["one"] = {3.6, "a"};
    fill_derived(r, {}, prices);
    CHECK(*r.cost_per_1m_inf == Approx(1.0));
    CHECK(r.energy_missing == "energy");
    record::RunRecord no;
    no.status = record::Status::infeasible;
    fill_derived(no, {}, prices);
    CHECK_FALSE(no.cost_per_1m_inf);
}
