// What `infsim run` answers, for people.
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

/// What a reader wants to know first: how fast and how sure, how late, what limits it and where, what memory it takes.
/// Empty for a point that did not run.
std::string answer_text(const flow::PointResult& result, const std::optional<flow::PriceTag>& price,
                        const Paint& paint = {});

/// Shares of a whole in percent that add up to 100: rounded down, and the rest goes where most was lost.
std::vector<int> whole_percents(const std::vector<double>& shares);

/// Columns of the record that have a value, with as many digits as mean something, and their units: those named, in
/// that order, or all.
std::string record_table(const record::RunRecord& record, const std::vector<std::string>& names);

}  // namespace infsim::cli
