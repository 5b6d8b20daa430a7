#include "stats/layers.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "record/csv.hpp"

namespace infsim::stats {

namespace {

bool computes(record::AccountedEngine engine) { return engine != record::AccountedEngine::dma; }

/// Widens [first, last] to hold [from, until]; `any` tells whether it was set before.
void widen(bool& any, Duration& first, Duration& last, Duration from, Duration until) {
    first = any ? std::min(first, from) : from;
    last = any ? std::max(last, until) : until;
    any = true;
}

}  // namespace

Layers::Layers(const ProgramIndex& index, int core, std::uint64_t inference)
    : index_(index), core_(core), inference_(inference), layers_(index.layer_count()) {}

void Layers::on(const observe::Issued& event) {
    if (!mine(event.who)) return;
    const auto engine = index_.engine(event.who.queue);
    LayerTimes& layer = layers_[index_[event.who].layer];
    const Duration at = event.at.time_since_epoch(), until = event.busy_until.time_since_epoch();
    if (!computes(engine)) {
        widen(layer.loaded, layer.load_start, layer.load_end, at, until);
        return;
    }
    widen(layer.ran, layer.start, layer.end, at, until);
    layer.busy[static_cast<std::size_t>(engine)] += until - at;
}

void Layers::on(const observe::Retired& event) {
    if (!mine(event.who)) return;
    LayerTimes& layer = layers_[index_[event.who].layer];
    Duration& end = computes(index_.engine(event.who.queue)) ? layer.end : layer.load_end;
    end = std::max(end, event.at.time_since_epoch());
}

void Layers::on(const observe::Blocked& event) {
    const auto engine = index_.engine(event.who.queue);
    if (!mine(event.who) || !computes(engine)) return;
    // TimeShare is Stall with `busy` in front.
    layers_[index_[event.who].layer].waits[static_cast<std::size_t>(engine)][static_cast<std::size_t>(event.why) + 1] +=
        (event.until - event.from).count();
}

void Layers::on(const observe::Transferred& event) {
    if (mine(event.who)) layers_[index_[event.who].layer].dram_bytes += event.bytes.count();
}

void Layers::on(const observe::InferenceEvent& event) {
    if (event.core == core_ && event.inference == inference_ && event.phase == observe::InferencePhase::first_issue)
        origin_ = event.at;
}

std::vector<LayerTimes> Layers::result() const {
    std::vector<LayerTimes> layers = layers_;
    const Duration origin = origin_.time_since_epoch();
    for (LayerTimes& layer : layers) {
        if (layer.ran) layer.start -= origin, layer.end -= origin;
        if (layer.loaded) layer.load_start -= origin, layer.load_end -= origin;
    }
    return layers;
}

namespace {

void set_bound(LayerRow& row) {
    const std::pair<double, const char*> all[] = {
        {row.dram_ms, "dram"}, {row.pe_ms, "pe"}, {row.act_ms, "act"}, {row.pool_ms, "pool"}};
    const auto* top = std::max_element(std::begin(all), std::end(all),
                                       [](const auto& a, const auto& b) { return a.first < b.first; });
    row.bound = top->first > 0 ? top->second : "";
}

void set_main_stall(LayerRow& row, const LayerTimes& times) {
    const auto busiest = std::max_element(times.busy.begin(), times.busy.end()) - times.busy.begin();
    const ShareTimes& waits = times.waits[static_cast<std::size_t>(busiest)];
    const auto longest = std::max_element(waits.begin() + 1, waits.end());
    if (*longest == 0) return;
    row.main_stall = share_in_words(static_cast<record::TimeShare>(longest - waits.begin()));
    row.main_stall_ms = record::report_ms(Duration{*longest});
}

}  // namespace

std::vector<LayerRow> layer_rows(const program::Program& program, const std::vector<LayerTimes>& times,
                                 const std::vector<Held>& held, const CoreRates& core) {
    std::vector<LayerRow> rows;
    for (std::size_t i = 0; i < program.layers.size(); ++i) {
        const LayerTimes& t = times[i];
        LayerRow row;
        row.name = program.layers[i].name;
        row.kind = program.layers[i].kind;
        row.start_ms = record::report_ms(t.ran ? t.start : t.load_start);
        row.end_ms = record::report_ms(t.ran ? t.end : t.load_end);
        row.time_ms = record::report_ms(t.ran ? t.end - t.start : t.load_end - t.load_start);
        row.dram_bytes = t.dram_bytes;
        row.dram_ms = record::report_ms(Bytes{t.dram_bytes} / core.dram);
        row.pe_ms = record::report_ms(t.busy[0]);
        row.act_ms = record::report_ms(t.busy[1]);
        row.pool_ms = record::report_ms(t.busy[2]);
        row.pe_cycles = std::llround(seconds(t.busy[0]) * static_cast<double>(core.pe_clock.count()));
        row.held = held[i];
        row.macs = program.layers[i].macs;
        const double macs = static_cast<double>(row.macs) * program.batch;
        row.pe_ideal_ms = macs / core.macs_per_second * 1e3;
        row.weight_bytes = program.layers[i].weight_bytes;
        set_bound(row);
        set_main_stall(row, t);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string layers_csv(const std::vector<LayerRow>& rows) {
    std::string text =
        "layer,kind,start_ms,end_ms,time_ms,bound,dram_ms,dram_bytes,pe_ms,act_ms,pool_ms,pe_cycles,main_"
        "stall,"
        "main_stall_ms,live_bytes,macs_per_item,weight_bytes,pe_ideal_ms,weights_in_use_bytes,weights_prefetched_bytes,"
        "constant_bytes,replicated_bytes,activation_bytes\n";
    for (const LayerRow& r : rows)
        text += record::csv_line({r.name,
                                  r.kind,
                                  number_text(r.start_ms),
                                  number_text(r.end_ms),
                                  number_text(r.time_ms),
                                  r.bound,
                                  number_text(r.dram_ms),
                                  number_text(r.dram_bytes),
                                  number_text(r.pe_ms),
                                  number_text(r.act_ms),
                                  number_text(r.pool_ms),
                                  number_text(r.pe_cycles),
                                  r.main_stall,
                                  number_text(r.main_stall_ms),
                                  number_text(r.held.sum()),
                                  number_text(r.macs),
                                  number_text(r.weight_bytes),
                                  number_text(r.pe_ideal_ms),
                                  number_text(r.held.weights_in_use),
                                  number_text(r.held.weights_prefetched),
                                  number_text(r.held.constants),
                                  number_text(r.held.replicated),
                                  number_text(r.held.activations)}) +
                "\n";
    return text;
}

}  // namespace infsim::stats
