#include "cli/validation_runs.hpp"

#include <string>

#include "cli/table.hpp"
#include "explore/points.hpp"

namespace infsim::cli {

std::optional<std::vector<flow::ValidationOutcome>> run_rows(const std::vector<flow::ValidationRow>& rows, int jobs,
                                                             explore::Progress* progress) {
    std::vector<flow::PointRequest> requests;
    std::vector<record::RunRecord> prepared;
    std::vector<std::string> labels;
    for (const flow::ValidationRow& row : rows)
        for (const flow::ChipGroup& group : row.groups) {
            requests.push_back(group.request);
            prepared.push_back(group.prepared);
            labels.push_back(row.published.id);
        }
    const auto done = [&](std::size_t n, const record::RunRecord& r) {
        if (progress)
            progress->step(labels[n] + ": " +
                           (r.throughput_avg ? fixed(r.throughput_avg, 0) + " items/s per chip"
                                             : std::string(record::status_name(r.status))));
    };
    if (progress) progress->start(requests.size(), 0);
    const auto records = explore::run_points(requests, prepared, {explore::own_executable(), "worker"}, jobs, done);
    if (progress) progress->finish();
    if (!records) return std::nullopt;
    std::vector<flow::ValidationOutcome> outcomes;
    auto next = records->begin();
    for (const flow::ValidationRow& row : rows) {
        const auto end = next + static_cast<std::ptrdiff_t>(row.groups.size());
        outcomes.push_back(flow::judge_row(row, {next, end}));
        next = end;
    }
    return outcomes;
}

}  // namespace infsim::cli
