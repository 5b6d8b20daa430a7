#include <catch2/catch.hpp>

#include "compiler/ir/verify_network.hpp"
#include "support/tiny_network.hpp"

using namespace infsim;
using namespace infsim::compiler;
using test::tiny_network;
using test::TinyNetwork;

namespace {

using Found = std::vector<std::string>;

/// What is wrong with the tiny network once it was damaged.
template <class Damage>
Found found(Damage&& damage) {
    TinyNetwork tiny = tiny_network();
    damage(tiny);
    return verify(tiny.network, tiny.graph);
}

Part part(int value, int first_slot = 0, int slots = 1) { return {ValueId(value), first_slot, slots}; }

/// The tiny network with `op` on v1 (and v2, where it takes two) in place of the add.
template <class Op>
Found found_with(Op op, std::vector<Part> inputs, Physical output) {
    return found([&](TinyNetwork& t) {
        t.value(3).phys = std::move(output);
        t.layer(2).op = std::move(op);
        t.layer(2).inputs = std::move(inputs);
        t.network.outputs = {t.network.outputs[0]};
        t.network.outputs[0].value = ValueId(2);
    });
}

}  // namespace

TEST_CASE("a good network has nothing wrong with it") {
    CHECK(found([](TinyNetwork&) {}).empty());
}

TEST_CASE("as many problems are listed as asked for") {
    TinyNetwork tiny = tiny_network();
    for (int v = 1; v < 4; ++v) tiny.value(v).phys.rows = 0;
    CHECK(verify(tiny.network, tiny.graph, 2).size() == 2);
}

TEST_CASE("a value has slots or lies in device DRAM, not both and not neither") {
    CHECK(found([](TinyNetwork& t) { t.value(2).phys.lanes.clear(); }).at(0) ==
          "value v2 'relu': has no slots and no place in device DRAM");
    CHECK(found([](TinyNetwork& t) { t.value(2).scratch_elements = 36; }).at(0) ==
          "value v2 'relu': lies in device DRAM and has slots");
}

TEST_CASE("slots have channels, values rows and columns") {
    CHECK(found([](TinyNetwork& t) { t.value(2).phys.lanes = {0}; }).at(0) ==
          "value v2 'relu': has a slot without channels");
    CHECK(found([](TinyNetwork& t) { t.value(2).phys.cols = 0; }).at(0) == "value v2 'relu': has no rows or columns");
}

TEST_CASE("only graph inputs fill values") {
    CHECK(found([](TinyNetwork& t) { t.value(0).input = 1; }) ==
          Found{"value v0 'x': is filled by t1, which is not a graph input",
                "input 0: lies in v0, which t0 does not fill"});
}

TEST_CASE("parts name values and slots that exist") {
    CHECK(found([](TinyNetwork& t) { t.layer(1).inputs = {part(9)}; }).at(0) ==
          "layer l1 'relu' reads: v9[0+1], a value that does not exist");
    CHECK(found([](TinyNetwork& t) { t.layer(1).inputs = {part(1, 1)}; }).at(0) ==
          "layer l1 'relu' reads: v1[1+1], of a value of 1 slots");
    CHECK(found([](TinyNetwork& t) { t.layer(2).output = part(3, 0, 2); }).at(0) ==
          "layer l2 'add' writes: v3[0+2], of a value of 1 slots");
}

TEST_CASE("what is read has been written") {
    CHECK(found([](TinyNetwork& t) { std::swap(t.layer(1), t.layer(2)); }) ==
          Found{"layer l1 'add': reads v2[0+1], which nothing has written"});
}

TEST_CASE("nothing is written twice") {
    CHECK(found([](TinyNetwork& t) { t.layer(1).output = part(1); }).at(0) ==
          "layer l1 'relu': writes v1[0+1], which has been written before");
}

