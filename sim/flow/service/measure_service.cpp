#include <algorithm>
#include <memory>

#include "analysis/interval.hpp"
#include "analysis/percentile.hpp"
#include "base/check.hpp"
#include "chip/chip.hpp"
#include "flow/run/closed_loop.hpp"
#include "flow/run/run_point.hpp"
#include "flow/service/course.hpp"
#include "flow/service/service_table.hpp"
#include "hw/derived.hpp"
#include "serving/calibrate.hpp"
#include "serving/contention.hpp"

namespace infsim::flow {

namespace {

using serving::CoreSet;
using serving::kPhaseBatches;

/// Runs the chip in steps until it is idle, and collects its completions.
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

constexpr int kLeastSets = 4;
constexpr double kEnough = 0.005;  ///< standard error of the mean over sets, relative

/// Sum of the times of one pattern, and the mean of every set.
struct Sum {
    Duration time{};
    std::int64_t inferences = 0;
    std::vector<double> means;

    bool is_certain() const { return analysis::standard_error(means) <= kEnough * analysis::mean(means); }
};

/// One set of offsets: adds the inferences that ran while all cores were executing.
void measure_set(chip::Chip& chip, const std::vector<int>& cores, Duration alone, int set,
                 const std::vector<std::string>& patterns, std::map<std::string, Sum>& sums) {
    chip.forget_turns();
    const TimePoint start = chip.now() + microseconds(1);
    for (std::size_t lane = 0; lane < cores.size(); ++lane) {
        const TimePoint at = start + serving::start_phase(set, static_cast<int>(lane), alone);
        for (int i = 0; i < kPhaseBatches; ++i) chip.submit(cores[lane], at);
    }
    std::vector<serving::Executed> all;
    for (const chip::Completion& c : drain(chip, cores.size() * kPhaseBatches))
        all.push_back({c.core, c.first_issue, c.last_retirement});
    std::map<std::string, Sum> here;
    for (const serving::Executed& e : serving::while_all_execute(all, cores)) {
        const auto place = static_cast<std::size_t>(std::find(cores.begin(), cores.end(), e.core) - cores.begin());
        Sum& sum = here[patterns[place]];
        sum.time += e.until - e.from;
        ++sum.inferences;
    }
    for (const auto& [pattern, sum] : here) {
        sums[pattern].time += sum.time;
        sums[pattern].inferences += sum.inferences;
        sums[pattern].means.push_back(static_cast<double>(sum.time.count()) / static_cast<double>(sum.inferences));
    }
}

/// DMA transfers of the inference that runs first and alone, on core 0.
class AloneTransfers final : public observe::Observer {
public:
    observe::Attention attention(std::uint16_t core, std::uint64_t inference) const override {
        return {false, false, false, core == 0 && inference == 0};
    }
    void on(const observe::Transferred& event) override {
        if (event.who.core == 0 && event.who.inference == 0) all.push_back(event);
    }
    std::vector<observe::Transferred> all;
};

/// Host transfers of a program in one direction: their bytes, and the link's share of the channels meanwhile.
struct HostBytes {
    Bytes bytes;
    serving::Shares share;
};

HostBytes host_bytes(const hw::ChipSpec& spec, const program::Program& program, program::Purpose purpose) {
    std::int64_t bytes = 0;
    std::vector<std::int64_t> by_region(static_cast<std::size_t>(spec.dram.channels), 0);
    for (const program::Segment& s : program.segments) {
        if (s.purpose != purpose) continue;
        bytes += s.bytes;
        by_region[s.region] += s.bytes;
    }
    const double link = static_cast<double>(spec.host.link_bandwidth.count()) /
                        static_cast<double>(hw::sustained_channel_bandwidth(spec).count());
    HostBytes host{Bytes{bytes}, {}};
    for (const std::int64_t region : by_region)
        host.share.push_back(
            bytes == 0 ? 0 : std::min(link * static_cast<double>(region) / static_cast<double>(bytes), 1.0));
    return host;
}

serving::Transfers transfers_of(const hw::ChipSpec& spec, const program::Program& program,
                                const chip::Completion& alone) {
    const HostBytes input = host_bytes(spec, program, program::Purpose::input);
    const HostBytes output = host_bytes(spec, program, program::Purpose::output);
    const Duration in = alone.input_ready - alone.submitted, out = alone.output_done - alone.last_retirement;
    const Duration in_wire = std::min(in, input.bytes / spec.host.link_bandwidth);
    const Duration out_wire = std::min(out, output.bytes / spec.host.link_bandwidth);
    return {in - in_wire, in_wire, out - out_wire, out_wire, input.share, output.share};
}

void measure_busy(chip::Chip& chip, int channels, CoreSet busy, Duration alone, ServiceTable& table) {
    const auto cores = serving::cores_of(busy);
    std::vector<std::string> patterns;
    for (int core : cores) patterns.push_back(contention_pattern(channels, core, busy));
    std::map<std::string, Sum> sums;
    const auto certain = [](const auto& sum) { return sum.second.is_certain(); };
    for (int set = 0; set < serving::kPhaseSets; ++set) {
        measure_set(chip, cores, alone, set, patterns, sums);
        if (set + 1 >= kLeastSets && std::all_of(sums.begin(), sums.end(), certain)) break;
    }
    for (std::size_t i = 0; i < cores.size(); ++i) {
        if (table.services.count(patterns[i]) > 0) continue;
        const Sum& sum = sums[patterns[i]];
        INFSIM_CHECK(sum.inferences > 0, "no inference ran while all cores executed");
        const Duration mean = sum.time / sum.inferences;
        const double factor =
            table.course.pieces.empty()
                ? 1
                : serving::find_factor({table.course, table.transfers, channels}, cores[i], busy, mean);
        table.services[patterns[i]] = {mean, factor};
    }
}

}  // namespace

ServiceTable measure_service(const Point& point, const std::vector<CoreSet>& busy) {
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

    AloneTransfers transfers;
    chip::Chip chip(point.chip, point.chip.cores, {&transfers});
    for (int core = 0; core < point.chip.cores; ++core) chip.load(core, program);
    Device device = device_of(chip);
    const chip::Completion alone = run_alone(device, Duration{0});
    const Duration time = alone.last_retirement - alone.first_issue;
    table.transfers = transfers_of(point.chip, *program, alone);
    table.course = course_of(point.chip, *program, transfers.all, alone, kCoursePieces);
    table.services[contention_pattern(channels, 0, 1)] = {time, 1};
    for (const CoreSet set : busy)
        if (set != 1) measure_busy(chip, channels, set, time, table);
    return table;
}

}  // namespace infsim::flow
