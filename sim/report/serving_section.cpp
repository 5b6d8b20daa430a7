#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "report/groups.hpp"
#include "report/sections.hpp"
#include "report/words.hpp"

namespace infsim::report {

namespace {

/// Columns that identify a scenario, besides its rate and the sweep's own axes.
const std::vector<std::string> kIdentity{"scenario",   "model_name", "n_models", "workers_per_model",
                                         "batch_size", "dtype",      "chip",     "chips",
                                         "compiler",   "policy",     "load",     "seed"};
constexpr const char* kRate = "offered_rate";

std::optional<double> number(const TextTable& table, std::size_t row, std::string_view column) {
    const std::string& cell = table.cell(row, column);
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    return error == std::errc{} && end == cell.data() + cell.size() && !cell.empty() ? std::optional{value}
                                                                                     : std::nullopt;
}

bool valid(const TextTable& table, std::size_t row) {
    return table.cell(row, "status") == "ok" && table.cell(row, "verdict") == "VALID";
}

/// Served rows of one group, by rate; the best is the highest valid one, the wall the first invalid one.
struct Answer {
    std::optional<std::size_t> best, wall;
};

Answer answer_of(const TextTable& table, const Group& group) {
    std::vector<std::size_t> rows;
    for (std::size_t r : group.rows)
        if (number(table, r, kRate)) rows.push_back(r);
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::size_t a, std::size_t b) { return *number(table, a, kRate) < *number(table, b, kRate); });
    Answer answer;
    for (std::size_t r : rows)
        if (valid(table, r)) answer.best = r;
    for (std::size_t r : rows)
        if (!answer.wall && !valid(table, r) &&
            (!answer.best || *number(table, r, kRate) > *number(table, *answer.best, kRate)))
            answer.wall = r;
    return answer;
}

std::string figure(const TextTable& table, std::size_t row, std::string_view column) {
    return rounded(number(table, row, column));
}

std::string tail_text(const TextTable& t, std::size_t row) {
    std::string text = "latency p99 " + figure(t, row, "latency_ms_p99") + " ms";
    if (number(t, row, "latency_ms_p99_low"))
        text += " (" + figure(t, row, "latency_ms_p99_low") + " to " + figure(t, row, "latency_ms_p99_high") +
                " with 95 % confidence)";
    if (number(t, row, "bound_ms").value_or(0) > 0)
        text += "; the bound is " + figure(t, row, "bound_ms") + " ms at p" + figure(t, row, "bound_percentile");
    return text;
}

std::string reason_text(const TextTable& t, std::size_t row) {
    const std::string& reason = t.cell(row, "reason");
    const std::string verdict = t.cell(row, "status") == "ok" ? t.cell(row, "verdict") : t.cell(row, "status");
    return verdict + (reason.empty() ? "" : ": " + reason);
}

std::string load_sentence(const TextTable& t, std::size_t row) {
    return "An inference carries " + figure(t, row, "batch_items_avg") + " items on average, " +
           percent(number(t, row, "padding_fraction").value_or(0)) + " of what is computed is padding; cores execute " +
           percent(number(t, row, "core_utilisation").value_or(0)) + " of the time, and at most " +
           figure(t, row, "queue_items_max") + " items wait.";
}

/// Sentences about rows of rising load.
json::Array group_sentences(const TextTable& t, const Answer& answer) {
    json::Array sentences;
    if (answer.best)
        sentences.emplace_back("Highest load that is VALID: " + figure(t, *answer.best, kRate) + " requests/s, with " +
                               tail_text(t, *answer.best) + ".");
    else sentences.emplace_back("None of the loads tried is VALID.");
    if (answer.wall)
        sentences.emplace_back(sentence("the next load tried, " + figure(t, *answer.wall, kRate) + " requests/s, is " +
                                        reason_text(t, *answer.wall)));
    else sentences.emplace_back("No higher load was tried.");
    if (answer.best) sentences.emplace_back(load_sentence(t, *answer.best));
    return sentences;
}

/// Sentences about one run with any load.
json::Array run_sentences(const TextTable& t, std::size_t row) {
    if (t.cell(row, "status") != "ok")
        return {json::Value{sentence("this server is not possible: " + t.cell(row, "reason"))}};
    const auto rate = number(t, row, kRate);
    return {sentence(reason_text(t, row)) + " " + figure(t, row, "throughput_avg") + " items/s are answered" +
                (rate ? " of " + rounded(rate) + " requests/s offered." : " in a closed loop."),
            sentence(tail_text(t, row)), load_sentence(t, row)};
}

/// The group that serves the highest load.
std::optional<std::size_t> leading_group(const TextTable& t, const std::vector<Answer>& answers) {
    std::optional<std::size_t> best;
    for (std::size_t g = 0; g < answers.size(); ++g)
        if (answers[g].best && (!best || *number(t, *answers[g].best, kRate) > *number(t, *answers[*best].best, kRate)))
            best = g;
    return best;
}

std::string overview(const TextTable& t, const Grouping& grouping, const std::vector<Answer>& answers) {
    const auto best = leading_group(t, answers);
    const std::string text = counted(grouping.groups.size(), "setting") + " of " + join(grouping.axes, ", ");
    if (!best) return text + ", and none of the loads tried is VALID in any of them.";
    return text + ". The highest load within the bound is served by " + grouping.groups[*best].label + ": " +
           figure(t, *answers[*best].best, kRate) + " requests/s, " + tail_text(t, *answers[*best].best) + ".";
}

}  // namespace

json::Object serving_section(const ServingSource& serving) {
    const TextTable& table = serving.table;
    const Grouping grouping = group_rows(table, kIdentity, kRate);
    json::Array groups, notes, axes;
    std::vector<Answer> answers;
    for (const Group& group : grouping.groups) {
        answers.push_back(answer_of(table, group));
        groups.push_back(json::Object{{"label", group.label},
                                      {"rows", row_values(group.rows)},
                                      {"best", row_value(answers.back().best)},
                                      {"beyond", row_value(answers.back().wall)},
                                      {"sentences", group.rows.size() == 1 ? run_sentences(table, group.rows.front())
                                                                           : group_sentences(table, answers.back())}});
    }
    if (table.rows.empty()) notes.emplace_back("The table has no rows: no scenario has been run.");
    for (const std::string& axis : grouping.axes) axes.emplace_back(axis);
    json::Object section{{"kind", "serving"},       {"notes", std::move(notes)},   {"along", kRate},
                         {"axes", std::move(axes)}, {"groups", std::move(groups)}, {"table", to_json(table)}};
    section.set("leading", row_value(leading_group(table, answers)));
    if (grouping.groups.size() > 1) section.set("overview", overview(table, grouping, answers));
    for (const char* part : {"sizes", "batches", "core_utilisation", "queue", "published"})
        if (const json::Value* value = serving.report.find(part)) section.set(part, *value);
    return section;
}

}  // namespace infsim::report