TEST_CASE("every output is written and has the elements of its tensor") {
    CHECK(found([](TinyNetwork& t) { t.network.layers.pop_back(); }) == Found{"output 0: is not written"});
    CHECK(found([](TinyNetwork& t) {
              t.graph.tensors[3].shape = {1, 4, 3, 2};
          }) == Found{"output 0: has 36 elements, its tensor 24"});
    CHECK(found([](TinyNetwork& t) { t.network.outputs.clear(); }) == Found{"outputs: 0 of 1"});
}

TEST_CASE("every input is there") {
    CHECK(found([](TinyNetwork& t) { t.network.inputs.clear(); }) == Found{"inputs: 0 of 1"});
}

TEST_CASE("a view stays inside its value and gives every element once") {
    CHECK(found([](TinyNetwork& t) { t.network.outputs[0].axes[2][0].extent = 4; }) ==
          Found{"output 0: v3[0+1] (1, channel:4, row:4, col:3) leaves the layout of its value"});
    CHECK(found([](TinyNetwork& t) { t.network.outputs[0].axes[2][0].step = 2; }) ==
          Found{"output 0: v3[0+1] (1, channel:4, row:3/2, col:3) leaves the layout of its value"});
    CHECK(found([](TinyNetwork& t) { t.network.outputs[0].axes[2].clear(); }) ==
          Found{"output 0: v3[0+1] (1, channel:4, 1, col:3) gives 12 elements of 36"});
}

TEST_CASE("weights and biases are constants of the right size") {
    const auto conv = [](TinyNetwork& t) -> ConvOp& { return std::get<ConvOp>(t.layer(0).op); };
    CHECK(found([&](TinyNetwork& t) { conv(t).weight.tensor = 0; }) ==
          Found{"layer l0 'conv': t0 is not a constant of the graph"});
    CHECK(found([&](TinyNetwork& t) { conv(t).weight.so = 3; }) ==
          Found{"layer l0 'conv': weights leave their tensor of 8 elements"});
    CHECK(found([&](TinyNetwork& t) { t.graph.tensors[2].shape = {3}; }) ==
          Found{"layer l0 'conv': a bias of 3 elements for 4"});
    CHECK(found([&](TinyNetwork& t) { conv(t).groups = 3; }).at(0) == "layer l0 'conv': 3 groups for 2 channels to 4");
    CHECK(found([&](TinyNetwork& t) { conv(t).stride_rows = 0; }) ==
          Found{"layer l0 'conv': a kernel, stride or dilation that is not positive"});
    // Outputs behind the input's last row are zeros, as a transposed convolution makes them.
    CHECK(found([&](TinyNetwork& t) { conv(t).stride_rows = 2; }).empty());
}

TEST_CASE("a residual lies as the output does") {
    const auto damage = [](TinyNetwork& t) {
        std::get<ConvOp>(t.layer(0).op).residual = part(0);
        t.layer(0).inputs.push_back(part(0));
    };
    CHECK(found(damage) == Found{"layer l0 'conv': residual and output are laid out differently"});
}

TEST_CASE("operations have as many inputs as they need") {
    CHECK(found([](TinyNetwork& t) { t.layer(2).inputs.pop_back(); }) == Found{"layer l2 'add': binary has 1 inputs"});
}

TEST_CASE("elementwise operations keep the layout") {
    CHECK(found([](TinyNetwork& t) {
              t.value(2).phys = {{4}, 1, 9};
          }).at(0) == "layer l1 'relu': input and output are laid out differently");
    CHECK(found_with(BinaryOp{program::AluOp::add, false, 2}, {part(1), part(2)}, {{4}, 3, 3}) ==
          Found{"layer l2 'add': operands are laid out differently"});
    CHECK(found_with(BinaryOp{program::AluOp::add, false, 1, true}, {part(1), part(2)}, {{4}, 3, 3}) ==
          Found{"layer l2 'add': a spread operand with different columns"});
}

