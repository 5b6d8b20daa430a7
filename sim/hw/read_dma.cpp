#include "hw/read_dma.hpp"

#include <cmath>

#include <fmt/format.h>

#include "hw/bounds.hpp"
#include "hw/totals.hpp"

namespace infsim::hw {
namespace {

using json::Range;

constexpr Range<Bytes> row_sizes{Bytes{1}, Bytes{1 << 20}};
constexpr Range<Bytes> descriptor_sizes{Bytes{64}, Bytes{std::int64_t{1} << 30}};
constexpr double kLeastEfficiency = 0.001;

struct PayloadPoint {
    Bytes bytes;
    double efficiency = 0;
};

std::optional<PayloadPoint> read_point(const json::Cursor& place) {
    json::ObjectReader reader(place);
    const PayloadPoint point{reader.quantity<Bytes>("bytes", row_sizes),
                             reader.number("efficiency", kLeastEfficiency, 1.0)};
    reader.finish();
    return point.bytes.count() > 0 && point.efficiency > 0 ? std::optional(point) : std::nullopt;
}

/// The curve as costs; reports what is wrong with it as a whole.
std::vector<RowCost> costs_of(Section& dma, const std::vector<PayloadPoint>& points) {
    std::vector<RowCost> rows;
    for (const PayloadPoint& p : points) {
        const Bytes cost{std::llround(std::ceil(static_cast<double>(p.bytes.count()) / p.efficiency))};
        if (!rows.empty() && (p.bytes <= rows.back().bytes || cost < rows.back().cost)) {
            dma.problem(
                "payload_curve",
                fmt::format("goes from runs of {} that cost as much as {} to runs of {} that cost as much as "
                            "{}; neither may fall, and the runs must grow",
                            to_text(rows.back().bytes), to_text(rows.back().cost), to_text(p.bytes), to_text(cost)));
            return {};
        }
        if (cost > row_sizes.max) {
            dma.problem("payload_curve", fmt::format("makes a run of {} cost as much as {}, which is more than {}",
                                                     to_text(p.bytes), to_text(cost), to_text(row_sizes.max)));
            return {};
        }
        rows.push_back({p.bytes, cost});
    }
    if (!rows.empty() && rows.back().cost != rows.back().bytes)
        dma.problem("payload_curve", "must end with an efficiency of 1: from there on runs take all of the bandwidth");
    return rows;
}

std::vector<RowCost> read_rows(Section& dma) {
    if (!dma.has("payload_curve")) {
        const auto min_row = dma.quantity("min_row", row_sizes);
        return {{min_row, min_row}};
    }
    if (in_both_forms(dma, kRowForms, "states the same as 'min_row'; state only one of the two")) return {};
    const auto points = dma.list<PayloadPoint>("payload_curve", read_point);
    if (points.empty()) dma.problem("payload_curve", "must have at least one point");
    return costs_of(dma, points);
}

}  // namespace

DmaSpec read_dma(Section dma) {
    DmaSpec spec;
    spec.engines_per_core = dma.integer("engines_per_core", 1, 16);
    spec.rings_per_engine = dma.integer("rings_per_engine", 1, 64);
    spec.max_descriptor = dma.quantity("max_descriptor", descriptor_sizes);
    spec.start_latency = dma.quantity("start_latency", delays);
    spec.completion_latency = dma.quantity("completion_latency", delays);
    spec.engine_bandwidth = dma.quantity("engine_bandwidth", bandwidths);
    spec.core_bandwidth = dma.quantity("core_bandwidth", bandwidths);
    spec.rows = read_rows(dma);
    if (spec.full_row() > spec.max_descriptor && spec.max_descriptor.count() > 0)
        dma.problem(dma.has("min_row") ? "min_row" : "payload_curve",
                    "is more than max_descriptor, so that every row would be short");
    dma.finish();
    return spec;
}

}  // namespace infsim::hw
