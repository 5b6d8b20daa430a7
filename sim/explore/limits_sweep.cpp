#include "explore/limits_sweep.hpp"

#include <filesystem>
#include <unordered_map>

#include "base/text.hpp"
#include "explore/limits_job.hpp"
#include "explore/points.hpp"
#include "explore/result_folder.hpp"
#include "explore/table.hpp"
#include "explore/worker.hpp"
#include "flow/limits/limits_row.hpp"

namespace infsim::explore {

namespace {

/// A cell whose files were read and checked.
struct Cell {
    SweepPoint point;
    record::LimitsRecord prepared;
};

std::vector<Cell> cells_of(const Sweep& sweep, flow::ModelCache& models, Problems& problems) {
    DistinctProblems distinct(sweep);
    flow::PointReader reader(models);
    const Expander expander(sweep, problems);
    std::vector<Cell> cells;
    for (const Choice& choice : choices(sweep)) {
        auto point = expander.point(choice);
        if (!point) continue;
        Problems found;
        if (const auto resolved = reader.without_graph(point->request, found))
            cells.push_back({std::move(*point), flow::limits_record_of(*resolved, sweep.max_batch)});
        distinct.add(*point, found.list());
    }
    for (const Problem& p : distinct.all().list()) problems.add(p);
    return cells;
}

std::string file_of(const std::string& id) { return "limits/" + id + ".json"; }

/// The result of an earlier run; empty if it is missing, damaged or of another version.
std::optional<record::LimitsRecord> stored(const std::string& folder, const std::string& id) {
    Problems missing;
    const auto text = read_file(folder + "/" + file_of(id), missing);
    if (!text) return std::nullopt;
    try {
        record::LimitsRecord row = parse_limits_answer(*text).record;
        return row.cell_id == id ? std::optional(std::move(row)) : std::nullopt;
    } catch (const InputError&) {
        return std::nullopt;
    }
}

std::string outcome(const record::LimitsRecord& r) {
    if (r.status != record::Status::ok) return std::string{record::status_name(r.status)} + ": " + r.reason;
    const auto text = [](const record::LimitColumns& limit) {
        return number_text(limit.batch.value_or(0)) + (limit.open.value_or(false) ? " or more" : "");
    };
    return "without spilling B=" + text(r.resident) + ", at all B=" + text(r.any) + ", best B=" + text(r.best);
}

class LimitsRun {
public:
    LimitsRun(const Sweep& sweep, const SweepOptions& options, const std::vector<Cell>& cells, Progress& progress)
        : sweep_(sweep), options_(options), cells_(cells), progress_(progress), folder_(options.folder) {
        make_folder(options.folder + "/limits");
        remove_temporaries(options.folder + "/limits");
    }

    /// Computes the cells that the folder lacks; false when interrupted.
    bool run() {
        for (std::size_t c = 0; c < cells_.size(); ++c) {
            const std::string& id = cells_[c].prepared.cell_id;
            if (known_.count(id) > 0) continue;
            const auto row = stored(options_.folder, id);
            if (!row) missing_.push_back(c);
            known_.emplace(id, row.value_or(cells_[c].prepared));
        }
        std::vector<std::string> requests;
        for (const std::size_t c : missing_)
            requests.push_back(limits_request(cells_[c].point.request, sweep_.max_batch));
        progress_.start(known_.size(), known_.size() - missing_.size());
        const bool finished = run_workers(
            limited(options_.running.worker_command, options_.running.limits), requests, options_.running.jobs,
            [&](std::size_t n, const ProcessResult& result) { keep(cells_[missing_[n]], result); },
            [&](const std::vector<RunningRequest>& all) { tell(all); });
        progress_.finish();
        return finished;
    }

    std::vector<LimitsRow> rows() const {
        std::vector<LimitsRow> rows;
        for (const Cell& cell : cells_) rows.push_back({cell.point.axis_values, known_.at(cell.prepared.cell_id)});
        return rows;
    }

    void write(const std::vector<LimitsRow>& rows) const {
        write_table(sweep_, rows, options_.folder, options_.format);
    }

private:
    void keep(const Cell& cell, const ProcessResult& result) {
        record::LimitsRecord& row = known_.at(cell.prepared.cell_id);
        if (const auto none = no_answer(result, options_.running.limits)) {
            row.status = none->status;
            row.reason = none->reason;
        } else {
            LimitsAnswer answer = parse_limits_answer(result.out);
            if (!answer.problems.empty()) {
                progress_.finish();
                DistinctProblems problems(sweep_);
                problems.add(cell.point, answer.problems);
                throw InputError(problems.all().list());
            }
            row = std::move(answer.record);
            folder_.write(file_of(row.cell_id), limits_text(row, answer.limits));
        }
        progress_.step(label_of(sweep_, cell.point.axis_values) + ": " + outcome(row));
    }

    void tell(const std::vector<RunningRequest>& all) {
        std::vector<std::pair<std::string, double>> named;
        for (const RunningRequest& r : all)
            named.emplace_back(label_of(sweep_, cells_[missing_[r.number]].point.axis_values), r.seconds);
        progress_.running(named);
    }

    const Sweep& sweep_;
    const SweepOptions& options_;
    const std::vector<Cell>& cells_;
    Progress& progress_;
    const ResultFolder folder_;
    std::unordered_map<std::string, record::LimitsRecord> known_;
    std::vector<std::size_t> missing_;  ///< cells
};

}  // namespace

LimitsSweepResult run_limits_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress) {
    Problems problems;
    flow::ModelCache models([&](const std::string& line) { progress.note(line); });
    const std::vector<Cell> cells = cells_of(sweep, models, problems);
    problems.throw_if_any();
    LimitsRun run(sweep, options, cells, progress);
    if (!run.run()) return {true, {}};
    LimitsSweepResult result{false, run.rows()};
    run.write(result.rows);
    return result;
}

Census count_cells(const Sweep& sweep, const std::string& folder, flow::ModelCache& models, Problems& problems) {
    Census census;
    std::unordered_map<std::string, bool> seen;
    for (const Cell& cell : cells_of(sweep, models, problems)) {
        ++census.points;
        const std::string& id = cell.prepared.cell_id;
        if (seen.emplace(id, true).second && stored(folder, id)) ++census.stored;
    }
    census.different = seen.size();
    return census;
}

}  // namespace infsim::explore
