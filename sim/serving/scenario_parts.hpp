// Private to serving: the sections of a scenario file.
#pragma once

#include "serving/scenario.hpp"

namespace infsim::serving {

/// "load": sets the load, MLPerf's stop rules, and sizes if the load has its own.
void read_load(json::ObjectReader& root, Scenario& scenario);
/// "policy"; the server's sizes must have been read.
void read_policy(json::ObjectReader& root, Scenario& scenario);
/// A trace: CSV with the header "arrival_s,items". `most`: the largest request that the policy accepts.
Trace read_trace(const std::string& path, std::optional<std::int32_t> most, Problems& problems);

}  // namespace infsim::serving
