#include "flow/limits/limits_row.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

namespace infsim::flow {

namespace {

record::LimitColumns columns_of(const Limit& limit) {
    record::LimitColumns columns;
    columns.batch = limit.batch;
    columns.open = limit.open;
    if (limit.certificate) columns.reason = limit.certificate->headline();
    return columns;
}

}  // namespace

record::LimitsRecord limits_record_of(const Point& point, int max_batch) {
    record::LimitsRecord row;
    row.model_name = point.model_name;
    row.dtype = dtype_name(point.dtype);
    row.io_dtype = dtype_name(point.io_dtype);
    row.chip = point.chip.name;
    row.compiler = point.compiler.name;
    row.cores = point.cores;
    row.workers_per_model = point.workers;
    row.max_batch = max_batch;
    row.cell_id = hex_text(hash64("limits " + number_text(std::int64_t{max_batch}) + " " + point.id));
    return row;
}

void fill_limits(record::LimitsRecord& row, const Limits& limits) {
    row.max_batch = limits.most;
    row.resident = columns_of(limits.resident);
    if (limits.sub_batched) row.sub_batched = columns_of(*limits.sub_batched);
    row.any = columns_of(limits.any);
    if (limits.best_throughput) {
        row.best = columns_of(*limits.best_throughput);
        if (const auto& r = limits.best_throughput->record) {
            row.best_throughput_avg = r->throughput_avg;
            row.best_throughput_low = r->throughput_low;
            row.best_throughput_high = r->throughput_high;
            row.best_latency_ms_p50 = r->latency_ms_p50;
            row.best_latency_ms_p99 = r->latency_ms_p99;
        }
    }
    row.status = limits.any.batch > 0 ? record::Status::ok : record::Status::infeasible;
    if (limits.any.batch == 0) row.reason = row.any.reason;
}

}  // namespace infsim::flow
