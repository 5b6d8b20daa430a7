// Which layers' constants arrive in one load, and where in it they are.
#include <catch2/catch.hpp>

#include "compiler/emit/constant_rows.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// Three convolutions with biases, of six, four and four channels: two slots and one slot twice, 4 bytes each.
HandMade three_biases() {
    HandMade h;
    ValueId x = h.input("x", {4}, 1, 4);
    for (const auto& [name, lanes] :
         std::vector<std::pair<std::string, std::vector<int>>>{{"a", {4, 2}}, {"b", {4}}, {"c", {4}}}) {
        const ValueId y = h.value(name, lanes, 1, 4);
        const int in = h.network.values[x].phys.channels(), out = h.network.values[y].phys.channels();
        ConvOp conv;
        conv.weight.tensor = h.tensor(name + "/w", {out, in, 1, 1});
        conv.bias = h.tensor(name + "/bias", {out});
        h.layer(conv, {x}, y);
        x = y;
    }
    return h;
}

std::vector<std::int64_t> bytes_of(const ConstantRows& rows) {
    std::vector<std::int64_t> bytes;
    for (const ConstantRow& row : rows.rows) bytes.push_back(row.bytes);
    return bytes;
}

}  // namespace

TEST_CASE("layers share a row up to its limit") {
    HandMade h = three_biases();
    h.plan.constants_bytes = 12;
    const ConstantRows rows = constant_rows(h.network, h.plan);
    CHECK(bytes_of(rows) == std::vector<std::int64_t>{12, 4});
    CHECK(rows.rows[0].partitions == 4);
    CHECK(rows.place[LayerId(1)]->row == 0);
    CHECK(rows.place[LayerId(1)]->offset == 8);
    CHECK(rows.place[LayerId(2)]->row == 1);
    CHECK(rows.place[LayerId(2)]->offset == 0);
    h.plan.constants_bytes = 16;
    CHECK(bytes_of(constant_rows(h.network, h.plan)) == std::vector<std::int64_t>{16});
}

TEST_CASE("without a limit, and for what exceeds it, each layer has a row of its own") {
    HandMade h = three_biases();
    CHECK(bytes_of(constant_rows(h.network, h.plan)) == std::vector<std::int64_t>{8, 4, 4});
    h.plan.constants_bytes = 7;
    CHECK(bytes_of(constant_rows(h.network, h.plan)) == std::vector<std::int64_t>{8, 4, 4});
}

TEST_CASE("a row ends with its section") {
    HandMade h = three_biases();
    h.plan.constants_bytes = 64;
    h.plan.sections = {{0, 2, 1}, {2, 3, 1}};
    CHECK(bytes_of(constant_rows(h.network, h.plan)) == std::vector<std::int64_t>{12, 4});
}

TEST_CASE("constants that lie in different partitions do not share a row") {
    HandMade h = three_biases();
    const ValueId y = h.value("d", {4}, 1, 4);
    ScalarOp scale;
    scale.first.op = program::AluOp::multiply;
    scale.first.per_channel = h.tensor("d/scale", {4});
    h.layer(scale, {ValueId(3)}, y);
    h.plan.constants_bytes = 64;
    const ConstantRows rows = constant_rows(h.network, h.plan);
    REQUIRE(bytes_of(rows) == std::vector<std::int64_t>{16, 4});
    CHECK(rows.rows[1].partitions == 8);
}

TEST_CASE("a layer reads its constants where they are in the row") {
    HandMade h = three_biases();
    h.plan.constants_bytes = 64;
    const Code code = h.code();
    int loads = 0;
    std::vector<std::uint32_t> offsets;
    for (const VirtualInstruction& in : code.instructions) {
        if (const auto* load = std::get_if<program::DmaLoad>(&in.op))
            loads += code.segments[load->src.segment].purpose == program::Purpose::constants ? 1 : 0;
        if (const auto* out = std::get_if<program::Activate>(&in.op)) offsets.push_back(out->bias.offset);
    }
    CHECK(loads == 1);
    CHECK(offsets == std::vector<std::uint32_t>{0, 4, 8, 12});
}
