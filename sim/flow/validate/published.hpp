// Tables of published measurements: CSV with a header, one measured point of real hardware per row; or tables written
// by infsim itself, so that results can be fed back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problems.hpp"

namespace infsim::flow {

/// The kind of a row's latency. Percentiles and the mean are wall times of the host, including call and transfers;
/// `device` is the chip's own time, from the first instruction to the last.
enum class LatencyKind : std::uint8_t { p50, p90, p95, p99, mean, device };
std::string_view latency_kind_name(LatencyKind kind);

/// One measured point. Columns, found by name, in any order; others are ignored. A table with the columns model_name
/// and batch_size is one of infsim's own (record/columns.hpp): its names are in brackets.
struct PublishedRow {
    std::size_t line = 0;              ///< in the file, from 1
    std::string id;                    ///< `id` [point_id]; empty: "line N"
    std::string model;                 ///< `model` [model_name], required: as the source names it
    std::string dtype;                 ///< `dtype`; empty: fp16
    std::string input;                 ///< `input`: extents of one item, such as 224x224x3 or seq128; may be empty
    int batch = 1;                     ///< `batch_compiled` [batch_size], required
    int chips = 1;                     ///< `chips`; empty: 1
    int cores = 1;                     ///< `cores_busy` [cores], required: of all chips together
    int workers = 1;                   ///< `workers_per_core` [workers_per_model]; empty: 1
    std::string mode;                  ///< `mode`: data-parallel, single, or empty
    std::optional<double> throughput;  ///< `throughput_inf_s` [throughput_avg]: items/s of all cores
    std::optional<double> latency_ms;  ///< `latency_ms_p50`; a row has at least one of the two
    LatencyKind latency_is = LatencyKind::p50;  ///< `latency_is`: kind of that latency, if not the median
    std::string compiler, source;

    bool own = false;            ///< of a table written by infsim: compiler is the name of a profile
    std::string io_dtype, chip;  ///< of such a row
    std::string why_not;         ///< why such a row has nothing to compare or cannot be run again
    std::vector<std::pair<std::string, std::int64_t>> dims;  ///< of such a row: its columns dims.NAME
};

/// Reads a table. Adds all problems by line and column; the result must then not be used. Skips lines that are empty or
/// start with #.
std::vector<PublishedRow> read_published(const std::string& path, Problems& problems);

}  // namespace infsim::flow
