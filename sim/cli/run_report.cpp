#include "cli/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.hpp"
#include "base/text.hpp"
#include "cli/cells.hpp"
#include "cli/table.hpp"
#include "record/columns.hpp"

namespace infsim::cli {

namespace {

using record::RunRecord;
using record::TimeShare;

/// Which intermediates go through device DRAM: spilled for lack of space, or to change their layout.
std::string detours_text(const RunRecord& r) {
    const double spilled = static_cast<double>(*r.spill_save_bytes + *r.spill_reload_bytes);
    const auto relaid = r.relayout_write_bytes.value_or(0) + r.relayout_read_bytes.value_or(0);
    std::string text = spilled > 0 ? megabytes(spilled) + " spilled per inference" : "nothing spilled";
    return relaid > 0 ? text + ", " + megabytes(static_cast<double>(relaid)) + " to change layouts" : text;
}

/// Two digits, or the whole integer part.
std::string two_digits(double x) { return x >= 10 ? fixed(x, 0) : fmt::format("{:.2g}", x); }

/// The cost of an item in money and energy, as far as known.
void add_cost(Table& table, const RunRecord& r, const std::optional<flow::PriceTag>& price) {
    const std::string money =
        price ? "per million items (" + price->words + ")" : "no price of chip " + r.chip + ": --price-per-hour USD";
    const std::string energy = r.energy_mj_per_item_low ? two_digits(*r.energy_mj_per_item_low) + " to " +
                                                              two_digits(*r.energy_mj_per_item_high) + " mJ per item"
                                                        : "energy unknown (see --all)";
    table.add({"cost", price ? fixed(r.cost_per_1m_inf, 3) + " USD" : "-", money + "; " + energy});
}

std::string engine_in_words(std::size_t engine) {
    std::string name{record::engine_name(static_cast<record::AccountedEngine>(engine))};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    return name;
}

const char* wait_in_words(TimeShare share) {
    switch (share) {
        case TimeShare::wait_pe: return "PE";
        case TimeShare::wait_act: return "ACT";
        case TimeShare::wait_pool: return "POOL";
        case TimeShare::wait_weights: return "weights";
        case TimeShare::wait_input: return "inputs";
        case TimeShare::wait_dma_other: return "other DMA";
        case TimeShare::wait_output: return "outputs";
        case TimeShare::busy:
        case TimeShare::drained: break;  // no wait
    }
    internal_error(__FILE__, __LINE__, "not a wait");
}

/// "waits for weights 21 %, POOL 20 %, ACT 3 %, other 2 %; idle 1 %": the longest three, and the rest.
std::string waits_text(const std::vector<double>& shares, const std::vector<int>& percents) {
    constexpr std::size_t kNamed = 3;
    const auto drained = static_cast<std::size_t>(TimeShare::drained);
    std::vector<std::size_t> order;
    for (std::size_t s = 1; s < shares.size(); ++s)
        if (s != drained && percents[s] > 0) order.push_back(s);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });
    std::vector<std::string> waits;
    int rest = 0;
    for (const std::size_t s : order) {
        if (waits.size() == kNamed) rest += percents[s];
        else waits.push_back(fmt::format("{} {} %", wait_in_words(static_cast<TimeShare>(s)), percents[s]));
    }
    if (rest > 0) waits.push_back(fmt::format("other {} %", rest));
    std::string text = waits.empty() ? "never waits" : "waits for " + join(waits, ", ");
    return percents[drained] > 0 ? text + fmt::format("; idle {} %", percents[drained]) : text;
}

/// The engine that works most (PE, ACT or POOL), and where its time goes.
struct BusiestEngine {
    std::string name;
    std::vector<double> shares;  ///< by TimeShare
};
BusiestEngine busiest_engine(const RunRecord& r) {
    std::size_t busiest = 0;
    for (std::size_t e = 1; e < static_cast<std::size_t>(record::AccountedEngine::dma); ++e)
        if (r.engine_share[e][0].value_or(0) > r.engine_share[busiest][0].value_or(0)) busiest = e;
    BusiestEngine engine{engine_in_words(busiest), {}};
    for (const record::Real& share : r.engine_share[busiest]) engine.shares.push_back(share.value_or(0));
    return engine;
}

/// Where the time of the busiest engine goes; the shares add up to 100 %.
void add_limit(Table& table, const RunRecord& r) {
    const BusiestEngine engine = busiest_engine(r);
    const std::vector<int> percents = whole_percents(engine.shares);
    table.add({"limited by", engine.name + " busy " + std::to_string(percents[0]) + " %",
               waits_text(engine.shares, percents)});
}

/// The layers with the longest time from begin to end in the observed inference.
void add_slowest(Table& table, const std::vector<stats::LayerRow>& layers) {
    constexpr std::size_t kShown = 3;
    std::vector<const stats::LayerRow*> order;
    for (const stats::LayerRow& layer : layers) order.push_back(&layer);
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->time_ms > b->time_ms; });
    order.resize(std::min(order.size(), kShown));
    std::vector<std::string> names;
    for (const auto* layer : order) names.push_back(layer->name + " " + fmt::format("{:.2g}", layer->time_ms) + " ms");
    table.add({"slowest", "of " + std::to_string(layers.size()) + (layers.size() == 1 ? " layer" : " layers"),
               join(names, ", ")});
}

