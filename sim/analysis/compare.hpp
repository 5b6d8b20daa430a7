// Why one point is faster than another: the same time by layer, by engine and by bytes.
#pragma once

#include <string>
#include <vector>

#include "record/record.hpp"

namespace infsim::analysis {

/// A named part of a whole.
struct Part {
    std::string name;
    double amount = 0;
};
using Parts = std::vector<Part>;

/// When a layer of one inference was active.
struct LayerSpan {
    std::string name;
    double start_ms = 0, end_ms = 0;
};

/// The time of the inference by layer, by name in the order of the spans. Active layers share each instant equally; an
/// instant without one counts for "(no layer)". Adds up to the last end.
Parts layer_times(const std::vector<LayerSpan>& spans);

/// Milliseconds per item that each engine of one core worked and waited: "PE busy", "PE waits for weights" and so on.
/// The parts of one engine add up to the time of an item on a core. Empty for a record without results.
Parts engine_times(const record::RunRecord& record);

/// Bytes per item that move between DRAM and the chip or the host, by purpose. Empty for a record without results.
Parts bytes_by_purpose(const record::RunRecord& record);

/// One part in both points.
struct Change {
    std::string name;
    double before = 0, after = 0;

    double more() const { return after - before; }
};

/// The parts of both by name; a part missing in one is 0 there. The largest differences first, then in the order of
/// `before` and `after`. Parts of the same name are merged.
std::vector<Change> changes(const Parts& before, const Parts& after);

}  // namespace infsim::analysis
