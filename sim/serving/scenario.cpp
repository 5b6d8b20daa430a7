#include "serving/scenario.hpp"

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "serving/policies/sizes.hpp"
#include "serving/scenario_parts.hpp"

namespace infsim::serving {

namespace {

using json::ObjectReader;

constexpr Duration kHour{std::int64_t{3'600} * 1'000'000'000'000};
constexpr json::Range<Duration> kOverheads{Duration{0}, kHour};
constexpr json::Range<Duration> kItemOverheads{Duration{0}, kHour / 3600};
constexpr json::Range<Duration> kDurations{nanoseconds(1), 24 * 30 * kHour};

std::vector<int> read_batches(ObjectReader& reader, const char* key) {
    std::vector<int> sizes;
    for (const json::Cursor& element : reader.array(key)) {
        const auto n = element.integer(1, kMaxBatchSize);
        if (!n) continue;
        if (!sizes.empty() && *n <= sizes.back()) element.problem("must be above the one before");
        sizes.push_back(static_cast<int>(*n));
    }
    if (reader.has(key) && sizes.empty()) reader.problem(key, "must hold at least one batch size");
    if (sizes.empty()) sizes = {1};
    return sizes;
}

/// 2: per core; "cores+3": in all, 3 more than one per core.
void read_outstanding(ObjectReader& server, Served& served) {
    const auto place = server.optional("outstanding");
    if (!place) return;
    const json::Value& v = place->value();
    if (v.is_int() && v.as_int() >= 1 && v.as_int() <= kMaxOutstanding) {
        served.outstanding = static_cast<int>(v.as_int());
    } else if (v.is_string() && (v.as_string() == "cores+1" || v.as_string() == "cores+3")) {
        served.beyond_cores = true;
        served.outstanding = v.as_string().back() - '0';
    } else {
        place->problem("must be inferences outstanding per core, from 1 to " + std::to_string(kMaxOutstanding) +
                       ", or \"cores+1\" or \"cores+3\" for so many over all cores");
    }
}

void read_server(ObjectReader& root, Scenario& scenario) {
    const auto place = root.required("server");
    if (!place) return;
    ObjectReader server(*place);
    Served& served = scenario.served;
    served.model = server.string("model");
    served.dtype = server.choice_or("dtype", "fp16", {"fp16", "bf16", "fp32"});
    served.io_dtype = server.choice_or("io_dtype", served.dtype, {"fp16", "bf16", "fp32"});
    served.chip = server.string_or("chip", "");
    served.compiler = server.string_or("compiler", "");
    served.cores = static_cast<int>(server.integer_or("cores", 0, 1, kMaxCoresPerChip));
    scenario.run.server.chips = static_cast<int>(server.integer_or("chips", 1, 1, kMaxChips));
    scenario.run.server.sizes = read_batches(server, "batches");
    read_outstanding(server, served);
    server.finish();
}

void read_host(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("host");
    if (!place) return;
    ObjectReader host(*place);
    scenario.run.host.per_request = host.quantity_or("per_request", Duration{0}, kOverheads);
    scenario.run.host.per_item = host.quantity_or("per_item", Duration{0}, kItemOverheads);
    if (host.has("per_inference")) scenario.per_inference = host.quantity<Duration>("per_inference", kOverheads);
    host.finish();
}

std::vector<double> read_weights(ObjectReader& requests, std::size_t count) {
    std::vector<double> weights;
    for (const json::Cursor& element : requests.array_or_empty("weights")) {
        const auto w = element.number(json::lowest, json::highest);
        if (w && !(*w > 0 && *w <= 1e9)) element.problem("must be above 0 and at most 1e9, and is " + number_text(*w));
        weights.push_back(w && *w > 0 ? *w : 1);
    }
    if (!requests.has("weights")) return std::vector<double>(count, 1);
    if (weights.size() != count)
        requests.problem("weights", "must be as many as items, " + std::to_string(count) + ", and are " +
                                        std::to_string(weights.size()));
    weights.resize(count, 1);
    return weights;
}

/// "items": 4, [1, 4] or "aws-example".
void read_items(const json::Cursor& place, Sizes& sizes) {
    const auto add = [&](const json::Cursor& element) {
        if (const auto n = element.integer(1, kMaxItems)) sizes.items.push_back(static_cast<std::int32_t>(*n));
    };
    sizes.items.clear();
    if (place.value().is_array()) {
        const auto elements = place.array();
        for (const json::Cursor& element : *elements) add(element);
        if (elements->empty()) place.problem("must hold at least one size");
    } else if (place.value().is_string() && place.value().as_string() == "aws-example") {
        sizes = aws_example_sizes();
    } else if (place.value().is_int()) {
        add(place);
    } else {
        place.problem("must be a number of items, an array of such, or \"aws-example\" for 1, 4, 7, 8, 1024 in turn");
    }
    if (sizes.items.empty()) sizes.items = {1};
}

void read_requests(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("requests");
    if (!place) return;
    if (scenario.load_kind == "trace" || (scenario.mlperf && scenario.load_kind != "Server")) {
        place->problem("sizes come from the load, which is " + scenario.load_kind);
        return;
    }
    ObjectReader requests(*place);
    Sizes& sizes = scenario.run.sizes;
    if (const auto items = requests.required("items")) read_items(*items, sizes);
    sizes.weights = read_weights(requests, sizes.items.size());
    if (requests.has("order")) sizes.in_turn = requests.choice("order", {"random", "in_turn"}) == "in_turn";
    if (sizes.in_turn && requests.has("weights")) requests.problem("weights", "do not go with sizes that come in turn");
    requests.finish();
}

/// The policy must accept the largest request.
void check_sizes(const ObjectReader& root, const Scenario& scenario) {
    const auto most = largest_request(scenario.run.policy);
    const auto& items = scenario.run.sizes.items;
    const std::int32_t largest = *std::max_element(items.begin(), items.end());
    if (!most || largest <= *most || std::holds_alternative<Trace>(scenario.run.load)) return;
    root.problem(root.has("requests") ? "requests" : "load",
                 "requests of " + std::to_string(largest) + " items are more than the " + std::to_string(*most) +
                     " of max_batch_size, and policy " + policy_name(scenario.run.policy) + " does not split requests" +
                     std::visit([](const auto& o) { return o.kForLarger; }, scenario.run.policy));
}

void read_stop(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("stop");
    const bool may_lack = scenario.mlperf || scenario.load_kind == "trace" || scenario.load_kind.empty();
    if (!place && !may_lack)
        root.problem("stop",
                     "'stop' is missing: {\"requests\": N} or {\"duration\": \"10s\"} says when no more are sent");
    if (!place) return;
    ObjectReader stop(*place);
    Stop& s = scenario.run.stop;
    s = {};
    s.requests = stop.integer_or("requests", 0, 1, kMaxRequests);
    s.duration = stop.quantity_or("duration", Duration{0}, kDurations);
    if (!stop.has("requests") && !stop.has("duration")) stop.problem("", "must hold requests or duration");
    stop.finish();
    const auto rate = offered_rate(scenario.run.load);
    if (rate && s.duration > Duration{0} && s.requests == 0 && *rate * seconds(s.duration) > 1.2 * kMaxRequests)
        stop.problem("duration", "makes more than " + number_text(kMaxRequests) + " requests");
}

void read_bound(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("bound");
    if (!place && scenario.mlperf && scenario.mlperf->kind == MlPerf::Kind::server)
        root.problem("bound", "'bound' is missing: MLPerf's Server holds a latency, such as {\"latency\": \"15ms\"}");
    if (!place) return;
    ObjectReader bound(*place);
    scenario.run.bound = bound.quantity("latency", json::Range<Duration>{Duration{1}, kHour});
    scenario.percentile = bound.number_or("percentile", scenario.percentile, 1, 99.9);
    bound.finish();
}

void read_search(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("search");
    if (!place) return;
    ObjectReader reader(*place);
    Search search;
    search.tolerance = reader.number_or("tolerance", search.tolerance, 1e-4, 0.2);
    if (reader.has("candidates")) search.candidates = read_batches(reader, "candidates");
    search.at_most = static_cast<int>(reader.integer_or("at_most", 1, 1, 8));
    if (reader.has("at_most") && search.candidates.empty())
        reader.problem("at_most", "is of the candidates, which are missing");
    const bool several = std::visit([](const auto& o) { return o.kSeveralSizes; }, scenario.run.policy);
    if (!several && search.at_most > 1)
        reader.problem("at_most", "must be 1: policy " + policy_name(scenario.run.policy) + " has one compiled batch");
    reader.finish();
    if (scenario.run.bound == Duration{0}) root.problem("search", "needs a latency bound (\"bound\")");
    if (!offered_rate(scenario.run.load) && !scenario.load_kind.empty())
        root.problem("search", "needs a load with a rate to vary, and the load is " + scenario.load_kind);
    if (scenario.live != Live::no) root.problem("search", "runs on measured times, not live");
    scenario.search = search;
}

void read_published(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("published");
    if (!place) return;
    ObjectReader reader(*place);
    Published published;
    published.source = reader.string("source");
    if (reader.has("throughput_avg")) published.throughput_avg = reader.number("throughput_avg", 1e-9, 1e12);
    if (reader.has("latency_ms_p50")) published.latency_ms_p50 = reader.number("latency_ms_p50", 1e-9, 1e12);
    reader.finish();
    scenario.published = published;
}

void check_warm_up(ObjectReader& root, Scenario& scenario) {
    scenario.run.warm_up = root.integer_or("warm_up", 0, 0, kMaxRequests);
    const std::int64_t most = scenario.run.stop.requests;
    if (most > 0 && !scenario.run.stop.both && scenario.run.warm_up >= most)
        root.problem("warm_up", "must be below the " + number_text(most) + " requests of stop");
    const auto* trace = std::get_if<Trace>(&scenario.run.load);
    if (trace && !trace->arrivals.empty() && scenario.run.warm_up >= static_cast<std::int64_t>(trace->arrivals.size()))
        root.problem("warm_up", "must be below the requests of the trace");
}

void read_live(ObjectReader& root, Scenario& scenario) {
    const auto place = root.optional("live");
    if (!place) return;
    const json::Value& value = place->value();
    if (value.is_bool()) scenario.live = value.as_bool() ? Live::yes : Live::no;
    else if (value.is_string() && value.as_string() == "auto") scenario.live = Live::near_capacity;
    else place->problem("must be true, false or \"auto\": live where the load is near the capacity");
}

Scenario read_sections(const json::Document& document, Problems& problems, json::KeyLog* log) {
    Scenario scenario;
    scenario.file = document.file;
    scenario.name = std::filesystem::path(document.file).stem().string();
    ObjectReader root(json::Cursor(document, problems, log));
    scenario.question = root.string_or("question", "");
    read_server(root, scenario);
    read_host(root, scenario);
    read_policy(root, scenario);
    read_load(root, scenario);
    read_requests(root, scenario);
    check_sizes(root, scenario);
    read_stop(root, scenario);
    scenario.run.seed = static_cast<std::uint64_t>(root.integer_or("seed", 0, 0));
    check_warm_up(root, scenario);
    read_live(root, scenario);
    read_bound(root, scenario);
    read_search(root, scenario);
    read_published(root, scenario);
    root.finish();
    return scenario;
}

/// Any key may be set; the reader of the scenario checks it.
const json::OverrideRules& rules() {
    static const json::OverrideRules any{"a scenario", "", {}, {}, {}, {}};
    return any;
}

}  // namespace

std::optional<Scenario> read_scenario(json::Document document, const std::vector<Override>& overrides,
                                      Problems& problems, json::KeyLog* log) {
    Problems found;
    json::Overridden set;
    for (const Override& override : overrides) set.apply(document.root, override, rules(), found);
    Scenario scenario = read_sections(document, found, log);
    set.relocate(found, document.file, problems);
    if (!found.empty()) return std::nullopt;
    return scenario;
}

json::Value with_overrides(json::Value root, const std::vector<Override>& overrides) {
    Problems ignored;  // read_scenario() reports them
    json::Overridden set;
    for (const Override& override : overrides) set.apply(root, override, rules(), ignored);
    return root;
}

std::optional<Scenario> read_scenario(const std::string& path, const std::vector<Override>& overrides,
                                      Problems& problems) {
    Problems found;
    auto document = json::parse_file(path, found);
    for (const Problem& p : found.list()) problems.add(p);
    return document && found.empty() ? read_scenario(std::move(*document), overrides, problems) : std::nullopt;
}

}  // namespace infsim::serving
