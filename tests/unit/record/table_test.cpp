#include <catch2/catch.hpp>

#include <sqlite3.h>

#include <memory>

#include "record/csv.hpp"
#include "record/table.hpp"

using namespace infsim;
using namespace infsim::record;

namespace {

TableHead head() {
    return {"s",
            "Which one?",
            "point",
            {{"chip.dram.bandwidth", "GB/s", "axis", CellType::number,
              TableAxis{"chip.dram.bandwidth", AxisKind::quantity, "batch"}},
             {"spill_dis", "", "axis", CellType::boolean, TableAxis{"spill_dis", AxisKind::flag, ""}},
             {"layers", "", "how many", CellType::integer, std::nullopt},
             {"reason", "", "why \"not\"", CellType::text, std::nullopt}}};
}

NextRow rows(std::vector<std::vector<std::string>> all) {
    return [all = std::move(all), next = std::size_t{0}](std::vector<std::string>& cells) mutable {
        if (next == all.size()) return false;
        cells = all[next++];
        return true;
    };
}

/// What a query answers, cells joined by |, rows by a blank; NULL as "-".
std::string answer(const std::string& database, const std::string& query) {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(":memory:", &opened) == SQLITE_OK);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle(opened, &sqlite3_close);
    std::string bytes = database;
    REQUIRE(sqlite3_deserialize(opened, "main", reinterpret_cast<unsigned char*>(bytes.data()),
                                static_cast<sqlite3_int64>(bytes.size()), static_cast<sqlite3_int64>(bytes.size()),
                                SQLITE_DESERIALIZE_READONLY) == SQLITE_OK);
    std::string text;
    const auto add = [](void* out, int count, char** cells, char**) {
        auto& all = *static_cast<std::string*>(out);
        for (int c = 0; c < count; ++c) all += (c == 0 ? "" : "|") + std::string(cells[c] ? cells[c] : "-");
        all += ' ';
        return 0;
    };
    char* error = nullptr;
    INFO(query);
    REQUIRE(sqlite3_exec(opened, query.c_str(), add, &text, &error) == SQLITE_OK);
    return text;
}

}  // namespace

TEST_CASE("texts that a spreadsheet would take for formulas are guarded, and only texts") {
    CHECK(table_as_csv(head(), rows({{"-1.5", "true", "", "=1+1"}, {"2", "false", "-7", "fine, so far"}})) ==
          "chip.dram.bandwidth,spill_dis,layers,reason\n-1.5,true,,'=1+1\n2,false,-7,\"fine, so far\"\n");
}

TEST_CASE("a guard is taken away again and nothing else is") {
    for (const char* text : {"", "=1", "+1", "-1", "@x", "'=1", "''-", "'", "''", "'quoted'", "a=b", "\t=1", "5"}) {
        INFO(text);
        CHECK(unguarded(guarded(text)) == text);
    }
    CHECK(guarded("@x") == "'@x");
    CHECK(guarded("'@x") == "''@x");
    CHECK(guarded("'quoted'") == "'quoted'");
    CHECK(unguarded("'quoted'") == "'quoted'");
}

TEST_CASE("a database has the rows with their types, and no value as NULL") {
    const std::string database = table_as_sqlite(
        head(), rows({{"25.6", "true", "9007199254740993", "it's =\"so\""}, {"51.2", "false", "", ""}}));
    CHECK(answer(database, "SELECT * FROM points") == "25.6|1|9007199254740993|it's =\"so\" 51.2|0|-|- ");
    CHECK(answer(database,
                 "SELECT typeof(\"chip.dram.bandwidth\"), typeof(spill_dis), typeof(layers), typeof(reason) "
                 "FROM points") == "real|integer|integer|text real|integer|null|null ");
    CHECK(answer(database, "SELECT name, question, schema_version FROM sweep") == "s|Which one?|1 ");
    CHECK(answer(database, "SELECT * FROM columns WHERE axis_key IS NOT NULL") ==
          "chip.dram.bandwidth|number|GB/s|axis|chip.dram.bandwidth|quantity|batch "
          "spill_dis|boolean|-|axis|spill_dis|flag|- ");
}

TEST_CASE("the same rows make the same database") {
    const std::vector<std::vector<std::string>> some{{"1", "true", "2", "x"}};
    CHECK(table_as_sqlite(head(), rows(some)) == table_as_sqlite(head(), rows(some)));
}

TEST_CASE("a description names type, unit and axis of each column") {
    const json::Value all = table_description(head());
    CHECK(all.as_object().find("row")->as_string() == "point");
    const auto& columns = all.as_object().find("columns")->as_array();
    REQUIRE(columns.size() == 4);
    CHECK(
        json::dump(columns[0], 0) ==
        R"({"name": "chip.dram.bandwidth", "type": "number", "pandas": "float64", "unit": "GB/s", "meaning": "axis", )"
        R"("axis": {"key": "chip.dram.bandwidth", "kind": "quantity", "together_with": "batch"}})");
    CHECK(json::dump(columns[2], 0) ==
          R"({"name": "layers", "type": "integer", "pandas": "Int64", "unit": "", "meaning": "how many"})");
}
