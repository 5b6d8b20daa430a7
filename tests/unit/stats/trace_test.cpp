// The trace: bytes of the format, which inferences are kept, and what a timeline says of two layers by hand.
#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "stats/trace/dram_rate.hpp"
#include "stats/trace/recorder.hpp"
#include "stats/trace/state_buffer_fill.hpp"
#include "stats/trace/timeline_trace.hpp"
#include "stats/trace/window.hpp"
#include "stats/trace/writer.hpp"

using namespace infsim;
using namespace infsim::stats;
using namespace infsim::program;
using observe::InferencePhase;
using observe::Stall;

namespace {

TimePoint at(std::int64_t ns) { return TimePoint{nanoseconds(ns)}; }

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int v : values) text += static_cast<char>(v);
    return text;
}

/// Everything a writer hands over after `use`.
template <class Use>
std::string written(Use use) {
    std::string all;
    TraceWriter writer([&](std::string_view piece) { all += piece; });
    use(writer);
    writer.flush();
    return all;
}

/// The packet every trace begins with: sequence 1, state cleared.
const std::string kBegin = bytes({0x0A, 4, 0x50, 1, 0x68, 1});

AccessPattern rows(std::uint16_t partitions, std::uint16_t elements) {
    AccessPattern ap;
    ap.partition_count = partitions;
    ap.count[3] = elements;
    ap.step[3] = 1;
    return ap;
}

/// A load of 1000 B of weights, a matmul that waits for it and one more; queue 0 PE, queue 1 DMA.
Program one_layer() {
    Program p;
    p.layers = {{"fc", "dense", 10, 1000}};
    p.target.sb_partitions = 10;
    Segment weights;
    weights.purpose = Purpose::weights;
    weights.bytes = 1000;
    p.segments = {weights};
    Queue pe{Engine::pe, 0, 0, {}}, dma{Engine::dma, 2, 1, {}};
    dma.instructions.push_back({DmaLoad{DramPattern{}, rows(10, 50)}});
    for (std::uint32_t i = 0; i < 2; ++i) {
        Instruction matmul{Matmul{rows(10, 50), rows(10, 50)}};
        std::get<Matmul>(matmul.op).dst.space = Space::psum;
        if (i == 0) std::get<Matmul>(matmul.op).moving.offset = 100;
        matmul.sequence = i + 1;
        if (i == 0) matmul.waits.push({1, 1});
        pe.instructions.push_back(matmul);
    }
    p.queues = {pe, dma};
    p.allocations = {{"w", Space::state_buffer, 0, 10, 0, 100, 0, 2, 0, Purpose::weights},
                     {"x", Space::state_buffer, 2, 4, 100, 20, 1, 1, 0, Purpose::spill}};
    return p;
}

/// An inference of it that begins at `start`: the load until 100, matmuls from there to 140 and 180, all over at 190
/// ns.
void run(observe::Observer& sink, std::uint16_t core, std::uint64_t n, std::int64_t start) {
    const observe::InstructionRef load{core, 1, 0, n}, first{core, 0, 0, n}, second{core, 0, 1, n};
    sink.on(observe::HostTransferred{core, n, true, Bytes{300}, at(start - 20), at(start - 10)});
    sink.on(observe::InferenceEvent{core, n, InferencePhase::input_ready, at(start - 5)});
    sink.on(observe::InferenceEvent{core, n, InferencePhase::first_issue, at(start)});
    if (sink.attention(core, n).issued) {
        sink.on(observe::Issued{load, at(start), at(start + 100)});
        sink.on(observe::Transferred{load, 0, Bytes{1000}, false, at(start + 40), at(start + 90)});
        sink.on(observe::Retired{load, at(start + 100)});
        sink.on(observe::Blocked{first, at(start), at(start + 100), Stall::wait_weights});
        sink.on(observe::Issued{first, at(start + 100), at(start + 140)});
        sink.on(observe::Retired{first, at(start + 150)});
        sink.on(observe::Issued{second, at(start + 140), at(start + 180)});
        sink.on(observe::Retired{second, at(start + 190)});
    }
    sink.on(observe::InferenceEvent{core, n, InferencePhase::last_retirement, at(start + 190)});
    sink.on(observe::HostTransferred{core, n, false, Bytes{64}, at(start + 195), at(start + 197)});
    sink.on(observe::InferenceEvent{core, n, InferencePhase::output_done, at(start + 200)});
}