TEST_CASE("operations that change the layout change it as they say") {
    CHECK(found_with(PoolOp{}, {part(1)}, {{5}, 3, 3}) ==
          Found{"layer l2 'add': input and output have different channels"});
    CHECK(found_with(ReduceOp{program::AluOp::add, 3}, {part(1)}, {{4}, 3, 3}) ==
          Found{"layer l2 'add': the plane is not reduced as said"});
    CHECK(found_with(ReplicateOp{2}, {part(1)}, {{4}, 3, 3}) ==
          Found{"layer l2 'add': copies are not those of the input"});
    CHECK(found_with(TransposeOp{1}, {part(1)}, {{4}, 1, 3}) ==
          Found{"layer l2 'add': lanes and planes are not exchanged"});
    CHECK(found_with(SpreadOp{}, {part(1)}, {{4}, 3, 3}) ==
          Found{"layer l2 'add': spreads other than one row of the same columns"});
    CHECK(found_with(HeadMatmulOp{1}, {part(1), part(2)}, {{4}, 3, 3}) ==
          Found{"layer l2 'add': a product of 3x3 columns has 4 channels, 3 columns"});
    CHECK(found_with(GatherOp{1, 4, 2}, {part(1)}, {{4}, 1, 3}) ==
          Found{"layer l2 'add': rows are not those gathered"});
}

TEST_CASE("a fetch reads what exists and fills what is there") {
    const auto fetch = [](Strided::Source source, int index, std::int64_t rows) {
        FetchOp op;
        op.to = {ValueId(3), 0, 1, {{{Dim::channel, 4}}, {{Dim::col, 9}}}};
        op.boxes.push_back({{source, index, 0, {{{rows, 9}}, {{9, 1}}}}, {}, {}});
        return op;
    };
    const Physical out{{4}, 1, 9};
    CHECK(found_with(fetch(Strided::Source::literal, 0, 4), {}, out) ==
          Found{"layer l2 'add': literal 0 @0 (4*9, 9*1) reads what does not exist"});
    CHECK(found_with(fetch(Strided::Source::input, 0, 4), {}, out) ==
          Found{"layer l2 'add': input 0 @0 (4*9, 9*1) leaves its source of 18 elements"});
    CHECK(found_with(fetch(Strided::Source::input, 0, 2), {}, out).empty());
    auto beyond = fetch(Strided::Source::input, 0, 2);
    beyond.boxes[0].start = {3, 0};
    beyond.boxes[0].step = {1, 1};
    CHECK(found_with(beyond, {}, out) == Found{"layer l2 'add': input 0 @0 (2*9, 9*1) fills more than there is"});
}

TEST_CASE("a store keeps the number of elements") {
    TinyNetwork t = tiny_network();
    t.network.values.push_back({"stored", {}, DType::fp16, graph::kNoTensor, 35});
    const View from = t.network.outputs[0];
    t.network.layers.push_back({"store", "store", StoreOp{from}, {part(3)}, part(4, 0, 0)});
    CHECK(verify(t.network, t.graph) == Found{"layer l3 'store': stores a different number of elements"});
    t.value(4).scratch_elements = 36;
    CHECK(verify(t.network, t.graph).empty());
}

TEST_CASE("layers of the stem form a chain that nobody else reads") {
    CHECK(found([](TinyNetwork& t) { t.network.stem_layers = 1; }).empty());
    CHECK(found([](TinyNetwork& t) { t.network.stem_layers = 4; }) == Found{"stem: 4 of 3 layers"});
    CHECK(found([](TinyNetwork& t) { t.network.stem_layers = 2; }) ==
          Found{"layer l1 'relu': is in the stem and is not the only reader of its input"});
    const auto unchained = [](TinyNetwork& t) {  // l1 reads the input as well, in place of what l0 makes
        t.network.stem_layers = 2;
        t.value(2).phys = t.value(0).phys;
        t.layer(1).inputs = {part(0)};
        t.layer(2).inputs = {part(1), part(1)};
    };
    CHECK(found(unchained).at(1) == "layer l1 'relu': is in the stem and does not read the layer before");
}