std::string headline(const RunRecord& r) {
    return fmt::format("{}, batch {}, {}, on {} core{} of {}, {} worker{} per core, compiler {}", r.model_name,
                       *r.batch_size, r.dtype, *r.cores, *r.cores == 1 ? "" : "s", r.chip, *r.workers_per_model,
                       *r.workers_per_model == 1 ? "" : "s", r.compiler);
}

std::string starts_text(const RunRecord& r) {
    return fmt::format("From {} starts (minimum, median, maximum): {}, {}, {} items/s; latency p50 {}, {}, {} ms.",
                       *r.offset_sets, fixed(r.throughput_min, 1), fixed(r.throughput_median, 1),
                       fixed(r.throughput_max, 1), fixed(r.latency_ms_p50_min, 2), fixed(r.latency_ms_p50_median, 2),
                       fixed(r.latency_ms_p50_max, 2));
}

}  // namespace

std::vector<int> whole_percents(const std::vector<double>& shares) {
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    std::vector<int> percents(shares.size());
    if (total <= 0) return percents;
    std::vector<std::size_t> order(shares.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto lost = [&](std::size_t i) { return 100 * shares[i] / total - percents[i]; };
    for (std::size_t i = 0; i < shares.size(); ++i) percents[i] = static_cast<int>(std::floor(100 * shares[i] / total));
    int rest = 100 - std::accumulate(percents.begin(), percents.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lost(a) > lost(b); });
    for (auto i = order.begin(); rest > 0 && i != order.end(); ++i, --rest) ++percents[*i];
    return percents;
}

std::string limit_in_brief(const RunRecord& r) {
    BusiestEngine engine = busiest_engine(r);
    const std::vector<int> percents = whole_percents(engine.shares);
    std::string busy = fmt::format("{} is busy {} % of the time", engine.name, percents[0]);
    engine.shares[0] = engine.shares[static_cast<std::size_t>(TimeShare::drained)] = 0;  // no waits
    const auto longest =
        static_cast<std::size_t>(std::max_element(engine.shares.begin(), engine.shares.end()) - engine.shares.begin());
    if (engine.shares[longest] <= 0) return busy;
    return busy + fmt::format(" and waits mostly for {} ({} %)", wait_in_words(static_cast<TimeShare>(longest)),
                              percents[longest]);
}

std::string answer_text(const flow::PointResult& result, const std::optional<flow::PriceTag>& price,
                        const Paint& paint) {
    const RunRecord& r = result.record;
    if (r.status != record::Status::ok) return "";
    Table table({"", "", ""});
    const auto interval = *r.throughput_low == *r.throughput_high
                              ? "exact: the chip repeats itself"
                              : "95 % within " + fixed(r.throughput_low, 0) + " to " + fixed(r.throughput_high, 0) +
                                    "; " + number_text(*r.inferences_measured) + " inferences per core";
    table.add({"throughput", fixed(r.throughput_avg, 1) + " items/s", interval}, Ink::good);
    table.add({"latency", fixed(r.latency_ms_p50, 2) + " ms (p50)",
               fixed(r.latency_ms_p99, 2) + " ms (p99), as the host sees it" +
                   (r.host_ms ? "; operators on the host " + fixed(r.host_ms, 3) + " ms" : "")});
    table.add({"service", fixed(r.service_ms, 2) + " ms",
               fixed(r.unloaded_service_ms, 2) + " ms alone on the chip; at least " + fixed(r.roofline_ms, 2) +
                   " ms by " + r.bound});
    table.add({"ideal", fixed(r.ideal_ms, 3) + " ms",
               "efficiency " + efficiency_text(r.efficiency) + ": the arithmetic or the bytes alone, over service"});
    add_limit(table, r);
    add_slowest(table, result.layers);
    table.add({"state buffer", number_text(*r.sb_peak_bytes) + " B/partition",
               "of " + number_text(*r.sb_budget_bytes) + " (" + r.sb_budget_binding + ")"});
    table.add({"DRAM", percent(*r.dram_utilisation) + " of peak",
               megabytes(*r.weight_bytes_per_inference) + " weights/item, " + detours_text(r)});
    add_cost(table, r, price);
    std::string text = wrapped(headline(r)) + "\n" + table.body(paint);
    if (!r.why_slow.empty()) text += wrapped(paint(Ink::warning, "Far from ideal") + ": " + r.why_slow + ".") + "\n";
    if (*r.offset_sets > 1) text += wrapped(starts_text(r)) + "\n";
    return text;
}

std::string record_table(const RunRecord& record, const std::vector<std::string>& names) {
    Table table({"column", "unit", "value"});  // long cells come last, where they wrap
    const auto add = [&](const record::Column& c) {
        const std::string text = shown_cell(record::member_of(c, record));
        if (!text.empty()) table.add({c.name, c.unit, text});
    };
    for (const record::Column* c : record::named(record::columns(), names)) add(*c);
    if (names.empty())
        for (const record::Column& c : record::columns())
            if (c.name != "reason") add(c);  // printed on stderr
    return table.text();
}

}  // namespace infsim::cli