using Numbers = std::vector<std::pair<int, std::uint64_t>>;  ///< core, inference

/// Records inferences 0 to count - 1 of `cores` cores in turn, each 1000 ns, and ends with `last` of each.
Numbers recorded(TraceWindow window, PossibleEnds ends, int cores, std::uint64_t count, std::uint64_t last,
                 std::size_t* most_kept = nullptr) {
    const Program p = one_layer();
    Numbers numbers;
    TraceRecorder recorder(p, std::vector<PossibleEnds>(static_cast<std::size_t>(cores), ends), window,
                           [&](const InferenceTimes& t) {
                               numbers.push_back({t.core, t.number});
                           });
    for (std::uint64_t n = 0; n < count; ++n)
        for (int c = 0; c < cores; ++c) {
            run(recorder, static_cast<std::uint16_t>(c), n, 100 + 1000 * static_cast<std::int64_t>(n));
            if (most_kept != nullptr) *most_kept = std::max(*most_kept, recorder.kept());
        }
    const std::size_t handed_over = recorder.finish(std::vector<std::uint64_t>(static_cast<std::size_t>(cores), last));
    CHECK(handed_over == numbers.size());
    return numbers;
}

}  // namespace

TEST_CASE("a slice is two packets, its names stand in the first that refers to them") {
    const std::string text = written([](TraceWriter& writer) {
        const Slice slice{5, TimePoint{picoseconds(1499)}, TimePoint{picoseconds(3500)}, "ab", {"k"}, {{"n", 7}}, {},
                          {}};
        writer.slice(slice);
        writer.slice({5, at(4), at(5), "ab", {"k"}, {}, {9}, {}});
    });
    const std::string first =
        bytes({0x40, 1,  0x50, 1,                      // timestamp 1 ns, sequence 1
               0x5A, 14,                               // track_event:
               0x18, 1,  0x22, 4, 0x08, 1, 0x18, 7,    //   category 1; annotation of name 1, value 7
               0x48, 1,  0x50, 1, 0x58, 5,             //   slice begin, name 1, track 5
               0x62, 22,                               // interned_data:
               0x0A, 5,  0x08, 1, 0x12, 1, 'k',        //   category 1
               0x12, 6,  0x08, 1, 0x12, 2, 'a',  'b',  //   event name 1
               0x1A, 5,  0x08, 1, 0x12, 1, 'n',        //   annotation name 1
               0x68, 2});                              // needs incremental state
    const std::string end4 = bytes({0x40, 4, 0x50, 1, 0x5A, 4, 0x48, 2, 0x58, 5, 0x68, 2});
    const std::string again = bytes({0x40, 4, 0x50, 1, 0x5A, 18, 0x18, 1, 0x48, 1, 0x50, 1, 0x58, 5,  // no names
                                     0xF9, 2, 9,    0, 0,    0,  0,    0, 0,    0, 0x68, 2});         // flow 9
    const std::string end5 = bytes({0x40, 5, 0x50, 1, 0x5A, 4, 0x48, 2, 0x58, 5, 0x68, 2});
    std::string expected = kBegin;
    for (const std::string& packet : {first, end4, again, end5})
        expected += bytes({0x0A, static_cast<int>(packet.size())}) + packet;
    CHECK(text == expected);
}

TEST_CASE("tracks, counters and their values have Perfetto's numbers") {
    CHECK(written([](TraceWriter& w) { w.process(1, 3, "p"); }) ==
          kBegin + bytes({0x0A, 16, 0x50, 1, 0xE2, 3, 11, 0x08, 1, 0x1A, 5, 0x08, 3, 0x32, 1, 'p', 0x58, 3}));
    CHECK(written([](TraceWriter& w) { w.track(2, 1, "t", 6); }) ==
          kBegin + bytes({0x0A, 14, 0x50, 1, 0xE2, 3, 9, 0x08, 2, 0x12, 1, 't', 0x28, 1, 0x60, 6}));
    CHECK(written([](TraceWriter& w) { w.counter(2, 1, "t", "B", 6); }) ==
          kBegin +
              bytes({0x0A, 19, 0x50, 1, 0xE2, 3, 14, 0x08, 2, 0x12, 1, 't', 0x28, 1, 0x42, 3, 0x32, 1, 'B', 0x60, 6}));
    CHECK(written([](TraceWriter& w) { w.count(2, at(1), 300); }) ==
          kBegin + bytes({0x0A, 16, 0x40, 1, 0x50, 1, 0x5A, 8, 0x48, 4, 0x58, 2, 0xF0, 1, 0xAC, 2, 0x68, 2}));
}

