#include "cli/serve_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using serving::Scenario;
using serving::SizeRow;
using serving::Summary;
using serving::Tally;

double ms_of(Int128 picoseconds) { return static_cast<double>(picoseconds) / 1e9; }

std::string sizes_text(const std::vector<int>& sizes) {
    std::vector<std::string> all;
    for (int size : sizes) all.push_back(std::to_string(size));
    return join(all, "+");
}

std::string outstanding_text(const serving::Server& server) {
    if (server.outstanding_in_all > 0)
        return std::to_string(server.outstanding_in_all) + " inferences outstanding in all";
    return std::to_string(server.outstanding_per_core) +
           (server.outstanding_per_core == 1 ? " inference" : " inferences") + " outstanding per core";
}

std::string load_text(const Scenario& s) {
    if (const auto* closed = std::get_if<serving::ClosedLoop>(&s.run.load); closed && s.load_kind == "closed")
        return fmt::format("closed loop of {} {} x {} {}", closed->models, closed->models == 1 ? "model" : "models",
                           closed->workers, closed->workers == 1 ? "worker" : "workers");
    const auto rate = serving::offered_rate(s.run.load);
    return s.load_kind + (rate ? " at " + rate_text(*rate) + " requests/s" : "");
}

std::string head(const flow::ServingPlan& plan, const Scenario& s, const flow::ServingResult& result,
                 const Paint& paint) {
    const Summary& summary = result.summary;
    const serving::Server& server = s.run.server;
    std::string text;
    if (!s.question.empty()) text += wrapped(s.question) + "\n\n";
    text += wrapped(fmt::format("{} B={} on {} {} of {}{}, {}; policy {}; {}{}", plan.model_name,
                                sizes_text(server.sizes), server.cores(), server.cores() == 1 ? "core" : "cores",
                                server.chips == 1 ? "" : std::to_string(server.chips) + " x ", plan.chip.name,
                                outstanding_text(server), serving::policy_name(s.run.policy), load_text(s),
                                s.live == serving::Live::yes ? "; live chip" : ""));
    text += "\n" + wrapped(summary.valid() ? paint(Ink::good, "VALID")
                                           : paint(Ink::bad, "INVALID") + ": " + join(summary.reasons, "; "));
    if (result.offered_load && *result.offered_load > flow::kTrustedLoad) {
        text += "\n" +
                wrapped(fmt::format("The load is {} of what full batches can serve. ", percent(*result.offered_load)) +
                        (s.live == serving::Live::yes
                             ? "At this load arrivals drive the simulated chip instead of measured times."
                             : "Up to 90 %, p99 on measured times is within a tenth of the live chip's. Above, a queue "
                               "magnifies their errors and p99 may be off by half: \"live\": \"auto\" simulates "
                               "the chip there."));
    }
    return text + "\n\n";
}

std::string latency_table(const Scenario& s, const Summary& m) {
    Table table({"latency ms", "mean", "p0", "p50", "p90", "p95", "p99", "p99.9", "p100"});
    table.add({"", fixed(m.latency_avg, 3), fixed(m.p0, 3), fixed(m.p50, 3), fixed(m.p90, 3), fixed(m.p95, 3),
               fixed(m.p99, 3), fixed(m.p99_9, 3), fixed(m.p100, 3)});
    std::string text = table.text();
    if (m.p99_low)
        text += fmt::format("p99 lies between {:.3f} and {:.3f} ms (95 % confidence).\n", *m.p99_low, *m.p99_high);
    if (m.early_stopping)
        text += fmt::format("MLPerf's estimate of p{} (early stopping): {:.3f} ms.\n",
                            number_text(s.mlperf->percentile), *m.early_stopping);
    if (s.run.bound > Duration{0})
        text += fmt::format("Bound: p{} of at most {}; it is {:.3f} ms.\n", number_text(s.percentile),
                            to_text(s.run.bound), m.at_percentile);
    return text + "\n";
}

