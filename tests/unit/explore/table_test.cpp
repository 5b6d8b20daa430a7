#include <catch2/catch.hpp>

#include "explore/sweep.hpp"
#include "explore/table.hpp"
#include "record/csv.hpp"

using namespace infsim;
using namespace infsim::explore;
using record::AxisKind;
using record::CellType;

namespace {

Sweep read(const std::string& axes, const std::string& base = R"({"model": "m.json"})") {
    Problems problems;
    const auto document = json::parse_text(R"({"question": "?", "base": )" + base + R"(, "axes": )" + axes + "}",
                                           "sweeps/s.json", problems);
    REQUIRE(document);
    auto sweep = read_sweep(*document, {}, problems);
    problems.throw_if_any();
    return *sweep;
}

/// Rows without figures; `name`: of the network of each.
std::vector<SweepRow> rows_of(const Sweep& sweep, const std::vector<std::string>& names = {}) {
    Problems problems;
    std::vector<SweepRow> rows;
    for (const SweepPoint& point : expand(sweep, problems)) {
        rows.push_back({point.axis_values, {}});
        record::RunRecord& r = rows.back().record;
        r.batch_size = point.request.batch;
        if (!names.empty()) r.model_name = names.at(rows.size() - 1);
    }
    return rows;
}

/// What the values of an axis become.
std::string cells(const std::string& values) {
    const Sweep sweep = read(R"([{"key": "chip.x", "values": )" + values + "}]");
    const auto column = axis_column(sweep, 0);
    CHECK(column.name == "chip.x");
    std::string text = std::string(record::cell_type_name(column.type)) + " [" + column.unit + "]";
    for (const SweepRow& row : rows_of(sweep)) text += " " + axis_cell(column, row.axis_values[0]);
    return text;
}

std::vector<std::string> axes_of(const record::TableHead& head) {
    std::vector<std::string> all;
    for (const record::TableColumn& c : head.columns)
        if (c.axis)
            all.push_back(c.name + " of " + c.axis->key + " " + std::string(axis_kind_name(c.axis->kind)) +
                          (c.axis->together_with.empty() ? "" : " with " + c.axis->together_with));
    return all;
}

}  // namespace

TEST_CASE("quantities of one kind are numbers with one unit, however they are written") {
    CHECK(cells(R"(["64KiB", "1MiB", "1kB"])") == "integer [B] 65536 1048576 1000");
    CHECK(cells(R"(["25.6GB/s", "12800MB/s"])") == "number [GB/s] 25.6 12.8");
    CHECK(cells(R"(["0.977GHz", "174MHz"])") == "number [MHz] 977 174");
    CHECK(cells(R"(["1.3us", "2ms"])") == "number [us] 1.3 2000");
    CHECK(cells(R"(["128cycles", "1cycle"])") == "integer [cycles] 128 1");
    CHECK(cells(R"(["56pJ/B", "5.5pJ/B"])") == "number [pJ/B] 56 5.5");
    CHECK(cells(R"({"powers_of_two": ["64KiB", "256KiB"]})") == "integer [B] 65536 131072 262144");
}

TEST_CASE("numbers and flags keep their type, and what has no unit in common is text as written") {
    CHECK(cells("[1, 2]") == "integer [] 1 2");
    CHECK(cells("[1, 0.5]") == "number [] 1 0.5");
    CHECK(cells("[true, false]") == "boolean [] true false");
    CHECK(cells(R"(["64KiB", "25.6GB/s"])") == "text [] 64KiB 25.6GB/s");
    CHECK(cells(R"(["64KiB", 7])") == "text [] 64KiB 7");
    CHECK(cells(R"(["fluid", "exact"])") == "text [] fluid exact");
    CHECK(cells(R"([[1, 2], null])") == "text [] [1, 2] null");
}

TEST_CASE("the table has columns for the axes that reach into files, in front") {
    const Sweep sweep = read(R"([{"key": "chip.state_buffer.partition_bytes", "values": ["64KiB", "1.5KiB"]},
                                 {"key": "batch", "values": [1]}])");
    const auto rows = rows_of(sweep);
    const std::string table = table_csv(sweep, rows);
    CHECK(table.find("chip.state_buffer.partition_bytes,model_name,") == 0);
    CHECK(table.find("\n65536,") != std::string::npos);
    CHECK(table.find("\n1536,") != std::string::npos);
    CHECK(axes_of(table_head(sweep, rows)) ==
          std::vector<std::string>{"chip.state_buffer.partition_bytes of chip.state_buffer.partition_bytes quantity",
                                   "batch_size of batch quantity"});
}

TEST_CASE("axes that move together say with what, flags are flags, and every key of a point is a column") {
    const Sweep sweep = read(R"([{"key": "spill_dis", "values": [true, false]},
        {"zip": [{"key": "chip.pe.columns", "values": [64, 128]}, {"key": "chip.psum.partitions", "values": [64, 128]},
                 {"key": "batch", "values": [1, 2]}]},
        {"key": "inferences", "values": [32, 64]}])");
    CHECK(axes_of(table_head(sweep, rows_of(sweep))) ==
          std::vector<std::string>{"spill_dis of spill_dis flag", "chip.pe.columns of chip.pe.columns quantity",
                                   "chip.psum.partitions of chip.psum.partitions quantity with chip.pe.columns",
                                   "inferences of inferences quantity",
                                   "batch_size of batch quantity with chip.pe.columns"});
}

TEST_CASE("networks of one name are told apart by their files") {
    const Sweep sweep = read(R"([{"key": "model", "values": ["a/net.json", "b/net.json"]}])", "{}");
    CHECK(axes_of(table_head(sweep, rows_of(sweep, {"one", "other"}))) ==
          std::vector<std::string>{"model_name of model name"});
    const auto same = rows_of(sweep, {"net", "net"});
    CHECK(axes_of(table_head(sweep, same)) == std::vector<std::string>{"model_file of model name"});
    CHECK(table_csv(sweep, same).find("\na/net.json,net,") != std::string::npos);
}