TEST_CASE("a trace of any length is handed over in pieces") {
    std::size_t pieces = 0, longest = 0;
    TraceWriter writer([&](std::string_view piece) {
        ++pieces;
        longest = std::max(longest, piece.size());
    });
    for (int i = 0; i < 20'000; ++i) writer.slice({1, at(i), at(i + 1), "x", {}, {}, {}, {}});
    CHECK(pieces > 5);
    CHECK(longest < 70'000);
}

TEST_CASE("windows are numbers of inferences or spans of time") {
    CHECK(std::get<LastInferences>(*parse_trace_window("3").value).count == 3);
    const auto span = std::get<TimeSpan>(*parse_trace_window("10ms..20.5ms").value);
    CHECK(span.from == TimePoint{microseconds(10'000)});
    CHECK(span.until == TimePoint{microseconds(20'500)});
    for (const char* text : {"3", "10ms..20ms", "0ps..5us"}) CHECK(to_text(*parse_trace_window(text).value) == text);
    for (const char* text :
         {"", "0", "-1", "3x", "1e9", "99999999", "5ms", "..", "1ms..", "1ms..1ms", "2ms..1ms", "1..2"}) {
        INFO(text);
        CHECK(!parse_trace_window(text));
        CHECK(parse_trace_window(text).error.find("3) or a span of time") != std::string::npos);
    }
}

TEST_CASE("the last inferences are those that end with the last one measured") {
    CHECK(recorded(LastInferences{1}, {8, 4}, 2, 14, 11) == Numbers{{0, 11}, {1, 11}});
    CHECK(recorded(LastInferences{3}, {8, 4}, 1, 9, 7) == Numbers{{0, 5}, {0, 6}, {0, 7}});
    CHECK(recorded(LastInferences{6}, {8, 4}, 1, 13, 11) == Numbers{{0, 6}, {0, 7}, {0, 8}, {0, 9}, {0, 10}, {0, 11}});
    CHECK(recorded(LastInferences{20}, {2, 1}, 1, 5, 3) == Numbers{{0, 0}, {0, 1}, {0, 2}, {0, 3}});
}

TEST_CASE("what cannot be the last any more is forgotten") {
    std::size_t kept = 0;
    CHECK(recorded(LastInferences{2}, {8, 4}, 2, 400, 399, &kept).size() == 4);
    CHECK(kept <= 2 * (2 + 2 + 1));
}

TEST_CASE("a span of time is handed over as it passes, inference by inference") {
    // Inference n runs from 100 + 1000 n to 290 + 1000 n.
    CHECK(recorded(TimeSpan{at(1290), at(3100)}, {8, 4}, 2, 6, 5) == Numbers{{0, 2}, {1, 2}});
    CHECK(recorded(TimeSpan{at(1289), at(3101)}, {8, 4}, 1, 6, 5) == Numbers{{0, 1}, {0, 2}, {0, 3}});
    CHECK(recorded(TimeSpan{at(9000), at(9001)}, {8, 4}, 1, 6, 5).empty());
    std::size_t kept = 0;
    CHECK(recorded(TimeSpan{at(0), at(1'000'000)}, {8, 4}, 2, 300, 299, &kept).size() == 600);
    CHECK(kept <= 4);
}

TEST_CASE("nobody is asked for events of inferences that are in no window") {
    const Program p = one_layer();
    TraceRecorder recorder(p, {{8, 4}}, LastInferences{1}, [](const InferenceTimes&) {});
    for (std::uint64_t n = 0; n < 12; ++n) {
        recorder.on(observe::HostTransferred{0, n, true, Bytes{1}, at(0), at(0)});
        recorder.on(observe::InferenceEvent{0, n, InferencePhase::input_ready, at(0)});
        recorder.on(observe::InferenceEvent{0, n, InferencePhase::first_issue, at(0)});
        CHECK(recorder.attention(0, n).issued == (n == 7 || n == 11));
        recorder.on(observe::InferenceEvent{0, n, InferencePhase::last_retirement, at(1)});
        recorder.on(observe::InferenceEvent{0, n, InferencePhase::output_done, at(2)});
    }
}

namespace {

/// The times of inference `n` of one_layer().
InferenceTimes times_of(const Program& p, std::uint64_t n, std::int64_t start) {
    InferenceTimes times;
    TraceRecorder recorder(p, {{n + 1, 1}}, LastInferences{1}, [&](const InferenceTimes& t) { times = t; });
    run(recorder, 0, n, start);
    recorder.finish({n});
    return times;
}

}  // namespace

TEST_CASE("DRAM's rate is bytes over the time on the channel and ends with 0") {
    const Program p = one_layer();
    const auto steps = dram_rate(ProgramIndex(p), times_of(p, 0, 1000));
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].at == at(1040));
    CHECK(steps[0].bytes_per_second == 20'000'000'000);  // 1000 B in 50 ns
    CHECK(steps[1].at == at(1090));
    CHECK(steps[1].bytes_per_second == 0);
}

TEST_CASE("the state buffer is in use from the first instruction that touches it to the end of the last") {
    const Program p = one_layer();
    const auto steps = StateBufferFill(p).steps(times_of(p, 0, 1000));
    REQUIRE(steps.size() == 4);
    const std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>> expected{
        {1000, 100, 100}, {1100, 120, 100}, {1140, 100, 100}, {1180, 0, 0}};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(steps[i].at == at(std::get<0>(expected[i])));
        CHECK(steps[i].bytes == std::get<1>(expected[i]));
        CHECK(steps[i].weight_bytes == std::get<2>(expected[i]));
    }
}

TEST_CASE("a timeline has the work, the waits and the flow of two layers, and what lies between inferences") {
    const Program p = one_layer();
    const ProgramIndex index(p);
    const auto of_two = [&](std::int64_t second_start) {
        return written([&](TraceWriter& writer) {
            TimelineTrace trace(p, index, 1, writer);
            trace.add(times_of(p, 4, 1000));
            trace.add(times_of(p, 5, second_start));
        });
    };
    const std::string text = of_two(1300);
    for (const char* name : {"core 0", "inferences", "PE", "DMA 2 ring 1", "host in", "fc", "matmul", "dma_load",
                             "weights", "waits for weights from DRAM", "wait_weights", "drained", "between",
                             "waits until the host has taken outputs"})
        CHECK(text.find(name) != std::string::npos);
    // Two matmuls that touch are one slice of two instructions, at which the load's flow ends.
    const std::string joined = bytes({0x48, 1, 0x50, 2, 0x58, 8});
    CHECK(text.find("instructions") != std::string::npos);
    CHECK(of_two(1190).find("between") == std::string::npos);
}

TEST_CASE("neighbours of all kinds are one slice only where there are millions of instructions") {
    Program p = one_layer();
    p.queues.pop_back();
    auto& pe = p.queues[0].instructions;
    pe.clear();
    InferenceTimes times;
    times.queues.resize(1);
    for (std::uint32_t i = 0; i < 2000; ++i) {
        pe.push_back(i % 2 == 0 ? Instruction{LoadStationary{rows(10, 50)}}
                                : Instruction{Matmul{rows(10, 50), rows(10, 50)}});
        pe.back().sequence = i;
        times.queues[0].instructions.push_back({at(i), at(i + 1), at(i + 1), Stall::wait_pe});
    }
    times.last_retirement = at(2000);
    const ProgramIndex index(p);
    const auto bytes_of = [&](int cores) {
        std::string text;
        TraceWriter writer([&](std::string_view piece) { text += piece; });
        TimelineTrace trace(p, index, cores, writer);
        writer.flush();
        text.clear();
        trace.add(times);
        writer.flush();
        CHECK((text.find("load_stationary") == std::string::npos) == (cores > 1250));
        return text.size();
    };
    CHECK(bytes_of(1250) > 2000 * 30);
    CHECK(bytes_of(1251) < 2000);
}
