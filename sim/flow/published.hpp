// Tables of published measurements: CSV with a header, one measured point of real hardware a row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problems.hpp"

namespace infsim::flow {

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
    std::string compiler, source;
};

/// Reads a table. Adds everything that is wrong with it, by line and column, and is then of no use. Lines that are
/// empty or start with # do not count.
std::vector<PublishedRow> read_published(const std::string& path, Problems& problems);

}  // namespace infsim::flow
