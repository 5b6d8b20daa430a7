#include "record/serving_record.hpp"

#include "record/csv.hpp"

namespace infsim::record {

namespace {

using R = ServingRecord;

void add_what(std::vector<ServingColumn>& c) {
    c.push_back(column("scenario", "", "name of the scenario file", &R::scenario));
    c.push_back(column("model_name", "", "name of the network", &R::model_name));
    c.push_back(column("n_models", "", "cores in use, each with the compiled programs", &R::n_models));
    c.push_back(column("workers_per_model", "",
                       "inferences outstanding per core; in all over cores where the load shares them",
                       &R::workers_per_model));
    c.push_back(column("batch_size", "", "compiled batch; several joined by +", &R::batch_size));
    c.push_back(column("dtype", "", "what is computed in", &R::dtype));
    c.push_back(column("chip", "", "name of the chip", &R::chip));
    c.push_back(column("chips", "", "how many of them", &R::chips));
    c.push_back(column("compiler", "", "name of the compiler profile", &R::compiler));
    c.push_back(column("policy", "", "batching policy", &R::policy));
    c.push_back(column("load", "", "kind of load", &R::load));
    c.push_back(column("backend", "", "table (measured times) or live (SystemC chip)", &R::backend));
    c.push_back(column("offered_rate", "requests/s", "mean rate of an open load", &R::offered_rate));
    c.push_back(column("offered_load", "",
                       "of an open load: its items over what full batches can serve (measured times)",
                       &R::offered_load));
    c.push_back(column("items_per_request", "items", "mean size of a measured request", &R::items_per_request));
    c.push_back(column("seed", "", "seed of every random stream", &R::seed));
}

void add_figures(std::vector<ServingColumn>& c) {
    c.push_back(column("status", "", "ok, or infeasible: the server cannot be (reason)", &R::status));
    c.push_back(column("verdict", "", "VALID or INVALID", &R::verdict));
    c.push_back(
        column("throughput_avg", "items/s", "from the first measured arrival to the last answer", &R::throughput_avg));
    c.push_back(column("requests_per_s", "requests/s", "the same in requests", &R::requests_per_s));
    c.push_back(column("goodput", "items/s", "the same of requests within the latency bound", &R::goodput));
    c.push_back(column("latency_ms_avg", "ms", "mean, from the scheduled arrival to the answer", &R::latency_ms_avg));
    c.push_back(column("latency_ms_p0", "ms", "fastest request", &R::latency_ms_p0));
    c.push_back(column("latency_ms_p50", "ms", "median", &R::latency_ms_p50));
    c.push_back(column("latency_ms_p90", "ms", "90th percentile", &R::latency_ms_p90));
    c.push_back(column("latency_ms_p95", "ms", "95th percentile", &R::latency_ms_p95));
    c.push_back(column("latency_ms_p99", "ms", "99th percentile", &R::latency_ms_p99));
    c.push_back(column("latency_ms_p99_9", "ms", "99.9th percentile", &R::latency_ms_p99_9));
    c.push_back(column("latency_ms_p100", "ms", "slowest request", &R::latency_ms_p100));
    c.push_back(
        column("latency_ms_p99_low", "ms", "lower end of the 95 % confidence interval of p99", &R::latency_ms_p99_low));
    c.push_back(column("latency_ms_p99_high", "ms", "upper end of it", &R::latency_ms_p99_high));
    c.push_back(column("latency_ms_early_stopping", "ms",
                       "MLPerf's SingleStream (p90) and MultiStream (p99): the estimate that early stopping allows",
                       &R::latency_ms_early_stopping));
    c.push_back(column("bound_ms", "ms", "latency bound", &R::bound_ms));
    c.push_back(column("bound_percentile", "", "the percentile that it is for", &R::bound_percentile));
    c.push_back(column("padding_fraction", "", "share of zeros in what was executed", &R::padding_fraction));
    c.push_back(column("batch_items_avg", "items", "mean real items of an inference", &R::batch_items_avg));
    c.push_back(column("queue_items_avg", "items", "mean items waiting for an inference", &R::queue_items_avg));
    c.push_back(column("queue_items_max", "items", "most items waiting", &R::queue_items_max));
    c.push_back(column("core_utilisation", "", "share of time in which a core executes, mean over cores",
                       &R::core_utilisation));
    c.push_back(column("in_system_avg", "requests", "L of Little's law, counted", &R::in_system_avg));
    c.push_back(column("rate_times_latency", "requests", "lambda W of Little's law, from rate and latencies",
                       &R::rate_times_latency));
    c.push_back(column("requests_measured", "", "requests behind the percentiles", &R::requests_measured));
    c.push_back(column("cost_per_1m_inf", "USD",
                       "price of a million items: an hour of the chips by configs/prices.json or --price; empty for "
                       "chips without a price",
                       &R::cost_per_1m_inf));
    c.push_back(column("reason", "", "why infeasible or INVALID", &R::reason));
    c.push_back(column("scenario_id", "", "hash of everything that determines this row", &R::scenario_id));
}

}  // namespace

const std::vector<ServingColumn>& serving_columns() {
    static const std::vector<ServingColumn> all = [] {
        std::vector<ServingColumn> c;
        add_what(c);
        add_figures(c);
        return c;
    }();
    return all;
}

std::string serving_csv_header() {
    std::vector<std::string> names;
    for (const ServingColumn& c : serving_columns()) names.push_back(c.name);
    return csv_line(names);
}

std::string serving_csv_row(const ServingRecord& record) {
    std::vector<std::string> cells;
    for (const ServingColumn& c : serving_columns()) {
        const std::string text = cell_text(c, record);
        cells.push_back(cell_type(c) == CellType::text ? guarded(text) : text);
    }
    return csv_line(cells);
}

json::Object to_object(const ServingRecord& record) {
    json::Object object;
    add_values(object, serving_columns(), record);
    return object;
}

std::string serving_column_manual() { return manual_of(serving_columns()); }

}  // namespace infsim::record
