// Tables of published measurements: CSV with a header, one measured point of real hardware a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problems.hpp"

namespace infsim::flow {

/// Which time of an inference a row's latency is. Percentiles and the mean are wall times as the host sees them, call
/// and transfers included; `device` is the chip's own time, from the first instruction to the last.
enum class LatencyKind : std::uint8_t { p50, p90, p95, p99, mean, device };
std::string_view latency_kind_name(LatencyKind kind);

/// One measured point. Columns, found by name, in any order; others are ignored.
struct PublishedRow {
    std::size_t line = 0;              ///< in the file, from 1
    std::string id;                    ///< `id`; empty: "line N"
    std::string model;                 ///< `model`, required: as the source names it
    std::string dtype;                 ///< `dtype`; empty: fp16
    std::string input;                 ///< `input`: extents of one item, such as 224x224x3 or seq128; may be empty
    int batch = 1;                     ///< `batch_compiled`, required
    int chips = 1;                     ///< `chips`; empty: 1
    int cores = 1;                     ///< `cores_busy`, required: of all chips together
    int workers = 1;                   ///< `workers_per_core`; empty: 1
    std::string mode;                  ///< `mode`: data-parallel, single, or empty
    std::optional<double> throughput;  ///< `throughput_inf_s`: items per second of all cores
    std::optional<double> latency_ms;  ///< `latency_ms_p50`; a row has at least one of the two
    LatencyKind latency_is = LatencyKind::p50;  ///< `latency_is`: what that latency is, where not the median
    std::string compiler, source;
};

/// Reads a table. Adds everything that is wrong with it, by line and column, and is then of no use. Lines that are
/// empty or start with # do not count.
std::vector<PublishedRow> read_published(const std::string& path, Problems& problems);

}  // namespace infsim::flow
