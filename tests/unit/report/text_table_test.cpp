#include <catch2/catch.hpp>

#include "report/groups.hpp"
#include "report/text_table.hpp"

using namespace infsim;
using report::parse_csv;

TEST_CASE("a table gives back the text it was read from") {
    const std::string text = "a,\"b,c\",d\n1,\"say \"\"hi\"\"\",\n2,\"two\nlines\",x\n";
    const auto table = parse_csv(text, "t.csv");
    REQUIRE(table.columns.size() == 3);
    CHECK(table.columns[1].name == "b,c");
    REQUIRE(table.rows.size() == 2);
    CHECK(table.cell(0, "b,c") == "say \"hi\"");
    CHECK(table.cell(1, "b,c") == "two\nlines");
    CHECK(table.cell(1, "d") == "x");
    CHECK(table.cell(1, "no such column").empty());
    CHECK(to_csv(table) == text);
}

TEST_CASE("line ends of another system are no part of a cell") {
    const auto table = parse_csv("a,b\r\n1,2\r\n", "t.csv");
    CHECK(table.columns[1].name == "b");
    CHECK(table.cell(0, "b") == "2");
}

TEST_CASE("what is no table is told with its line") {
    CHECK_THROWS_WITH(parse_csv("", "t.csv"), Catch::Contains("t.csv") && Catch::Contains("is empty"));
    CHECK_THROWS_WITH(parse_csv("a,b\n1,2\n3\n", "t.csv"), Catch::Contains("line 3") && Catch::Contains("has 1 cells"));
    CHECK_THROWS_WITH(parse_csv("a,b\n1,\"2\n3,4\n", "t.csv"),
                      Catch::Contains("line 2") && Catch::Contains("never closed"));
    CHECK_THROWS_WITH(parse_csv("a,b,a\n", "t.csv"), Catch::Contains("'a' appears twice"));
}

TEST_CASE("a column that says the same everywhere is told once") {
    const auto json = to_json(parse_csv("a,b\n1,x\n1,y\n", "t.csv"));
    const auto& columns = json.find("columns")->as_array();
    CHECK(columns[0].as_object().find("same")->as_string() == "1");
    CHECK(columns[1].as_object().find("cells")->as_array().size() == 2);
    CHECK(json.find("rows")->as_int() == 2);
}

TEST_CASE("rows are grouped by what tells them apart, and by nothing that says the same again") {
    auto table = parse_csv("key,rate_key,name,rate\nx,1,net-x,1\nx,2,net-x,2\ny,1,net-y,1\ny,2,net-y,2\n", "t.csv");
    table.columns[0].axis = table.columns[1].axis = true;
    const auto grouping = report::group_rows(table, {"name"}, "rate");
    CHECK(grouping.axes == std::vector<std::string>{"key"});
    REQUIRE(grouping.groups.size() == 2);
    CHECK(grouping.groups[1].label == "key=y");
    CHECK(grouping.groups[1].rows == std::vector<std::size_t>{2, 3});
    table.columns[0].axis = false;  // then the name is all that is left
    CHECK(report::group_rows(table, {"name"}, "rate").axes == std::vector<std::string>{"name"});
}
