#include <algorithm>
#include <memory>

#include "base/check.hpp"
#include "base/random.hpp"
#include "chip/chip.hpp"
#include "flow/closed_loop.hpp"
#include "flow/run_point.hpp"
#include "flow/service_table.hpp"

namespace infsim::flow {

namespace {

using serving::CoreSet;

constexpr int kOffsetSets = 8;
/// Inferences per core and set: enough that all cores execute together for several of them.
constexpr int kInferences = 6;

std::vector<int> cores_of(CoreSet busy) {
    std::vector<int> cores;
    for (int c = 0; c < serving::kMaxCoresPerChip; ++c)
        if ((busy >> c & 1U) != 0) cores.push_back(c);
    return cores;
}

/// Runs the chip until it has nothing to do, in steps, so that its completions come out.
std::vector<chip::Completion> drain(chip::Chip& chip, std::size_t count) {
    std::vector<chip::Completion> all;
    while (all.size() < count) {
        const TimePoint before = chip.now();
        chip.advance_until(before + microseconds(1'000'000));
        auto some = chip.take_completions();
        INFSIM_CHECK(chip.now() > before || !some.empty(), "the chip stands still with inferences outstanding");
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

/// Times of one pattern, summed.
struct Sum {
    Duration time{};
    std::int64_t inferences = 0;
};

/// One set of offsets: adds the inferences that ran while all cores were executing.
void measure_set(chip::Chip& chip, const std::vector<int>& cores, Duration alone, RandomStream& random,
                 const std::vector<std::string>& patterns, std::map<std::string, Sum>& sums) {
    const TimePoint start = chip.now() + microseconds(1);
    for (int core : cores) {
        const TimePoint at = start + Duration{random.uniform_int(0, alone.count() - 1)};
        for (int i = 0; i < kInferences; ++i) chip.submit(core, at);
    }
    const auto done = drain(chip, cores.size() * kInferences);
    TimePoint first = start, last = TimePoint::max();
    for (int core : cores) {
        TimePoint begin = TimePoint::max(), end{};
        for (const chip::Completion& c : done)
            if (c.core == core) {
                begin = std::min(begin, c.first_issue);
                end = std::max(end, c.last_retirement);
            }
        first = std::max(first, begin);
        last = std::min(last, end);
    }
    for (const chip::Completion& c : done) {
        if (c.first_issue < first || c.last_retirement > last) continue;
        const auto place = static_cast<std::size_t>(std::find(cores.begin(), cores.end(), c.core) - cores.begin());
        Sum& sum = sums[patterns[place]];
        sum.time += c.last_retirement - c.first_issue;
        ++sum.inferences;
    }
}

/// Bytes of a program's host transfers in one direction.
Bytes host_bytes(const program::Program& program, program::Purpose purpose) {
    std::int64_t bytes = 0;
    for (const program::Segment& s : program.segments)
        if (s.purpose == purpose) bytes += s.bytes;
    return Bytes{bytes};
}

serving::Transfers transfers_of(const hw::ChipSpec& spec, const program::Program& program,
                                const chip::Completion& alone) {
    const auto wire = [&](program::Purpose purpose, Duration whole) {
        return std::min(whole, host_bytes(program, purpose) / spec.host.link_bandwidth);
    };
    const Duration in = alone.input_ready - alone.submitted, out = alone.output_done - alone.last_retirement;
    const Duration in_wire = wire(program::Purpose::input, in), out_wire = wire(program::Purpose::output, out);
    return {in - in_wire, in_wire, out - out_wire, out_wire};
}

void measure_busy(chip::Chip& chip, int channels, CoreSet busy, Duration alone, ServiceTable& table) {
    const auto cores = cores_of(busy);
    std::vector<std::string> patterns;
    for (int core : cores) patterns.push_back(contention_pattern(channels, core, busy));
    RandomStream random(0, "service offsets");
    std::map<std::string, Sum> sums;
    for (int set = 0; set < kOffsetSets; ++set) measure_set(chip, cores, alone, random, patterns, sums);
    for (const auto& [pattern, sum] : sums) table.services[pattern] = sum.time / sum.inferences;
    for (const std::string& pattern : patterns)
        INFSIM_CHECK(table.services.count(pattern) > 0, "no inference ran while all cores executed");
}

}  // namespace

ServiceTable measure_service(const Point& point, CoreSet busy) {
    ServiceTable table;
    const compiler::CompileResult compiled = compile_point(point);
    if (const auto* why = std::get_if<compiler::DoesNotFit>(&compiled)) {
        table.fits = false;
        table.reason = why->text;
        return table;
    }
    const auto& whole = std::get<compiler::Compiled>(compiled).program;
    const auto program = std::shared_ptr<const program::Program>(std::shared_ptr<void>{}, &whole);
    const int channels = point.chip.dram.channels;
    table.region_bytes.assign(static_cast<std::size_t>(channels), 0);
    for (const program::Segment& s : program->segments) table.region_bytes[s.region] += s.bytes;

    chip::Chip chip(point.chip, point.chip.cores, {});
    for (int core = 0; core < point.chip.cores; ++core) chip.load(core, program);
    Device device = device_of(chip);
    const chip::Completion alone = run_alone(device, Duration{0});
    const Duration time = alone.last_retirement - alone.first_issue;
    table.transfers = transfers_of(point.chip, *program, alone);
    table.services[contention_pattern(channels, 0, 1)] = time;
    if (busy != 1) measure_busy(chip, channels, busy, time, table);
    return table;
}

}  // namespace infsim::flow
