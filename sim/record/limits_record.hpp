// The row of the limits of one network on one chip.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "record/column.hpp"
#include "record/record.hpp"

namespace infsim::record {

/// The largest batch by one measure. Members have no value if it was not searched for.
struct LimitColumns {
    Integer batch;       ///< 0: none
    Flag open;           ///< the search ended there
    std::string reason;  ///< why not one more
};

/// A member without a value does not apply. limits_columns() documents the members.
struct LimitsRecord {
    std::string model_name, dtype, io_dtype, chip, compiler;
    Integer cores, workers_per_model, max_batch;
    Status status = Status::failed;
    LimitColumns resident, sub_batched, any, best;
    Real best_throughput_avg, best_throughput_low, best_throughput_high, best_latency_ms_p50, best_latency_ms_p99;
    std::string reason, cell_id;
};

using LimitsColumn = ColumnOf<LimitsRecord>;

/// In the order of the CSV.
const std::vector<LimitsColumn>& limits_columns();

/// Members without a value left out; and back. read_limits_record adds to the problems of `reader`.
json::Object to_object(const LimitsRecord& record);
LimitsRecord read_limits_record(json::ObjectReader& reader);

}  // namespace infsim::record
