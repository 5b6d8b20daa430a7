#include <catch2/catch.hpp>

#include "compiler/ir/verify_code.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using test::Script;

namespace {

using Found = std::vector<std::string>;

/// Two layers, two images, on a chip with one DMA engine of four rings.
CodeFrame frame() {
    CodeFrame f;
    f.target.sb_partitions = f.target.psum_partitions = 128;
    f.target.sb_partition_bytes = 1000;
    f.target.psum_banks = 2;
    f.target.psum_bank_bytes = 64;
    f.target.dma_engines = 1;
    f.target.rings_per_engine = 4;
    f.target.max_queues = 6;
    f.target.dram_regions = 2;
    f.layers = f.images = 2;
    return f;
}

/// 0: a load of buffer 0, 1: buffer 1 = buffer 0, 2: buffer 1 to the output segment.
struct Good : Script {
    Good() {
        for (program::Queue& q : code.queues) q.engine_index = 0;
        in = buffer("in");
        out = buffer("out");
        load(in);
        copy(in, out);
        store(segment(program::Purpose::output));
    }
    void store(std::uint32_t to) {
        program::DmaStore op;
        op.src = test::whole();
        op.dst.segment = to;
        op.dst.partition_step = static_cast<std::uint32_t>(test::kBufferBytes);
        op.dst.count = op.src.count;
        op.dst.step[program::kAccessDims - 1] = 2;
        push(op, 0, {out});
    }
    VirtualInstruction& at(int position) { return code.instructions[static_cast<std::size_t>(position)]; }
    BufferId in, out;
};

template <class Damage>
Found found(Damage&& damage) {
    Good good;
    damage(good);
    return verify(good.code, frame());
}

program::TensorScalar& copy_of(Good& g) { return std::get<program::TensorScalar>(g.at(1).op); }

}  // namespace

TEST_CASE("a good code has nothing wrong with it") {
    CHECK(found([](Good&) {}).empty());
}

TEST_CASE("queues are such as the chip has") {
    CHECK(found([](Good& g) { g.code.queues[3].ring = 4; }) ==
          Found{"queue 3: of an engine or ring that does not exist"});
    CHECK(found([](Good& g) {
              g.code.queues.push_back({program::Engine::pe, 0, 0, {}});
          }) == Found{"queues: 7, 6 can be used"});
}

TEST_CASE("segments have bytes in a region that exists") {
    CHECK(found([](Good& g) { g.code.segments[0].region = 2; }) ==
          Found{"segment 'segment 0': lies in a region that does not exist"});
    CHECK(found([](Good& g) { g.code.segments.push_back({"empty"}); }) == Found{"segment 'empty': has no bytes"});
}

TEST_CASE("buffers have bytes, a layer and images") {
    CHECK(found([](Good& g) { g.code.buffers[g.out].layer = 2; }) ==
          Found{"buffer b1 'out': is of a layer that does not exist"});
    CHECK(found([](Good& g) { g.code.buffers[g.out].images = 3; }) == Found{"buffer b1 'out': holds 3 images of 2"});
    CHECK(found([](Good& g) { g.buffer("none", 0); }) == Found{"buffer b2 'none': has no bytes"});
}

TEST_CASE("instructions are of a layer, an image and a queue that exist, and of the queue's engine") {
    CHECK(found([](Good& g) { g.at(1).layer = 2; }) == Found{"1 tensor_scalar of layer 2: there are 2 layers"});
    CHECK(found([](Good& g) { g.at(1).image = 2; }) == Found{"1 tensor_scalar of layer 0: is of image 2 of 2"});
    CHECK(found([](Good& g) { g.at(1).queue = 6; }) ==
          Found{"1 tensor_scalar of layer 0: is in queue 6, which does not exist"});
    CHECK(found([](Good& g) { g.at(1).queue = 4; }) ==
          Found{"1 tensor_scalar of layer 0: is in queue 4, which is of another engine"});
}

TEST_CASE("operands lie in buffers that exist") {
    CHECK(found([](Good& g) { g.at(1).buffer[0] = BufferId(2); }) ==
          Found{"1 tensor_scalar of layer 0: an operand without a buffer"});
    CHECK(found([](Good& g) { g.at(1).buffer[4] = g.in; }) ==
          Found{"1 tensor_scalar of layer 0: has buffer b0 for a missing operand"});
}

TEST_CASE("operands stay inside the bytes and the half of their buffer") {
    CHECK(found([](Good& g) { copy_of(g).dst.offset = 2; }).at(0) ==
          "1 tensor_scalar of layer 0: writes b1 beyond its 100 bytes");
    CHECK(found([](Good& g) { g.code.buffers[g.in].half = Half::lower; }).at(0) ==
          "0 dma_load of layer 0: writes b0 outside of partitions 0 to 63");
}

