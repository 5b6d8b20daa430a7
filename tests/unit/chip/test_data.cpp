// Bytes of a core in time, and bytes of device DRAM by address: the plain C++ under the modules.
#include <catch2/catch.hpp>

#include "chip/core_data.hpp"
#include "chip/dram_store.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using chip::CoreData;
using chip::DramStore;
using test::ProgramBuilder;
using B = ProgramBuilder;
using program::Engine;
using program::InstructionId;
using program::Purpose;

namespace {

TimePoint at(std::int64_t ps) { return time_origin() + picoseconds(ps); }

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (int v : values) bytes.push_back(static_cast<std::byte>(v));
    return bytes;
}

/// Queue 0 loads four bytes, queue 1 stores them. The chip is small, so that a tracker is.
struct LoadAndStore {
    LoadAndStore() {
        auto spec = test::round_chip();
        spec.state_buffer = {4, Bytes{256}};
        spec.psum = {4, 1, Bytes{64}};
        ProgramBuilder b(spec);
        const auto input = b.segment(Purpose::input, 4), output = b.segment(Purpose::output, 4);
        b.add(b.queue(Engine::dma, 0), B::load(input, 2, 2));
        b.add(b.queue(Engine::dma, 1), B::store(output, 2, 2), {{0, 1}});
        program = b.share();
    }
    std::shared_ptr<const program::Program> program;
    const InstructionId load{0, 0}, store{1, 0};
};

/// Does what the DRAM does with a load.
void bring(CoreData& data, InstructionId id, TimePoint issued) {
    exec::Effect& effect = data.in_flight(id, issued);
    exec::gather(data.segment(0).data(), *effect.dram, effect.bytes.data());
}

}  // namespace

TEST_CASE("what retires at a moment is visible to what issues at that moment, whatever is handed in first") {
    const LoadAndStore p;
    CoreData data(p.program, {});
    data.segment(0, CoreData::host_buffer(7)) = bytes_of({1, 2, 3, 4});
    data.begin(7);
    data.issue(p.store, at(200));  // known long before it happens
    data.issue(p.load, at(100));
    bring(data, p.load, at(100));
    data.retire(p.load, at(200));
    const exec::Effect& carried = data.in_flight(p.store, at(200));
    CHECK(carried.bytes == bytes_of({1, 2, 3, 4}));
    exec::scatter(data.segment(1).data(), *carried.dram, carried.bytes.data());
    data.retire(p.store, at(300));
    data.finish(7);
    CHECK(data.segment(1, CoreData::host_buffer(7)) == bytes_of({1, 2, 3, 4}));
    CHECK(data.segment(1, CoreData::host_buffer(8)) == bytes_of({0, 0, 0, 0}));
}

TEST_CASE("a picosecond before the retirement the destination is poison") {
    const LoadAndStore p;
    CoreData data(p.program, {});
    data.begin(0);
    data.issue(p.load, at(100));
    bring(data, p.load, at(100));
    data.retire(p.load, at(200));
    data.issue(p.store, at(199));
    try {
        data.apply_until(at(199));
        FAIL("no fault");
    } catch (const exec::DataFault& fault) {
        CHECK(fault.kind == exec::FaultKind::in_flight_read);
        CHECK(fault.id == p.store);
    }
}

TEST_CASE("nothing beyond the moment asked for has happened") {
    const LoadAndStore p;
    CoreData data(p.program, {});
    data.begin(0);
    data.issue(p.load, at(100));
    data.issue(p.store, at(150));  // would be a fault
    CHECK_NOTHROW(data.in_flight(p.load, at(149)));
    CHECK_THROWS_AS(data.in_flight(p.store, at(149)), InternalError);
}

TEST_CASE("an inference does not end with instructions under way") {
    const LoadAndStore p;
    CoreData data(p.program, {});
    data.begin(0);
    data.issue(p.load, at(100));
    CHECK_THROWS_AS(data.finish(0), InternalError);
}

TEST_CASE("device DRAM has memory only where it was attached, buffer by buffer") {
    DramStore store;
    auto first = bytes_of({1, 2, 3, 4}), second = bytes_of({5, 6}), other_buffer = bytes_of({7, 7, 7, 7});
    store.attach(0, 100, 0, first);
    store.attach(0, 104, 0, second);
    store.attach(0, 100, 1, other_buffer);
    std::vector<std::byte> out(4);
    CHECK(store.read(100, 0, nullptr, 4, out.data()));
    CHECK(out == first);
    CHECK(store.read(100, 1, nullptr, 4, out.data()));
    CHECK(out == other_buffer);
    CHECK(store.write(105, 0, nullptr, 1, out.data()));
    CHECK(second == bytes_of({5, 7}));
    CHECK_FALSE(store.read(102, 0, nullptr, 4, out.data()));  // two segments are no range
    CHECK_FALSE(store.read(99, 0, nullptr, 1, out.data()));
    CHECK_FALSE(store.read(106, 0, nullptr, 1, out.data()));
    CHECK_FALSE(store.read(100, 2, nullptr, 1, out.data()));
}

TEST_CASE("rows must be as many bytes as the transaction says and stay in their range") {
    DramStore store;
    auto memory = bytes_of({0, 1, 2, 3, 4, 5, 6, 7});
    store.attach(0, 0, 0, memory);
    exec::DramRows rows{{}, 2, {4, 0}};  // a row of one element of two bytes, the later one first
    std::vector<std::byte> out(4);
    CHECK(store.read(1, 0, &rows, 4, out.data()));
    CHECK(out == bytes_of({5, 6, 1, 2}));
    CHECK_FALSE(store.read(1, 0, &rows, 3, out.data()));
    CHECK(store.read(2, 0, &rows, 4, out.data()));
    CHECK_FALSE(store.read(3, 0, &rows, 4, out.data()));
}

TEST_CASE("segments that overlap in device DRAM are refused, and a core can be detached") {
    DramStore store;
    auto bytes = bytes_of({1, 2, 3, 4});
    std::vector<std::byte> more = bytes;
    store.attach(0, 100, 0, bytes);
    CHECK_THROWS_AS(store.attach(1, 103, 0, more), InternalError);
    CHECK_THROWS_AS(store.attach(1, 97, 0, more), InternalError);
    CHECK_NOTHROW(store.attach(1, 104, 0, more));
    store.detach(0);
    CHECK_FALSE(store.read(100, 0, nullptr, 4, bytes.data()));
    CHECK(store.read(104, 0, nullptr, 4, bytes.data()));
}
