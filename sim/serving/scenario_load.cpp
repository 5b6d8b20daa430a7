#include <filesystem>

#include "base/text.hpp"
#include "serving/scenario_parts.hpp"

namespace infsim::serving {

namespace {

using json::ObjectReader;

constexpr Duration kDay{std::int64_t{86'400} * 1'000'000'000'000};
constexpr json::Range<Duration> kPhases{nanoseconds(1), kDay};
constexpr std::int64_t kOfflineSamples = 24'576;
constexpr Duration kMlPerfDuration{std::int64_t{600} * 1'000'000'000'000};

const std::vector<std::string>& kinds() {
    static const std::vector<std::string> all{"closed",       "poisson",     "constant", "bursts", "trace",
                                              "SingleStream", "MultiStream", "Server",   "Offline"};
    return all;
}

double read_rate(ObjectReader& load) {
    const double rate = load.number("rate");
    const bool right = rate >= kMinRate && rate <= kMaxRate;
    if (load.has("rate") && !right)
        load.problem("rate", "must be above 0 requests per second, from 1e-4 to 1e9, and is " + number_text(rate));
    return right ? rate : 1;
}

int read_count(ObjectReader& load, const char* key, int most) {
    return static_cast<int>(std::max<std::int64_t>(load.integer(key, 1, most), 1));
}

ClosedLoop read_closed(ObjectReader& load) {
    ClosedLoop closed;
    closed.models = read_count(load, "models", kMaxChips * kMaxCoresPerChip);
    closed.workers = read_count(load, "workers", kMaxOutstanding);
    closed.ramp = load.quantity_or("ramp", Duration{0}, json::Range<Duration>{Duration{0}, kDay});
    return closed;
}

Bursts read_bursts(ObjectReader& load) {
    Bursts bursts;
    bursts.rate = read_rate(load);
    bursts.on = load.quantity("on", kPhases);
    bursts.off = load.quantity("off", kPhases);
    bursts.random_phases = load.choice_or("phases", "fixed", {"fixed", "exponential"}) == "exponential";
    // Every arrival is searched for phase by phase.
    if (bursts.on > Duration{0} && bursts.rate * seconds(bursts.on) < 0.01)
        load.problem("on", "is so short at this rate that fewer than one burst in a hundred has a request");
    if (bursts.on == Duration{0}) bursts.on = bursts.off = microseconds(1);  // was reported
    return bursts;
}

Trace read_trace_of(ObjectReader& load, const Scenario& scenario) {
    const std::string file = load.string("file");
    if (file.empty()) return {};
    const std::filesystem::path path(file);
    const auto folder = std::filesystem::path(scenario.file).parent_path();
    return read_trace(path.is_absolute() ? file : (folder / path).lexically_normal().string(),
                      largest_request(scenario.run.policy), load.cursor().problems());
}

/// The rules' requirements for each scenario.
MlPerf mlperf_of(const std::string& kind) {
    using Kind = MlPerf::Kind;
    if (kind == "SingleStream") return {Kind::single_stream, kind, 90, 1, kMlPerfDuration};
    if (kind == "MultiStream") return {Kind::multi_stream, kind, 99, 1, kMlPerfDuration};
    if (kind == "Server") return {Kind::server, kind, 99, 1, kMlPerfDuration};
    return {Kind::offline, kind, 99, kOfflineSamples, kMlPerfDuration};
}

void read_mlperf(ObjectReader& load, Scenario& scenario) {
    Run& run = scenario.run;
    scenario.mlperf = mlperf_of(scenario.load_kind);
    scenario.percentile = scenario.mlperf->percentile;
    run.stop = {1, scenario.mlperf->duration, true};
    run.sizes = {};
    if (scenario.load_kind == "Server") {
        run.load = Poisson{read_rate(load)};
        return;
    }
    run.load = ClosedLoop{};
    if (scenario.load_kind == "MultiStream")
        run.sizes.items = {static_cast<std::int32_t>(load.integer_or("samples_per_query", 8, 1, kMaxItems))};
    if (scenario.mlperf->kind == MlPerf::Kind::offline) {
        run.stop = {1, Duration{0}, false};
        run.sizes.items = {static_cast<std::int32_t>(load.integer_or("samples", kOfflineSamples, 1, kMaxSamples))};
        scenario.mlperf->grows = !load.has("samples");
    }
}

}  // namespace

void read_load(ObjectReader& root, Scenario& scenario) {
    const auto place = root.required("load");
    if (!place) return;
    ObjectReader load(*place);
    scenario.load_kind = load.choice("kind", kinds());
    const std::string& kind = scenario.load_kind;
    if (kind.empty()) return;  // the other keys depend on the kind
    if (kind == "closed") scenario.run.load = read_closed(load);
    else if (kind == "poisson") scenario.run.load = Poisson{read_rate(load)};
    else if (kind == "constant") scenario.run.load = ConstantRate{read_rate(load)};
    else if (kind == "bursts") scenario.run.load = read_bursts(load);
    else if (kind == "trace") scenario.run.load = read_trace_of(load, scenario);
    else read_mlperf(load, scenario);
    load.finish();
}

}  // namespace infsim::serving