std::string rates(const Scenario& s, const Tally& t, const Summary& m) {
    std::string text =
        fmt::format("Throughput {} items/s, {} requests/s", rate_text(m.throughput), rate_text(m.requests_per_s));
    if (s.run.bound > Duration{0}) text += fmt::format("; goodput {} items/s within the bound", rate_text(m.goodput));
    text = wrapped(text + ".") + "\n";
    text +=
        fmt::format("Padding {}: an inference carries {:.2f} items on average.\n", percent(m.padding), m.batch_items);
    text += fmt::format("Queue: {:.2f} items wait on average, {} at most.\n", m.waiting_avg, m.waiting_max);
    std::vector<std::string> cores;
    const double span = seconds(t.end - t.first_arrival);
    for (Duration busy : t.core_busy) cores.push_back(percent(seconds(busy) / span));
    constexpr std::size_t kListed = 8;
    if (cores.size() > kListed) {
        cores.resize(kListed);
        cores.emplace_back("...");
    }
    text +=
        wrapped(fmt::format("Cores execute {} of the time ({}).", percent(m.utilisation), join(cores, ", "))) + "\n";
    text += fmt::format("Little's law: L = {:.4f} requests in the system, lambda W = {:.4f}.\n", m.in_system,
                        m.rate_times_latency);
    return text;
}

/// Host software per item for requests of `items`, in microseconds.
double host_us_per_item(const serving::Host& host, const SizeRow& row) {
    const auto requests = static_cast<double>(row.requests);
    const double shards = static_cast<double>(row.shards) / requests, taken = row.items + row.padding / requests;
    const double us =
        (static_cast<double>(host.per_request.count()) + shards * static_cast<double>(host.per_inference.count()) +
         taken * static_cast<double>(host.per_batch_item.count())) /
        1e6;
    return us / row.items + static_cast<double>(host.per_item.count()) / 1e6;
}

std::string size_table(const Scenario& s, const std::vector<SizeRow>& sizes) {
    if (sizes.size() < 2) return "";
    Table table({"items", "requests", "shards", "padding", "device ms", "latency ms", "fastest", "slowest", "ms/item",
                 "host us/item"});
    for (const SizeRow& r : sizes) {
        const auto n = static_cast<double>(r.requests);
        const double latency = ms_of(r.latency_sum) / n;
        table.add(
            {number_text(std::int64_t{r.items}), number_text(r.requests), fixed(static_cast<double>(r.shards) / n, 2),
             fixed(r.padding / n, 2), fixed(r.device_ps / n / 1e9, 3), fixed(latency, 3),
             fixed(static_cast<double>(r.latency_min) / 1e9, 3), fixed(static_cast<double>(r.latency_max) / 1e9, 3),
             fixed(latency / r.items, 3), fixed(host_us_per_item(s.run.host, r), 2)});
    }
    const SizeRow &least = sizes.front(), &most = sizes.back();
    const double small = host_us_per_item(s.run.host, least), large = host_us_per_item(s.run.host, most);
    std::string text = "\n" +
                       wrapped("By size of request (shards, padding, device time and latency are means per request):") +
                       "\n" + table.text();
    if (small > 0)
        text += wrapped(fmt::format(
                    "A request of {} items takes {:.2f} us of host software per item, one of {} {:.2f} us: {} less, "
                    "{:.2f} ms over its items.",
                    most.items, large, least.items, small, percent(1 - large / small),
                    (small - large) * most.items / 1e3)) +
                "\n";
    return text;
}

std::string batch_table(const Scenario& s, const Tally& t) {
    Table table({"program", "items", "inferences", "share"});
    for (std::size_t p = 0; p < t.histogram.size(); ++p)
        for (std::size_t n = 1; n < t.histogram[p].size(); ++n)
            if (t.histogram[p][n] > 0)
                table.add({"B=" + std::to_string(s.run.server.sizes[p]), std::to_string(n),
                           number_text(t.histogram[p][n]),
                           percent(static_cast<double>(t.histogram[p][n]) / static_cast<double>(t.batches))});
    return "\nItems per inference:\n" + table.text();
}

std::string published_table(const Scenario& s, const Summary& m) {
    if (!s.published) return "";
    Table table({"", "simulated", "published", "difference"});
    const auto add = [&](const char* name, double simulated, const std::optional<double>& published) {
        if (published)
            table.add({name, fixed(simulated, 3), fixed(*published, 3), signed_percent(simulated / *published - 1)});
    };
    add("throughput items/s", m.throughput, s.published->throughput_avg);
    add("latency ms p50", m.p50, s.published->latency_ms_p50);
    return "\n" + wrapped("Published: " + s.published->source) + "\n" + table.text();
}

