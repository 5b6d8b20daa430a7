// Private to serving: the sections of a scenario file.
#pragma once

#include "serving/scenario.hpp"

namespace infsim::serving {

/// "load": sets load, stop rules that MLPerf gives, and sizes where the load brings its own.
void read_load(json::ObjectReader& root, Scenario& scenario);
/// "policy"; expects the server's sizes to be read.
void read_policy(json::ObjectReader& root, Scenario& scenario);
/// A trace: CSV with the header "arrival_s,items". `most`: the largest request that the policy takes.
Trace read_trace(const std::string& path, std::optional<std::int32_t> most, Problems& problems);

}  // namespace infsim::serving
