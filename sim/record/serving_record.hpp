// The row of one simulated scenario. As in RunRecord, names follow NeuronPerf where it has one.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "record/column.hpp"
#include "record/record.hpp"

namespace infsim::record {

/// A member without a value does not apply. serving_columns() documents the members.
struct ServingRecord {
    std::string scenario, model_name, dtype, chip, compiler;
    Integer n_models, workers_per_model, chips;
    std::string batch_size;  ///< "4", or "1+4" for several compiled sizes
    std::string policy, load, backend;
    Real offered_rate, offered_load, items_per_request;
    Integer seed;
    std::string status;   ///< ok or infeasible
    std::string verdict;  ///< VALID or INVALID
    std::string reason;
    Real throughput_avg, requests_per_s, goodput;
    Real latency_ms_avg, latency_ms_p0, latency_ms_p50, latency_ms_p90, latency_ms_p95, latency_ms_p99,
        latency_ms_p99_9, latency_ms_p100;
    Real latency_ms_p99_low, latency_ms_p99_high, latency_ms_early_stopping, bound_ms, bound_percentile;
    Real padding_fraction, batch_items_avg, queue_items_avg;
    Integer queue_items_max;
    Real core_utilisation, in_system_avg, rate_times_latency;
    Integer requests_measured;
    Real cost_per_1m_inf;
    std::string scenario_id;
};

using ServingColumn = ColumnOf<ServingRecord>;

/// In the order of the CSV.
const std::vector<ServingColumn>& serving_columns();

std::string serving_csv_header();
std::string serving_csv_row(const ServingRecord& record);
/// Members without a value left out.
json::Object to_object(const ServingRecord& record);
/// One documented line per column.
std::string serving_column_manual();

}  // namespace infsim::record