json::Array sizes_json(const Scenario& s, const std::vector<SizeRow>& sizes) {
    json::Array all;
    for (const SizeRow& r : sizes) {
        const auto n = static_cast<double>(r.requests);
        all.push_back(json::Object{{"items", r.items},
                                   {"requests", r.requests},
                                   {"shards", static_cast<double>(r.shards) / n},
                                   {"padding_items", r.padding / n},
                                   {"device_ms", r.device_ps / n / 1e9},
                                   {"latency_ms_avg", ms_of(r.latency_sum) / n},
                                   {"latency_ms_p0", static_cast<double>(r.latency_min) / 1e9},
                                   {"latency_ms_p100", static_cast<double>(r.latency_max) / 1e9},
                                   {"host_us_per_item", host_us_per_item(s.run.host, r)}});
    }
    return all;
}

json::Array batches_json(const Scenario& s, const Tally& t) {
    json::Array all;
    for (std::size_t p = 0; p < t.histogram.size(); ++p)
        for (std::size_t n = 1; n < t.histogram[p].size(); ++n)
            if (t.histogram[p][n] > 0)
                all.push_back(json::Object{{"batch_size", s.run.server.sizes[p]},
                                           {"items", static_cast<std::int64_t>(n)},
                                           {"inferences", t.histogram[p][n]}});
    return all;
}

/// One line per bin of the queue.
template <class Line>
void each_bin(const Tally& t, Line line) {
    const auto& waiting = t.waiting.bins();
    const double width = static_cast<double>(t.waiting.width().count());
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        const auto start = static_cast<double>(i) * width,
                   end = std::min(start + width, static_cast<double>((t.waiting.end() - TimePoint{}).count()));
        if (end > start)
            line(start / 1e9, end / 1e9, static_cast<double>(waiting[i].integral) / (end - start), waiting[i].max);
    }
}

}  // namespace

std::string serve_text(const flow::ServingPlan& plan, const Scenario& scenario, const flow::ServingResult& result,
                       const Paint& paint) {
    const Summary& m = result.summary;
    return head(plan, scenario, result, paint) + latency_table(scenario, m) + rates(scenario, result.tally, m) +
           size_table(scenario, result.tally.sizes) + batch_table(scenario, result.tally) +
           published_table(scenario, m);
}

json::Object serve_json(const flow::ServingPlan& plan, const Scenario& scenario, const flow::ServingResult& result) {
    json::Array cores, queue;
    const double span = seconds(result.tally.end - result.tally.first_arrival);
    for (Duration busy : result.tally.core_busy) cores.emplace_back(seconds(busy) / span);
    each_bin(result.tally, [&](double start, double end, double mean, std::int64_t most) {
        queue.push_back(json::Object{
            {"start_ms", start}, {"end_ms", end}, {"waiting_items_avg", mean}, {"waiting_items_max", most}});
    });
    json::Object all{{"record", record::to_object(flow::record_of(plan, scenario, result))},
                     {"sizes", sizes_json(scenario, result.tally.sizes)},
                     {"batches", batches_json(scenario, result.tally)},
                     {"core_utilisation", std::move(cores)},
                     {"queue", std::move(queue)}};
    if (scenario.published) {
        json::Object published{{"source", scenario.published->source}};
        if (const auto& x = scenario.published->throughput_avg) published.set("throughput_avg", *x);
        if (const auto& x = scenario.published->latency_ms_p50) published.set("latency_ms_p50", *x);
        all.set("published", std::move(published));
    }
    return all;
}

std::string queue_csv(const Tally& tally) {
    std::string text = "start_ms,end_ms,waiting_items_avg,waiting_items_max\n";
    each_bin(tally, [&](double start, double end, double mean, std::int64_t most) {
        text += number_text(start) + "," + number_text(end) + "," + number_text(mean) + "," + number_text(most) + "\n";
    });
    return text;
}

}  // namespace infsim::cli
