// The output of `infsim run` for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/paint.hpp"
#include "flow/run/prices.hpp"
#include "flow/run/run_point.hpp"
#include "record/columns.hpp"
#include "record/record.hpp"

namespace infsim::cli {

/// The main results: throughput with its interval, latency, what limits it and where, memory. Empty for a point that
/// did not run.
std::string answer_text(const flow::PointResult& result, const std::optional<flow::PriceTag>& price,
                        const Paint& paint = {});

/// "POOL is busy 59 % of the time and waits mostly for PE (20 %)": the engine that works most. Only for a point that
/// ran.
std::string limit_in_brief(const record::RunRecord& record);

/// Shares of a whole in percent that add up to 100: rounded down, and the rest goes to those that lost most.
std::vector<int> whole_percents(const std::vector<double>& shares);

/// Columns of the record that have a value, with significant digits and units: those named, in that order, or all.
std::string record_table(const record::RunRecord& record, const std::vector<std::string>& names);

}  // namespace infsim::cli
