#include <algorithm>
#include <map>

#include "analysis/batch.hpp"
#include "base/text.hpp"
#include "record/csv.hpp"
#include "report/groups.hpp"
#include "report/sections.hpp"
#include "report/words.hpp"

namespace infsim::report {

namespace {

using record::RunRecord;
using record::Status;

/// Columns that identify a point, besides its batch and the sweep's own axes.
const std::vector<std::string> kIdentity{"model_name",        "dtype", "io_dtype",   "chip", "compiler", "cores",
                                         "workers_per_model", "seed",  "offset_sets"};

/// The analysis of one group; indices are rows of the table.
struct Answer {
    std::optional<std::size_t> knee, b95, best, largest, beyond;
    std::vector<std::size_t> rivals, holes;
};

std::vector<RunRecord> records_of(const TextTable& table) {
    std::vector<std::string> names;
    for (const TableColumn& c : table.columns) names.push_back(c.name);
    const std::string header = record::csv_line(names);
    std::vector<RunRecord> records;
    for (std::size_t r = 0; r < table.rows.size(); ++r)
        records.push_back(record::parse_csv_row(header, record::csv_line(table.rows[r]),
                                                "row " + std::to_string(r + 1) + " of the table"));
    return records;
}

Answer answer_of(const std::vector<RunRecord>& all, const Group& group) {
    analysis::Records records;
    for (std::size_t r : group.rows)
        if (all[r].batch_size) records.push_back(all[r]);
    // Records without a batch are left out above, so indices are found by the batch's place in the group.
    std::vector<std::size_t> rows;
    for (std::size_t r : group.rows)
        if (all[r].batch_size) rows.push_back(r);
    const auto row = [&](std::optional<std::size_t> i) { return i ? std::optional{rows[*i]} : std::nullopt; };
    Answer answer;
    answer.knee = row(analysis::knee(records));
    answer.b95 = row(analysis::b95(records));
    answer.best = row(analysis::best_throughput(records));
    for (const std::size_t i : analysis::knee_rivals(records)) answer.rivals.push_back(rows[i]);
    if (const auto largest = analysis::largest_batch(records)) {
        answer.largest = row(largest->index);
        answer.beyond = row(largest->first_beyond);
        for (std::size_t r : rows)
            if (std::count(largest->holes.begin(), largest->holes.end(), *all[r].batch_size) > 0)
                answer.holes.push_back(r);
    }
    return answer;
}

std::string batch_text(const RunRecord& r) { return "B=" + number_text(r.batch_size.value_or(0)); }

std::string speed_text(const RunRecord& r) {
    return rounded(r.throughput_avg) + " items/s at " + rounded(r.latency_ms_p50) + " ms (p50)";
}

std::string interval_text(const RunRecord& r) {
    if (!r.throughput_low || !r.throughput_high) return "";
    if (*r.throughput_low == *r.throughput_high) return "; exact, because the chip repeats itself";
    return "; 95 % interval " + rounded(*r.throughput_low) + " to " + rounded(*r.throughput_high);
}

std::string knee_sentence(const std::vector<RunRecord>& all, const Answer& answer) {
    if (!answer.knee) return "No batch has a throughput and a latency, so there is no knee.";
    std::vector<std::string> rivals;
    for (std::size_t r : answer.rivals) rivals.push_back(batch_text(all[r]));
    const RunRecord& knee = all[*answer.knee];
    return "Most throughput per latency: " + batch_text(knee) + ", the knee, with " + speed_text(knee) +
           (rivals.empty() ? ", and no other batch within the intervals."
                           : "; within the intervals it may as well be " + join(rivals, " or ") + ".");
}

std::string largest_sentence(const std::vector<RunRecord>& all, const Group& group, const Answer& answer) {
    if (!answer.largest) {
        for (std::size_t r : group.rows)
            if (all[r].status == Status::infeasible)
                return "None of the " + counted(group.rows.size(), "point") + " fits; " + batch_text(all[r]) + ": " +
                       headline(all[r].reason) + ".";
        return "No point has a result.";
    }
    std::string text = "Largest batch that fits: " + batch_text(all[*answer.largest]);
    if (!answer.holes.empty()) {
        std::vector<std::string> holes;
        for (std::size_t r : answer.holes) holes.push_back(batch_text(all[r]));
        text += " (below it " + join(holes, ", ") + (holes.size() == 1 ? " does not)" : " do not)");
    }
    if (!answer.beyond) return text + "; nothing larger was tried.";
    return text + "; why not " + batch_text(all[*answer.beyond]) + ": " + headline(all[*answer.beyond].reason) + ".";
}

std::string best_sentence(const std::vector<RunRecord>& all, const Answer& answer) {
    if (!answer.best) return "No point has a throughput.";
    const RunRecord& best = all[*answer.best];
    std::string text = "Best throughput: " + batch_text(best) + " with " + speed_text(best) + interval_text(best);
    if (answer.b95 && *answer.b95 != *answer.best)
        text += "; " + batch_text(all[*answer.b95]) + " is within 5 % of it at " +
                rounded(all[*answer.b95].latency_ms_p50) + " ms";
    return text + ".";
}

json::Object group_json(const std::vector<RunRecord>& all, const Group& group, const Answer& answer) {
    return {{"label", group.label},
            {"rows", row_values(group.rows)},
            {"knee", row_value(answer.knee)},
            {"rivals", row_values(answer.rivals)},
            {"b95", row_value(answer.b95)},
            {"best", row_value(answer.best)},
            {"largest", row_value(answer.largest)},
            {"holes", row_values(answer.holes)},
            {"beyond", row_value(answer.beyond)},
            {"sentences", json::Array{knee_sentence(all, answer), largest_sentence(all, group, answer),
                                      best_sentence(all, answer)}}};
}

/// The group with the most throughput.
std::optional<std::size_t> leading_group(const std::vector<RunRecord>& all, const std::vector<Answer>& answers) {
    std::optional<std::size_t> best;
    for (std::size_t g = 0; g < answers.size(); ++g)
        if (answers[g].best &&
            (!best || *all[*answers[g].best].throughput_avg > *all[*answers[*best].best].throughput_avg))
            best = g;
    return best;
}

/// For several settings: the best of them, and the ranges of their knees and limits.
std::string overview(const std::vector<RunRecord>& all, const Grouping& grouping, const std::vector<Answer>& answers) {
    const auto best = leading_group(all, answers);
    std::vector<std::int64_t> knees, largest;
    for (const Answer& answer : answers) {
        if (answer.knee) knees.push_back(*all[*answer.knee].batch_size);
        if (answer.largest) largest.push_back(*all[*answer.largest].batch_size);
    }
    std::string text = counted(grouping.groups.size(), "setting") + " of " + join(grouping.axes, ", ");
    if (!best) return text + ", and none has a throughput.";
    const auto span = [](const std::vector<std::int64_t>& list) {
        const auto [low, high] = std::minmax_element(list.begin(), list.end());
        return *low == *high ? "B=" + number_text(*low) : "B=" + number_text(*low) + " to " + number_text(*high);
    };
    const bool batches = std::any_of(grouping.groups.begin(), grouping.groups.end(),
                                     [](const Group& group) { return group.rows.size() > 1; });
    if (batches) text += ": the knee lies at " + span(knees) + ", the largest batch that fits at " + span(largest);
    if (const std::size_t none = answers.size() - largest.size(); none > 0)
        text += ", and " + std::to_string(none) + (none == 1 ? " fits" : " fit") + " no batch tried";
    const RunRecord& record = all[*answers[*best].best];
    return text + ". The most throughput comes from " + grouping.groups[*best].label + " " + batch_text(record) + ": " +
           speed_text(record) + ".";
}

/// How many points ended with each status, if not all are ok.
std::vector<std::string> outcome_notes(const std::vector<RunRecord>& all) {
    std::map<Status, std::size_t> counts;
    for (const RunRecord& r : all) ++counts[r.status];
    std::vector<std::string> notes;
    if (all.empty()) notes.push_back("The table has no rows: no point of this sweep has been run.");
    else if (counts[Status::infeasible] == all.size())
        notes.push_back("None of the points fits: there is no throughput to draw, only the reasons why not.");
    for (const auto& [status, n] : counts)
        if (status != Status::ok && status != Status::infeasible && n > 0)
            notes.push_back(counted(n, "point") + " ended as '" + std::string(record::status_name(status)) +
                            "', which says nothing about the chip; the column 'reason' has the cause.");
    return notes;
}

}  // namespace

json::Object sweep_section(const SweepSource& sweep) {
    const auto all = records_of(sweep.table);
    const Grouping grouping = group_rows(sweep.table, kIdentity, "batch_size");
    std::vector<Answer> answers;
    json::Array groups, notes, axes;
    for (const Group& group : grouping.groups) {
        answers.push_back(answer_of(all, group));
        groups.push_back(group_json(all, group, answers.back()));
    }
    for (const std::string& note : sweep.notes) notes.emplace_back(note);
    for (const std::string& note : outcome_notes(all)) notes.emplace_back(note);
    for (const std::string& axis : grouping.axes) axes.emplace_back(axis);
    json::Object section{{"kind", "sweep"},         {"notes", std::move(notes)},   {"along", "batch_size"},
                         {"axes", std::move(axes)}, {"groups", std::move(groups)}, {"table", to_json(sweep.table)}};
    section.set("leading", row_value(leading_group(all, answers)));
    if (grouping.groups.size() > 1) section.set("overview", overview(all, grouping, answers));
    return section;
}

}  // namespace infsim::report
