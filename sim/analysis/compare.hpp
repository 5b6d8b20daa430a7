// Why one point is faster than another: the same time, seen by layer, by engine and by bytes.
#pragma once

#include <string>
#include <vector>

#include "record/record.hpp"

namespace infsim::analysis {

/// A part of something, by its name.
struct Part {
    std::string name;
    double amount = 0;
};
using Parts = std::vector<Part>;

/// When a layer of one inference was at work.
struct LayerSpan {
    std::string name;
    double start_ms = 0, end_ms = 0;
};

/// What of the inference each layer took, by name in the order of the spans: every instant counts equally for all that
/// are at work then, and where none is, for "(no layer)". Adds up to the last end.
Parts layer_times(const std::vector<LayerSpan>& spans);

/// Milliseconds per item that an engine of one core worked and waited, by "PE busy", "PE waits for weights" and so on;
/// those of one engine add up to the time of an item on a core. Empty for a record without results.
Parts engine_times(const record::RunRecord& record);

/// Bytes per item that move between DRAM and the chip or the host, by purpose. Empty for a record without results.
Parts bytes_by_purpose(const record::RunRecord& record);

/// One part in both.
struct Change {
    std::string name;
    double before = 0, after = 0;

    double more() const { return after - before; }
};

/// The parts of both by name, what is only in one is 0 in the other; the largest differences first, then in the order
/// of `before` and `after`. Parts of the same name are one.
std::vector<Change> changes(const Parts& before, const Parts& after);

}  // namespace infsim::analysis
