// The output of `infsim validate`: text for a terminal, CSV and JSON.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/paint.hpp"
#include "flow/validate/validate.hpp"

namespace infsim::cli {

/// Names of the columns of validation_csv().
std::vector<std::string> validation_columns();

/// A table of the rows, a sentence on each (rows with the same sentence share it), and the summary. `outcomes` in the
/// order of `rows`; `columns`: of validation_columns(), instead of the usual ones.
std::string validation_text(const std::vector<flow::ValidationRow>& rows,
                            const std::vector<flow::ValidationOutcome>& outcomes,
                            const flow::ValidationSummary& summary, const std::vector<std::string>& columns,
                            const Paint& paint);
/// One line per row; the columns of latencies hold what `latency_is` says, as in the input table.
std::string validation_csv(const std::vector<flow::ValidationRow>& rows,
                           const std::vector<flow::ValidationOutcome>& outcomes);
/// Latencies are named after what they are: latency_ms_p50, latency_ms_device, ...
json::Value validation_json(const std::vector<flow::ValidationRow>& rows,
                            const std::vector<flow::ValidationOutcome>& outcomes,
                            const flow::ValidationSummary& summary);

}  // namespace infsim::cli
