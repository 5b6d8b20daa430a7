// Sections, stripes and bands: which layer runs on which rows of which image when.
#include <catch2/catch.hpp>

#include <algorithm>

#include "base/problems.hpp"
#include "compiler/emit/order_of_work.hpp"
#include "compiler/memory/dry_run.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

using Lines = std::vector<std::string>;
using Work = std::vector<std::pair<int, int>>;  ///< (layer, image)

/// Layers and images of the instructions of PE, ACT and POOL, repeats left out.
Work work(const Code& code) {
    Work list;
    for (const auto& in : code.instructions)
        if (const std::pair<int, int> now{in.layer, in.image}; in.queue < 3 && (list.empty() || list.back() != now))
            list.push_back(now);
    return list;
}

/// Two copies in a row.
HandMade two_copies(int batch) {
    HandMade h;
    h.batch = batch;
    const ValueId x = h.input("x", {1}, 1, 4), a = h.value("a", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(CopyOp{}, {x}, a);
    h.layer(CopyOp{}, {a}, y);
    return h;
}

/// A convolution over three rows with padding, and a maximum over two rows of stride two.
HandMade stem() {
    HandMade h;
    const ValueId x = h.input("x", {1}, 4, 1), a = h.value("a", {1}, 4, 1), y = h.value("y", {1}, 2, 1);
    ConvOp conv;
    conv.kernel_rows = 3;
    conv.pad_top = 1;
    conv.weight.tensor = h.tensor("w", {1, 1, 3, 1});
    h.layer(conv, {x}, a);
    PoolOp pool;
    pool.kernel_rows = pool.stride_rows = 2;
    h.layer(pool, {a}, y);
    return h;
}

struct Counter final : CodeSink {
    int instructions = 0, reads = 0;
    void see(const VirtualInstruction&, const std::vector<program::Segment>&) override { ++instructions; }
    void see_read(BufferId, LayerId) override { ++reads; }
};

}  // namespace

TEST_CASE("layers without weights run image by image") {
    CHECK(work(two_copies(2).code()) == Work{{0, 0}, {1, 0}, {0, 1}, {1, 1}});
}

TEST_CASE("a section runs on its images before the next takes them up") {
    HandMade h = two_copies(4);
    h.plan.sections = {{0, 1, 2}, {1, 2, 4}};
    CHECK(work(h.code()) == Work{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}, {1, 1}, {1, 2}, {1, 3}});
    h.plan.sections = {{0, 1, 2}, {1, 2, 2}};
    CHECK(work(h.code()) == Work{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}});
}

TEST_CASE("a turn of a section ends where its pass ends") {
    HandMade h = two_copies(6);
    h.plan.sections = {{0, 1, 2, 0, false, 3}, {1, 2, 3, 0, false, 3}};
    CHECK(work(h.code()) == Work{{0, 0},
                                 {0, 1},
                                 {0, 2},
                                 {1, 0},
                                 {1, 1},
                                 {1, 2},  //
                                 {0, 3},
                                 {0, 4},
                                 {0, 5},
                                 {1, 3},
                                 {1, 4},
                                 {1, 5}});
}

TEST_CASE("outputs linger in their places if stores have their own rings") {
    HandMade h = two_copies(2);
    h.output(ValueId(2));
    const auto lingering = [&] {
        const Code code = h.code();
        return std::count_if(code.buffers.begin(), code.buffers.end(), [](const Buffer& b) { return b.lingers; });
    };
    CHECK(lingering() == 0);
    h.options.own_rings = true;
    CHECK(lingering() == 2);
}

