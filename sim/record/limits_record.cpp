#include "record/limits_record.hpp"

namespace infsim::record {

namespace {

using R = LimitsRecord;
using Columns = std::vector<LimitsColumn>;

void add_what(Columns& c) {
    c.push_back(column("model_name", "", "name of the network", &R::model_name));
    c.push_back(column("dtype", "", "what is computed in", &R::dtype));
    c.push_back(column("io_dtype", "", "what the graph's inputs and outputs are", &R::io_dtype));
    c.push_back(column("chip", "", "name of the chip", &R::chip));
    c.push_back(column("compiler", "", "name of the compiler profile", &R::compiler));
    c.push_back(column("cores", "", "cores in use", &R::cores));
    c.push_back(column("workers_per_model", "", "inferences outstanding per core", &R::workers_per_model));
    c.push_back(column("max_batch", "items", "no larger batch was tried", &R::max_batch));
    c.push_back(column("status", "",
                       "ok, infeasible (no batch fits, see reason), failed (fault of infsim), or given up: timeout, "
                       "out_of_memory (of the machine that simulates)",
                       &R::status));
}

/// Three columns of one limit.
void add_limit(Columns& c, const std::string& name, const std::string& meaning, LimitColumns R::*limit) {
    c.push_back({name + "_batch", "items", "largest batch that " + meaning + "; 0: none",
                 [limit](R& r) { return MemberRef{&(r.*limit).batch}; }});
    c.push_back({name + "_open", "", "whether the search ended at " + name + "_batch: a larger one may do as well",
                 [limit](R& r) { return MemberRef{&(r.*limit).open}; }});
    c.push_back({name + "_reason", "", "why " + name + "_batch is not one more",
                 [limit](R& r) { return MemberRef{&(r.*limit).reason}; }});
}

void add_best(Columns& c) {
    const auto of_best = [](const std::string& what) { return what + " at best_batch"; };
    c.push_back(
        column("best_throughput_avg", "items/s", of_best("items per second in the long run"), &R::best_throughput_avg));
    c.push_back(column("best_throughput_low", "items/s",
                       "with best_throughput_high: the long run lies between them in 95 of 100 cases",
                       &R::best_throughput_low));
    c.push_back(column("best_throughput_high", "items/s", "see best_throughput_low", &R::best_throughput_high));
    c.push_back(column("best_latency_ms_p50", "ms", of_best("median latency"), &R::best_latency_ms_p50));
    c.push_back(
        column("best_latency_ms_p99", "ms", of_best("99th percentile of the latency"), &R::best_latency_ms_p99));
}

}  // namespace

const std::vector<LimitsColumn>& limits_columns() {
    static const Columns all = [] {
        Columns c;
        add_what(c);
        add_limit(c, "resident", "fits without spilling, every layer on the whole batch", &R::resident);
        add_limit(c, "sub_batched", "fits without spilling, parts of the network on some of its images",
                  &R::sub_batched);
        add_limit(c, "any", "fits as the profile compiles", &R::any);
        add_limit(c, "best", "gives more throughput than every smaller one", &R::best);
        add_best(c);
        c.push_back(column("reason", "", "why no batch fits, or the cell failed or was given up", &R::reason));
        c.push_back(column("cell_id", "", "hash of everything that determines this row", &R::cell_id));
        return c;
    }();
    return all;
}

json::Object to_object(const LimitsRecord& record) {
    json::Object object;
    add_values(object, limits_columns(), record);
    return object;
}

LimitsRecord read_limits_record(json::ObjectReader& reader) {
    LimitsRecord record;
    read_values(reader, limits_columns(), record);
    return record;
}

}  // namespace infsim::record
