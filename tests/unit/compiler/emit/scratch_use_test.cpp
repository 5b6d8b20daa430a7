// Places in scratch space: how many are needed at once, and which image takes which one.
#include <catch2/catch.hpp>

#include "compiler/emit/scratch_use.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

struct Nothing final : CodeSink {
    void see(const VirtualInstruction&, const std::vector<program::Segment>&) override {}
    void see_read(BufferId, LayerId) override {}
};

/// A tensor of eight elements goes to device DRAM and comes back transposed; between the two runs a convolution, if
/// wanted, which sees all images.
struct Turn {
    HandMade h;
    ValueId scratch;

    Turn(int batch, bool convolution_between) {
        h.batch = batch;
        h.options.reuse_scratch = true;
        const ValueId x = h.input("x", {2}, 1, 4);
        scratch = h.value("s", {}, 1, 1);
        h.network.values[scratch].scratch_elements = 8;
        StoreOp store;
        store.from = h.image(x);
        h.layer(store, {x}, scratch);
        if (convolution_between) {
            ConvOp conv;
            conv.weight.tensor = h.tensor("w", {1, 2, 1, 1});
            h.layer(conv, {x}, h.value("z", {1}, 1, 4));
        }
        const ValueId y = h.value("y", {4}, 1, 2);
        FetchOp fetch;
        fetch.to = h.image(y);
        fetch.from_dtype = DType::fp16;
        FetchBox box;
        box.from.index = scratch.value();
        box.from.axes = {{{4, 2}}, {}, {{2, 1}}};
        fetch.boxes = {box};
        h.layer(fetch, {scratch}, y);
    }
    ScratchPlaces places() const {
        Nothing watcher;
        auto outcome = emit_watched(h.emit_input(), h.plan, watcher, 1 << 20);
        const auto& made = std::get<WatchedCode>(outcome);
        REQUIRE(made.scratch.size() == 1);
        return made.scratch[0];
    }
};

/// Offsets in device DRAM of the stores of a code.
std::vector<std::uint32_t> stores(const Code& code) {
    std::vector<std::uint32_t> list;
    for (const auto& in : code.instructions)
        if (const auto* store = std::get_if<program::DmaStore>(&in.op)) list.push_back(store->dst.offset);
    return list;
}

std::int64_t scratch_bytes(const Code& code) {
    std::int64_t bytes = 0;
    for (const program::Segment& s : code.segments)
        if (s.purpose == program::Purpose::relayout) bytes += s.bytes;
    return bytes;
}

}  // namespace

TEST_CASE("an image is in use from its first access to its last one") {
    ScratchUse use;
    const ValueId v(3);
    CHECK(use.at_once(v) == 0);
    const auto note = [&](std::initializer_list<int> images) {
        for (const int i : images) use.note(v, ImageId(i));
    };
    note({0, 0, 1, 1, 2, 2});
    CHECK(use.at_once(v) == 1);
    note({3, 4, 3, 4});
    CHECK(use.at_once(v) == 2);
    note({5, 7, 5});  // 6 would take the place of 5 or 7 if there were only two
    CHECK(use.at_once(v) == 3);
    note({9});
    CHECK(use.at_once(v) == 3);
    note({1});  // read again after all others
    CHECK(use.at_once(v) == 9);
}

TEST_CASE("values are in use independently of each other") {
    ScratchUse use;
    for (const int i : {0, 1, 2}) use.note(ValueId(1), ImageId(i));
    for (const int i : {0, 1, 2}) use.note(ValueId(2), ImageId(i)), use.note(ValueId(1), ImageId(i));
    CHECK(use.at_once(ValueId(1)) == 3);
    CHECK(use.at_once(ValueId(2)) == 1);
}

TEST_CASE("image by image one place serves; with a layer of all images in between, those of a section") {
    CHECK(Turn(5, false).places().at_once == 1);
    CHECK(Turn(6, true).places().at_once == 6);
    Turn passes(6, true);
    passes.h.plan.sections = {{0, 3, 2}};
    CHECK(passes.places().at_once == 2);
    passes.h.plan.sections = {{0, 1, 2}, {1, 3, 4}};
    CHECK(passes.places().at_once == 4);
}

TEST_CASE("later images take the places of earlier ones if the plan says so") {
    Turn turn(5, false);
    CHECK(turn.places().places == 5);
    CHECK(turn.places().image_bytes == 16);
    CHECK(stores(turn.h.code()) == std::vector<std::uint32_t>{0, 16, 32, 48, 64});
    CHECK(scratch_bytes(turn.h.code()) == 5 * 16);
    turn.h.plan.scratch_images = {0, 2};
    CHECK(turn.places().places == 2);
    CHECK(stores(turn.h.code()) == std::vector<std::uint32_t>{0, 16, 0, 16, 0});
    CHECK(nth<program::DmaLoad>(turn.h.code(), 7).src.offset == 16);  // of image 3; inputs are loads, too
    CHECK(scratch_bytes(turn.h.code()) == 2 * 16);
}

TEST_CASE("without the option nobody takes turns") {
    Turn turn(5, false);
    turn.h.options.reuse_scratch = false;
    Nothing watcher;
    auto outcome = emit_watched(turn.h.emit_input(), turn.h.plan, watcher, 1 << 20);
    CHECK(std::get<WatchedCode>(outcome).scratch.empty());
}