TEST_CASE("a layer with weights runs on a group of images, followed by those behind it") {
    HandMade h;
    h.batch = 2;
    h.options.pair_images = false;
    const ValueId x = h.input("x", {1}, 1, 4), a = h.value("a", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    ConvOp conv;
    conv.weight.tensor = h.tensor("w", {1, 1, 1, 1});
    h.layer(conv, {x}, a);
    h.layer(CopyOp{}, {a}, y);
    h.plan.image_group = {1, 0};
    CHECK(work(h.code()) == Work{{0, 0}, {1, 0}, {0, 1}, {1, 1}});
    h.plan.image_group = {2, 0};
    CHECK(work(h.code()) == Work{{0, 0}, {1, 0}, {1, 1}});  // both images of the convolution at once
}

TEST_CASE("a stem streams in stripes, rows of the input that two share are copied") {
    HandMade h = stem();
    h.network.stem_layers = 2;
    h.plan.stem_stripe_rows = 1;
    const Code code = h.code();
    CHECK(dma_lines(code) == Lines{"q4 load x p0+1 @0 3*1", "q3 load a/weights p0+1 @0 3*1",
                                   "q6 copy x p0+1 @2 2*1; x p0+1 @0 2*1", "q4 load x p0+1 @4"});
    const Lines lines = engine_lines(code);
    REQUIRE(lines.size() == 16);
    CHECK(lines[7] == "q2 reduce a p0+1 @0 2*1; y p0+1 @0");
    CHECK(lines[15] == "q2 reduce a p0+1 @0 2*1; y p0+1 @2");
    CHECK(work(code) == Work{{0, 0}, {1, 0}, {0, 0}, {1, 0}});
}

TEST_CASE("a fused section copies the rows that stripes share, or computes them again") {
    HandMade h = stem();
    auto& pool = std::get<PoolOp>(h.network.layers[LayerId(1)].op);
    pool.stride_rows = 1;
    h.network.values[ValueId(2)].phys.rows = 3;
    h.plan.sections = {{0, 2, 1, 1}};
    const auto copies = [](const Lines& lines) {
        return std::count_if(lines.begin(), lines.end(),
                             [](const std::string& l) { return l.rfind("q2 scalar", 0) == 0; });
    };
    const auto pairs_of_rows = [](const Lines& lines) {
        return std::count_if(lines.begin(), lines.end(), [](const std::string& l) {
            return l.rfind("q1 activate", 0) == 0 && l.find("a p0+1 @0 2*1") != std::string::npos;
        });
    };
    h.options.overlap_stripes = false;
    const Lines kept = engine_lines(h.code());
    CHECK(copies(kept) == 2);
    CHECK(pairs_of_rows(kept) == 1);  // the first stripe's
    h.plan.sections[0].recompute_halo = true;
    const Lines again = engine_lines(h.code());
    CHECK(copies(again) == 0);
    CHECK(pairs_of_rows(again) == 3);
    h.plan.sections[0].recompute_halo = false;
    h.options.overlap_stripes = true;  // ACT moves them
    const Lines by_act = engine_lines(h.code());
    CHECK(copies(by_act) == 0);
    CHECK(std::count_if(by_act.begin(), by_act.end(),
                        [](const std::string& l) { return l.rfind("q1 activate a ", 0) == 0; }) == 2);
}

TEST_CASE("a residual and what is made of it run fused; others still find what they read") {
    // a = conv(x), b = conv(a), y = conv(b) + a: rows of a wait for the add.
    HandMade h;
    const ValueId x = h.input("x", {1}, 4, 1), a = h.value("a", {1}, 4, 1), b = h.value("b", {1}, 4, 1);
    const ValueId y = h.value("y", {1}, 4, 1);
    ConvOp conv;
    conv.kernel_rows = 3;
    conv.pad_top = 1;
    conv.weight.tensor = h.tensor("w", {1, 1, 3, 1});
    h.layer(conv, {x}, a);
    h.layer(conv, {a}, b);
    ConvOp adding = conv;
    adding.residual = h.part(a);
    h.layer(adding, {b, a}, y);
    h.plan.sections = {{0, 3, 1, 2}};
    const auto buffers = [&](const char* name) {
        const Code code = h.code();
        return std::count_if(code.buffers.begin(), code.buffers.end(),
                             [&](const Buffer& of) { return of.name == name; });
    };
    CHECK(work(h.code()) == Work{{0, 0}, {1, 0}, {2, 0}, {0, 0}, {1, 0}, {2, 0}});
    CHECK(buffers("a") == 2);  // a window for each of two stripes
    CHECK(buffers("b") == 2);
    CHECK(buffers("y") == 1);
    h.output(a);
    CHECK(buffers("a") == 1);  // whole: the host reads it
    CHECK(buffers("b") == 2);
}

TEST_CASE("weights of a section are read once, or anew after so many images") {
    HandMade h = stem();
    h.batch = 4;
    const auto loads = [&] {
        const Lines lines = dma_lines(h.code());
        return std::count_if(lines.begin(), lines.end(),
                             [](const std::string& l) { return l.find("load a/weights") != std::string::npos; });
    };
    h.plan.sections = {{0, 2, 1}};
    CHECK(loads() == 1);
    h.plan.sections[0].weights_for = 1;
    CHECK(loads() == 4);
    h.plan.sections[0].weights_for = 2;
    CHECK(loads() == 2);
}

TEST_CASE("a layer by rows works band by band") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 5, 1), y = h.value("y", {1}, 5, 1);
    h.layer(CopyOp{}, {x}, y);
    h.output(y);
    h.plan.band_bytes = 4;  // two rows of fp16
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q2 scalar x p0+1 @0 2*1; y p0+1 @0 2*1",
                                      "q2 scalar x p0+1 @0 2*1; y p0+1 @0 2*1", "q2 scalar x p0+1 @0; y p0+1 @0"});
    CHECK(dma_lines(code) == Lines{"q4 load x p0+1 @0 2*1", "q4 load x p0+1 @0 2*1", "q4 load x p0+1 @0",
                                   "q6 store y p0+1 @0 2*1", "q6 store y p0+1 @0 2*1", "q6 store y p0+1 @0"});
    CHECK(code.buffers.size() == 6);
    CHECK(nth<program::DmaLoad>(code, 2).src.offset == 8);  // row 4
}

