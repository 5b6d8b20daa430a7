#include <catch2/catch.hpp>

#include <functional>

#include "program/verify.hpp"
#include "support/tiny_program.hpp"

using namespace infsim::program;
using namespace infsim::testing;
using infsim::DType;

namespace {

template <class T>
T& op(Program& p, int queue, int index) {
    return std::get<T>(p.queues[queue].instructions[index].op);
}

/// The kinds of findings after `edit`, without repeats, in the order of their appearance.
std::vector<std::string> findings(const std::function<void(Program&)>& edit) {
    Program p = tiny_program();
    edit(p);
    std::vector<std::string> kinds;
    for (const Finding& f : verify(p)) {
        CHECK(!to_text(p, f).empty());
        if (kinds.empty() || kinds.back() != finding_name(f.kind)) kinds.emplace_back(finding_name(f.kind));
    }
    return kinds;
}
using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("a good Program has no findings") { CHECK(verify(tiny_program()).empty()); }

TEST_CASE("findings name instruction, layer and numbers") {
    Program p = tiny_program();
    op<Matmul>(p, kPe, 1).moving.partition_start = 1;
    const auto found = verify(p);
    REQUIRE(!found.empty());
    CHECK(to_text(p, found[0]) ==
          "stationary: q0[1] matmul (layer 'fc'): moving partitions 1+2 against stationary rows 0+2");
}

TEST_CASE("the limit on findings holds") {
    Program p = tiny_program();
    p.allocations.clear();
    CHECK(verify(p, 3).size() == 3);
}

TEST_CASE("Target, batch, layers and images") {
    CHECK(findings([](Program& p) { p.target.dma_engines = 0; })[0] == "target");
    CHECK(findings([](Program& p) { p.batch = 0; })[0] == "target");
    CHECK(findings([](Program& p) { p.queues[kPe].instructions[0].layer = 1; }) == Kinds{"target"});
    CHECK(findings([](Program& p) { p.queues[kPe].instructions[0].image = 2; }) == Kinds{"target"});
}

TEST_CASE("segments stay in their region, apart from each other, and hold whole batches") {
    CHECK(findings([](Program& p) { p.segments[2].address = 4080; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[2].region = 2; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[1].address = 47; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[1].address = 48; }).empty());
    CHECK(findings([](Program& p) { p.segments[1].bytes = 36; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[1].tensors.clear(); }) == Kinds{"segment"});
}

TEST_CASE("recipes stay in their segment and name its tensors") {
    CHECK(findings([](Program& p) { p.segments[0].recipe[0].segment_offset = 4; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[0].recipe[0].tensor = 1; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[0].recipe[0].tensor = kLiteral; }).empty());
    CHECK(findings([](Program& p) { p.segments[0].recipe[0].count[5] = 0; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[0].recipe[0].tensor_step[5] = -1; }) == Kinds{"segment"});
    CHECK(findings([](Program& p) { p.segments[1].recipe = p.segments[0].recipe; })[0] == "segment");
}

TEST_CASE("queues exist once, and instructions are in queues of their engine") {
    CHECK(findings([](Program& p) { p.queues[kOut].ring = 4; }) == Kinds{"queue"});
    CHECK(findings([](Program& p) { p.queues[kOut].engine_index = 2; }) == Kinds{"queue"});
    CHECK(findings([](Program& p) {
              p.queues[kOut] = {Engine::dma, 0, 0, p.queues[kOut].instructions};
          }) == Kinds{"queue"});
    CHECK(findings([](Program& p) { p.target.max_queues = 4; }) == Kinds{"queue"});
    CHECK(findings([](Program& p) { std::swap(p.queues[kAct].engine, p.queues[kPool].engine); }) == Kinds{"engine"});
}

TEST_CASE("operands stay in their memories, PSUM banks and the array") {
    CHECK(findings([](Program& p) { op<DmaLoad>(p, kIn, 0).dst.offset = 256 - 20; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { op<DmaLoad>(p, kIn, 0).dst.partition_start = 7; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { op<DmaLoad>(p, kIn, 0).src.offset = 4; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { op<DmaLoad>(p, kIn, 0).src.segment = 9; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { op<Matmul>(p, kPe, 1).dst.offset = 60; })[0] == "bounds");
    CHECK(findings([](Program& p) { p.target.max_moving = 1; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { p.target.pe_columns = 2; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { p.target.pe_rows = 1; }) == Kinds{"bounds"});
    CHECK(findings([](Program& p) { op<DmaLoad>(p, kIn, 0).dst.count[3] = 0; })[0] == "operand");
}

TEST_CASE("operands have the memory, type and shape that the instruction wants") {
    CHECK(findings([](Program& p) { op<Matmul>(p, kPe, 1).dst.dtype = DType::fp16; })[0] == "operand");
    CHECK(findings([](Program& p) { op<Matmul>(p, kPe, 1).dst.partition_start = 1; })[0] == "operand");
    CHECK(findings([](Program& p) { op<Matmul>(p, kPe, 1).dst.space = Space::state_buffer; })[0] == "operand");
    CHECK(findings([](Program& p) { op<Activate>(p, kAct, 0).dst.count[3] = 1; })[0] == "operand");
    CHECK(findings([](Program& p) { op<TensorScalar>(p, kPool, 0).scalar0 = {}; }) == Kinds{"operand"});
    CHECK(findings([](Program& p) { op<TensorScalar>(p, kPool, 0).dst.step[3] = 0; })[0] == "operand");
    CHECK(findings([](Program& p) { op<DmaStore>(p, kOut, 0).src.count[3] = 1; })[0] == "operand");
    CHECK(findings([](Program& p) { op<DmaLoad>(p, kIn, 0).dst.offset = 2; })[0] == "operand");
    CHECK(findings([](Program& p) { op<DmaStore>(p, kOut, 0).dst.segment = 0; })[0] == "read only");
}

TEST_CASE("a matmul fits the stationary operand of its queue") {
    CHECK(findings([](Program& p) { p.queues[kPe].instructions[0].op = Sync{}; }) == Kinds{"stationary"});
    CHECK(findings([](Program& p) { op<LoadStationary>(p, kPe, 0).src.count[3] = 2; }) == Kinds{"stationary"});
    CHECK(findings([](Program& p) { op<LoadStationary>(p, kPe, 0).src.dtype = DType::fp16; }) == Kinds{"stationary"});
}

TEST_CASE("static loads fill bytes that nobody else owns or writes, from weights or constants") {
    const auto findings = [](const std::function<void(Program&)>& edit) {
        Program p = static_tiny_program();
        edit(p);
        Kinds kinds;
        for (const Finding& f : verify(p)) {
            CHECK(!to_text(p, f).empty());
            if (kinds.empty() || kinds.back() != finding_name(f.kind)) kinds.emplace_back(finding_name(f.kind));
        }
        return kinds;
    };
    CHECK(findings([](Program&) {}).empty());
    CHECK(findings([](Program& p) { p.static_loads.clear(); }) == Kinds{"unwritten read"});
    CHECK(findings([](Program& p) { p.allocations[0].last_sequence = 8; })[0] == "not allocated");
    CHECK(findings([](Program& p) { p.allocations[0].first_sequence = 1; })[0] == "not allocated");
    CHECK(findings([](Program& p) { p.static_loads[0].src.segment = 1; })[0] == "bounds");
    CHECK(findings([](Program& p) { p.static_loads[0].src.segment = 9; })[0] == "bounds");
    CHECK(findings([](Program& p) { p.static_loads[0].dst.offset = 240; })[0] == "bounds");
    CHECK(findings([](Program& p) { p.static_loads[0].dst.dtype = DType::fp16; })[0] == "unwritten read");
    CHECK(findings([](Program& p) { p.segments[0].purpose = Purpose::input; })[0] == "segment");
    // An instruction that writes over them, though it owns the bytes.
    CHECK(findings([](Program& p) {
              Instruction& i = p.queues[kPool].instructions[0];
              i.op = Memset{p.static_loads[0].dst, 0.0F};
          })[0] == "read only");
}

TEST_CASE("waits name queues and counts that exist") {
    const auto wait = [](int queue, std::uint32_t count) {
        return findings([=](Program& p) {
            p.queues[kPe].instructions[0].waits.push({static_cast<std::uint8_t>(queue), count});
        });
    };
    CHECK(wait(kIn, 3).empty());
    CHECK(wait(kIn, 4) == Kinds{"wait"});
    CHECK(wait(kIn, 0) == Kinds{"wait"});
    CHECK(wait(5, 1) == Kinds{"wait"});
    CHECK(findings([](Program& p) { p.queues[kPe].instructions[0].waits.queue[2] = kIn; }) == Kinds{"wait"});
}

TEST_CASE("cyclic waits are a deadlock, and against the sequence") {
    const auto kinds = findings([](Program& p) { p.queues[kIn].instructions[0].waits.push({kPe, 1}); });
    CHECK(kinds == Kinds{"order", "deadlock"});
    // An instruction that waits for itself.
    CHECK(findings([](Program& p) {
              p.queues[kPool].instructions[0].waits.push({kPool, 1});
          }) == Kinds{"order", "deadlock"});
}

TEST_CASE("sequence ascends in queues and is unique") {
    CHECK(findings([](Program& p) {
              std::swap(p.queues[kPe].instructions[2].sequence, p.queues[kPe].instructions[1].sequence);
          })[0] == "order");
    CHECK(findings([](Program& p) { p.queues[kIn].instructions[1].sequence = 0; })[0] == "order");
}

TEST_CASE("allocations stay in their memory and apart while both are alive") {
    CHECK(findings([](Program& p) { p.allocations[0].bytes = 25; })[0] == "allocation");
    CHECK(findings([](Program& p) { p.allocations[4].partition_start = 6; })[0] == "allocation");
    CHECK(findings([](Program& p) { p.allocations[4].offset = 250; })[0] == "allocation");
    CHECK(findings([](Program& p) {
              p.allocations.push_back({"z", Space::psum, 0, 1, 64, 4, 6, 5, 0, Purpose::spill});
          }) == Kinds{"allocation"});
    const auto another = [](std::uint32_t first, std::uint32_t last, std::uint8_t partition) {
        return findings([=](Program& p) {
            p.allocations.push_back({"z", Space::state_buffer, partition, 1, 20, 8, first, last, 0, Purpose::spill});
        });
    };
    CHECK(another(8, 9, 0).empty());                 // behind weights and bias
    CHECK(another(7, 9, 0) == Kinds{"allocation"});  // the bias lives until 7
    CHECK(another(6, 6, 3).empty());                 // the bias lies in partitions 0 to 2
    CHECK(another(0, 0, 1)[0] == "allocation");
}

TEST_CASE("every access lies in an allocation that is alive") {
    CHECK(findings([](Program& p) { p.allocations[0].last_sequence = 4; }) == Kinds{"not allocated"});
    CHECK(findings([](Program& p) { p.allocations[0].first_sequence = 1; })[0] == "not allocated");
    CHECK(findings([](Program& p) { p.allocations[0].bytes = 20; })[0] == "not allocated");
    CHECK(findings([](Program& p) { p.allocations[0].partition_count = 1; })[0] == "not allocated");
    CHECK(findings([](Program& p) {
              p.allocations[3].space = Space::state_buffer, p.allocations[3].offset = 100;
          })[0] == "not allocated");
    // A bias is an access too.
    CHECK(findings([](Program& p) { p.allocations[1].last_sequence = 6; }) == Kinds{"not allocated"});
}

TEST_CASE("nothing is read before it is written") {
    CHECK(findings([](Program& p) { p.queues[kIn].instructions[1].op = Sync{}; }) == Kinds{"unwritten read"});
    CHECK(findings([](Program& p) { op<Matmul>(p, kPe, 1).accumulate = true; }) == Kinds{"unwritten read"});
    CHECK(findings([](Program& p) {
              op<DmaLoad>(p, kIn, 2).dst.count[3] = 2, op<DmaLoad>(p, kIn, 2).src.count[3] = 1;
          }) == Kinds{"unwritten read"});
    // What an earlier owner wrote does not count.
    CHECK(findings([](Program& p) {
              p.allocations[1].last_sequence = 1;
              p.allocations.push_back(p.allocations[1]);
              p.allocations.back().first_sequence = 2, p.allocations.back().last_sequence = 7;
          }) == Kinds{"unwritten read"});
}

TEST_CASE("outputs are written to the last byte") {
    CHECK(findings([](Program& p) { op<DmaStore>(p, kOut, 0).dst.step[3] = 8; }) == Kinds{"unwritten output"});
}

TEST_CASE("a spill segment is written before it is read") {
    CHECK(findings([](Program& p) { p.segments[0].purpose = Purpose::spill, p.segments[0].recipe.clear(); }) ==
          Kinds{"unwritten read"});
}
