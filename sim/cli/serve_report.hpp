// The output and the files of infsim serve.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/paint.hpp"
#include "explore/serving_sweep.hpp"
#include "flow/service/serve.hpp"

namespace infsim::cli {

/// The figures of a run, for people.
std::string serve_text(const flow::ServingPlan& plan, const serving::Scenario& scenario,
                       const flow::ServingResult& result, const Paint& paint);
/// Columns of its record that have a value, with their units.
std::string serving_record_table(const record::ServingRecord& record, const std::vector<std::string>& columns);
/// The same as JSON: record, sizes, batches, cores, queue.
json::Object serve_json(const flow::ServingPlan& plan, const serving::Scenario& scenario,
                        const flow::ServingResult& result);
/// Queue length over time: start_ms,end_ms,waiting_items_avg,waiting_items_max,requests_in_system_avg.
std::string queue_csv(const serving::Tally& tally);

/// A search: the peak of the server as it is (one result), or the peaks of sets, best first.
/// `columns`: of search_columns(), instead of the usual ones. Reasons stand below, each once.
std::string search_text(const flow::ServingPlan& plan, const std::vector<serving::SetResult>& results,
                        const std::vector<std::string>& columns, const Paint& paint);
std::vector<std::string> search_columns();
json::Value search_json(const flow::ServingPlan& plan, const std::vector<serving::SetResult>& results);

/// The rows of a sweep of scenarios, with `columns` of their records or the usual ones. Reasons stand below, each once.
std::string serving_rows_text(const explore::Sweep& sweep, const std::vector<explore::ServingRow>& rows,
                              const std::vector<std::string>& columns, const Paint& paint);
json::Value serving_rows_json(const explore::Sweep& sweep, const std::vector<explore::ServingRow>& rows,
                              const std::string& folder);

}  // namespace infsim::cli