TEST_CASE("a window across two bands is gathered first") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 4, 1), y = h.value("y", {1}, 2, 1);
    PoolOp pool;
    pool.kernel_rows = 3;
    h.layer(pool, {x}, y);
    h.plan.band_bytes = 4;
    CHECK(engine_lines(h.code()) ==
          Lines{"q2 scalar x p0+1 @0 2*1; x/window p0+1 @0 2*1", "q2 scalar x p0+1 @0; x/window p0+1 @4",
                "q2 reduce x/window p0+1 @0 3*1; y p0+1 @0", "q2 scalar x p0+1 @2; x/window p0+1 @0",
                "q2 scalar x p0+1 @0 2*1; x/window p0+1 @2 2*1", "q2 reduce x/window p0+1 @0 3*1; y p0+1 @2"});
}

TEST_CASE("a code that is watched is the code that is made") {
    const HandMade h = stem();
    const Code made = h.code();
    Counter counter;
    const auto outcome = emit_watched(h.emit_input(), h.plan, counter, 4096);
    REQUIRE(std::holds_alternative<WatchedCode>(outcome));
    CHECK(std::get<WatchedCode>(outcome).whole);
    CHECK(std::get<WatchedCode>(outcome).code.instructions.size() == made.instructions.size());
    CHECK(counter.instructions == static_cast<int>(made.instructions.size()));
    CHECK(counter.reads == 0);
}

TEST_CASE("a code that is only watched leaves the dry run of the code that is made") {
    for (const int batch : {1, 3}) {
        HandMade h = stem();
        h.batch = batch;
        const Code made = h.code();
        const DryRun whole = dry_run_of(made);
        DryRunRecorder recorder(dma_engines_of(made.queues));
        const auto outcome = emit_watched(h.emit_input(), h.plan, recorder, 4096, false);
        REQUIRE(std::holds_alternative<WatchedCode>(outcome));
        CHECK(!std::get<WatchedCode>(outcome).whole);
        CHECK(std::get<WatchedCode>(outcome).code.instructions.empty());
        const DryRun watched = recorder.finish(std::get<WatchedCode>(outcome).code);
        CHECK(watched.liveness.lives == whole.liveness.lives);
        CHECK(watched.liveness.layer == whole.liveness.layer);
        CHECK(watched.uses.position == whole.uses.position);
        CHECK(watched.uses.write_position == whole.uses.write_position);
        CHECK(watched.uses.write_bytes == whole.uses.write_bytes);
    }
}

TEST_CASE("emission ends where a buffer exceeds the capacity") {
    const HandMade h = stem();
    Counter counter;
    CHECK(std::holds_alternative<BufferTooLarge>(emit_watched(h.emit_input(), h.plan, counter, 7)));
    CHECK(std::holds_alternative<WatchedCode>(emit_watched(h.emit_input(), h.plan, counter, 8)));
}

TEST_CASE("a step that is too long ends a plan and names its layer") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 2, 70000), y = h.value("y", {1}, 1, 1);
    PoolOp pool;
    pool.stride_rows = 1;
    pool.kernel_rows = 2;
    pool.kernel_cols = 2;
    h.layer(pool, {x}, y);
    Counter counter;
    const auto outcome = emit_watched(h.emit_input(), h.plan, counter, INT64_MAX);
    REQUIRE(std::holds_alternative<DoesNotFit>(outcome));
    CHECK(std::get<DoesNotFit>(outcome).layer == "y");
    CHECK(std::get<DoesNotFit>(outcome).wanted_bytes == 70000);
}

TEST_CASE("plans come to the same code where what they differ in makes no difference to the network") {
    HandMade h = two_copies(2);
    const EmitInput in = h.emit_input();
    Plan other = h.plan;
    other.stem_stripe_rows = 1;       // there is no stem
    other.image_group = {2, 5};       // all of them
    other.resident_weight_bytes = 1;  // nobody asks
    CHECK(same_code(in, h.plan, other));
    other.band_bytes = 1;  // images of one row have no bands
    CHECK(same_code(in, h.plan, other));
    other.image_group = {1, 2};
    CHECK(!same_code(in, h.plan, other));
    other = h.plan;
    other.slab_bytes = 1;
    CHECK(!same_code(in, h.plan, other));
    HandMade streams = stem();
    streams.network.stem_layers = 2;
    other = streams.plan;
    other.stem_stripe_rows = 1;
    CHECK(!same_code(streams.emit_input(), streams.plan, other));
}
