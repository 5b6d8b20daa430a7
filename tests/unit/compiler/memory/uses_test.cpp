// Who touches which buffer when, who brings it from outside, and how many of its bytes are ever written.
#include <catch2/catch.hpp>

#include <vector>

#include "compiler/memory/dry_run.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

using Positions = std::vector<std::int32_t>;
using Soles = IdVector<BufferId, LoadId>;

Positions part(const std::vector<std::int32_t>& of, const Uses& uses, BufferId b) {
    return {of.begin() + uses.begin[b], of.begin() + uses.begin[b.next()]};
}
Positions positions(const Uses& uses, BufferId b) { return part(uses.position, uses, b); }
Positions written(const Uses& uses, BufferId b) {
    Positions list;
    for (std::int32_t p : positions(uses, b)) list.push_back(uses.last_write(b, p));
    return list;
}

}  // namespace

TEST_CASE("uses are listed buffer by buffer, each with the last write up to it") {
    Script s;
    const BufferId a = s.buffer("a"), unused = s.buffer("unused"), b = s.buffer("b");
    s.write(a);    // 0
    s.copy(a, b);  // 1
    s.read(b);     // 2
    s.write(a);    // 3
    s.read(a);     // 4
    const Uses uses = dry_run_of(s.code).uses;
    CHECK(positions(uses, a) == Positions{0, 1, 3, 4});
    CHECK(written(uses, a) == Positions{0, 0, 3, 3});
    CHECK(positions(uses, unused).empty());
    CHECK(positions(uses, b) == Positions{1, 2});
    CHECK(written(uses, b) == Positions{1, 1});
}

TEST_CASE("a buffer that is read before it is written has no write up to there") {
    Script s;
    const BufferId a = s.buffer("a");
    s.read(a), s.write(a);
    const Uses uses = dry_run_of(s.code).uses;
    CHECK(positions(uses, a) == Positions{0, 1});
    CHECK(written(uses, a) == Positions{-1, 1});
}

TEST_CASE("an instruction that reads and writes a buffer is one use, and a write") {
    Script s;
    const BufferId a = s.buffer("a");
    s.write(a), s.copy(a, a);
    const Uses uses = dry_run_of(s.code).uses;
    CHECK(positions(uses, a) == Positions{0, 1});
    CHECK(written(uses, a) == Positions{0, 1});
}

TEST_CASE("scalars per partition are uses as well") {
    Script s;
    const BufferId a = s.buffer("a"), bias = s.buffer("bias");
    s.write(bias), s.write(a);
    program::Activate act;
    act.src = act.dst = whole();
    act.bias = program::ScalarOperand::per_partition(0, 0, DType::fp32);
    s.push(act, 4, {a, a, kNoBuffer, bias});  // 2
    const Uses uses = dry_run_of(s.code).uses;
    CHECK(positions(uses, bias) == Positions{0, 2});
    CHECK(written(uses, bias) == Positions{0, 0});
}

TEST_CASE("the last instruction of a movable load counts, whatever touches the buffer later") {
    Script s;
    const BufferId a = s.buffer("a"), w = s.buffer("w");
    s.load(w);     // 0
    s.write(a);    // 1
    s.copy(w, a);  // 2
    s.load(w);     // 3
    s.read(w);     // 4
    const Uses uses = dry_run_of(s.code).uses;
    CHECK(uses.last_load == IdVector<BufferId, std::int32_t>{-1, 3});
}

TEST_CASE("written bytes are counted once, over all partitions") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), unwritten = s.buffer("unwritten");
    s.write(a, elements_at(0, 10));     // 20 bytes
    s.write(a, elements_at(10, 10));    // 10 of them again, 10 more
    s.write(b, elements_at(0, 4, 64));  // in half of the partitions
    s.write(b, elements_at(40, 1));
    s.read(unwritten);
    CHECK(dry_run_of(s.code).uses.written_bytes == IdVector<BufferId, std::int64_t>{30 * 128, 8 * 64 + 2 * 128, 0});
}

TEST_CASE("a sole load is the one load that writes a buffer, from outside of the chip") {
    Script s;
    const std::uint32_t scratch = s.segment(program::Purpose::spill);
    const BufferId loaded = s.buffer("loaded"), twice = s.buffer("twice"), changed = s.buffer("changed"),
                   computed = s.buffer("computed"), from_scratch = s.buffer("from scratch"),
                   unused = s.buffer("unused");
    s.load(loaded);                     // load 0
    s.load(twice), s.load(twice);       // loads 1 and 2
    s.load(changed), s.write(changed);  // load 3
    s.copy(loaded, computed);
    s.load(from_scratch, scratch);  // load 4: its bytes may have been overwritten since
    CHECK(unused.value() == 5);
    CHECK(dry_run_of(s.code).uses.sole_load == Soles{LoadId(0), {}, {}, {}, {}, {}});
}

TEST_CASE("a load that reads another buffer cannot be issued again alone, one that reads its own can") {
    const auto sole = [](bool other) {
        Script s;
        const BufferId window = s.buffer("window"), before = s.buffer("before");
        s.load(before);  // load 0
        s.load(window);  // load 1
        s.copy(other ? before : window, window);
        s.code.instructions.back().load = LoadId(1);
        return dry_run_of(s.code).uses.sole_load;
    };
    CHECK(sole(true) == Soles{{}, LoadId(0)});
    CHECK(sole(false) == Soles{LoadId(1), LoadId(0)});
}

TEST_CASE("what saving a buffer takes grows with the pieces that are written, and a load knows its instructions") {
    Script s;
    const BufferId a = s.buffer("a"), w = s.buffer("w");
    s.load(w);                       // 0
    s.write(a, elements_at(0, 4));   // 1
    s.write(a, elements_at(20, 4));  // 2
    s.write(a, elements_at(8, 6));   // 3: closes the gap
    const Uses uses = dry_run_of(s.code).uses;
    CHECK(uses.transfers_at(a, 0) == 0);
    CHECK(uses.transfers_at(a, 1) == 1);
    CHECK(uses.transfers_at(a, 2) == 2);
    CHECK(uses.transfers_at(a, 3) == 1);
    CHECK(uses.load_instructions == IdVector<LoadId, std::int32_t>{1});
}
