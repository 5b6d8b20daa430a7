#include <catch2/catch.hpp>

#include "compiler/ir/code_text.hpp"
#include "compiler/ir/network_text.hpp"
#include "support/tiny_network.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;

TEST_CASE("a network has a line for every view, value and layer") {
    CHECK(to_text(test::tiny_network().network) == R"(network values=4 layers=3 stem_layers=0
slots width=64 ways=2 region=64 pe_rows=128
input 0 v0[0+1] (1, channel:2, row:3, col:3)
output 0 v3[0+1] (1, channel:4, row:3, col:3)
v0 "x" fp16 lanes=2 plane=3x3 input=t0
v1 "conv" fp16 lanes=4 plane=3x3
v2 "relu" fp16 lanes=4 plane=3x3
v3 "y" fp16 lanes=4 plane=3x3
l0 v1[0+1] = conv v0[0+1] | weight=t1(o*2,c*1,r*1,s*1) bias=t2 kernel=1x1 | "conv" kind="conv" macs=72
l1 v2[0+1] = unary v1[0+1] | function=relu | "relu" kind="relu"
l2 v3[0+1] = binary v1[0+1] v2[0+1] | op=add | "add" kind="add"
)");
}

TEST_CASE("a field that is not as usual shows") {
    auto tiny = test::tiny_network();
    auto& conv = std::get<ConvOp>(tiny.layer(0).op);
    conv.stride_rows = 2;
    conv.pad_left = 1;
    conv.weight.replicas = 3;
    conv.weight.replica_step = 5;
    tiny.value(1).phys.lanes = {64, 64, 17};
    tiny.network.stem_layers = 1;
    const std::string text = to_text(tiny.network);
    CHECK(text.find("stem_layers=1") != std::string::npos);
    CHECK(text.find("lanes=2*64,17") != std::string::npos);
    CHECK(text.find("(o*2,c*1,r*1,s*1)/3 copies 5 apart bias=t2 kernel=1x1 stride=2x1 pad=top 0 left 1 |") !=
          std::string::npos);
}

TEST_CASE("a code has a line for every queue, segment, buffer, load and instruction") {
    test::Script script;
    script.code.queues.resize(1);
    const BufferId in = script.buffer("in"), out = script.buffer("out");
    script.load(in);
    script.layer = 1;
    script.copy(in, out);
    CHECK(to_text(script.code) == R"(code instructions=2 buffers=2 loads=1
queue 0 engine=dma index=0 ring=0
segment "segment 0" purpose=weights dtype=fp16 region=0 address=0 bytes=12800
buffer b0 "in" bytes=100 half=both purpose=spill layer=0 images=1
buffer b1 "out" bytes=100 half=both purpose=spill layer=0 images=1
load 0 b0 stream=0 earliest=0
0 q0 l0 i0 | dma_load dst=b0[0+128]@0:fp16(50*1) src=dram[0]@0+100(50*2) | load 0
1 q5 l1 i0 | tensor_scalar dst=b1[0+128]@0:fp16(50*1) src=b0[0+128]@0:fp16(50*1) op0=none op1=none
)");
}

TEST_CASE("a plan lists its sections and runs of layers that are treated alike") {
    Plan plan;
    plan.sections = {{0, 3, 2, 4, true}, {3, 5, 0, 0, false, 8}};
    plan.psum_banks = {4, 4, 2};
    plan.image_group = {1};
    CHECK(to_text(plan) ==
          "plan slab_bytes=4096 resident_weight_bytes=16384 share_small_images=true stem_stripe_rows=8 band_bytes=0\n"
          "section l0..2 images=2 stripe_rows=4 recompute_halo\n"
          "section l3..4 images=0 weights_for=8\n"
          "psum_banks l0..1=4 l2=2\n"
          "image_group l0=1\n");
}

TEST_CASE("a placement lists addresses, and the order in runs") {
    Placement p;
    p.offset = {0, 128, 64};
    p.first = {0, INT32_MAX, 1};
    p.last = {2, -1, 3};
    p.order = {0, 2, 3, 1};
    p.queue_length = {0, 4};
    p.peak = 164;
    p.lower_bound = 100;
    CHECK(to_text(p) ==
          "placement peak=164 lower_bound=100\nb0 @0 s0..2\nb2 @64 s1..3\nqueue 1 instructions=4\n"
          "order 0\norder 2..3\norder 1\n");
}