TEST_CASE("operands in PSUM stay inside it and have no buffer") {
    const auto in_psum = [](Good& g) -> program::AccessPattern& {
        copy_of(g).src.space = program::Space::psum;
        g.at(1).buffer[0] = kNoBuffer;
        return copy_of(g).src;
    };
    CHECK(found([&](Good& g) { in_psum(g); }).empty());
    CHECK(found([&](Good& g) { in_psum(g).offset = 100; }) ==
          Found{"1 tensor_scalar of layer 0: an operand leaves PSUM"});
    CHECK(found([&](Good& g) {
              in_psum(g);
              g.at(1).buffer[0] = g.in;
          }) == Found{"1 tensor_scalar of layer 0: an operand in PSUM has buffer b0"});
}

TEST_CASE("what is read of a buffer has been written") {
    CHECK(found([](Good& g) { std::swap(g.at(1), g.at(2)); }) ==
          Found{"1 dma_store of layer 0: reads bytes of b1 that nothing has written"});
    CHECK(found([](Good& g) { copy_of(g).dst = test::elements_at(0, 49); }).at(0) ==
          "2 dma_store of layer 0: reads bytes of b1 that nothing has written");
}

TEST_CASE("a scalar of each partition is read like any operand") {
    CHECK(found([](Good& g) {
              copy_of(g).scalar0 = program::ScalarOperand::per_partition(0, 0, DType::fp16);
              g.at(1).buffer[3] = g.out;
          }) == Found{"1 tensor_scalar of layer 0: reads bytes of b1 that nothing has written"});
}

TEST_CASE("transfers stay inside segments that exist") {
    CHECK(found([](Good& g) { std::get<program::DmaStore>(g.at(2).op).dst.segment = 2; }) ==
          Found{"2 dma_store of layer 0: uses segment 2 of 2"});
    CHECK(found([](Good& g) { std::get<program::DmaStore>(g.at(2).op).dst.offset = 2; }) ==
          Found{"2 dma_store of layer 0: leaves segment 'segment 1' of 12800 bytes"});
}

TEST_CASE("nothing is stored to what is only read") {
    CHECK(found([](Good& g) { std::get<program::DmaStore>(g.at(2).op).dst.segment = 0; }) ==
          Found{"2 dma_store of layer 0: stores to segment 'segment 0', which is only read"});
}

TEST_CASE("loads exist, have instructions and fill their buffer") {
    CHECK(found([](Good& g) { g.at(0).load = LoadId(1); }) ==
          Found{"0 dma_load of layer 0: is of load 1, which does not exist", "load 0: has no instructions"});
    CHECK(found([](Good& g) { g.code.loads[LoadId(0)].buffer = g.out; }) ==
          Found{"0 dma_load of layer 0: is of load 0 and fills another buffer"});
    CHECK(found([](Good& g) { g.code.loads[LoadId(0)].buffer = BufferId(2); }).at(0) ==
          "load 0: fills a buffer that does not exist");
    CHECK(found([](Good& g) { g.code.loads[LoadId(0)].stream = 4; }) == Found{"load 0: is of stream 4"});
}

TEST_CASE("the instructions of a load follow each other") {
    Good g;
    g.code.instructions.push_back(g.at(0));
    CHECK(verify(g.code, frame()) == Found{"3 dma_load of layer 0: stands apart from the rest of load 0"});
}

TEST_CASE("a load may not move in front of what it reads") {
    CHECK(found([](Good& g) { g.code.loads[LoadId(0)].earliest = 1; }) ==
          Found{"0 dma_load of layer 0: stands in front of the earliest place of load 0"});
    CHECK(found([](Good& g) { g.code.loads[LoadId(0)].earliest = -1; }) ==
          Found{"load 0: may stand in front of everything"});
    Good g;
    const std::uint32_t spill = g.segment(program::Purpose::spill);
    g.store(spill);
    g.load(g.buffer("back"), spill);
    CHECK(verify(g.code, frame()) ==
          Found{"4 dma_load of layer 0: may move in front of 3, which stores what it loads"});
    g.code.loads[LoadId(1)].earliest = 4;
    CHECK(verify(g.code, frame()).empty());
}

TEST_CASE("a load that reads a buffer stays behind what writes it") {
    Good g;
    program::DmaCopy move;
    move.src = move.dst = test::whole();
    g.push(move, 0, {g.out, g.buffer("moved")});
    g.code.instructions.back().load = g.code.loads.push_back({BufferId(2), 0, 1});
    CHECK(verify(g.code, frame()) ==
          Found{"3 dma_copy of layer 0: may move in front of 1, which writes what it reads"});
}
