// Published against simulated measurements: what to run for a row, and the error of the result.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/closed_form.hpp"
#include "flow/point/point.hpp"
#include "flow/validate/published.hpp"
#include "record/record.hpp"

namespace infsim::flow {

/// The meanings of a table's words: configs/validation.json.
struct ValidationNames {
    struct Types {
        std::string name;
        DType dtype = DType::fp16, io_dtype = DType::fp16;
    };
    std::vector<std::pair<std::string, std::string>> models;  ///< another name, network
    std::vector<Types> dtypes;
    std::vector<std::pair<std::string, std::string>> compilers;  ///< how the compiler column starts, profile
                                                                 ///< file; the longest that fits counts
};
ValidationNames read_validation_names(const std::string& path, Problems& problems);

/// Settings for all rows.
struct ValidationSettings {
    std::string chip;               ///< file; empty: the default
    std::vector<Setting> settings;  ///< as PointRequest::settings
};

/// Chips that carry the same number of busy cores; independent of all others.
struct ChipGroup {
    int chips = 1;
    PointRequest request;
    record::RunRecord prepared;                       ///< what is known before the run
    std::optional<analysis::ClosedForm> closed_form;  ///< none if the point does not fit
};
struct ValidationRow {
    PublishedRow published;
    std::string skipped;            ///< why nothing is run; empty if the row is run
    std::vector<ChipGroup> groups;  ///< one, or two if chips do not share the cores evenly
};

/// What to run for each row, with its closed form. A row whose network, type or mode is missing, or that the chip
/// cannot run, is skipped with its reason; wrong files and settings are problems.
std::vector<ValidationRow> plan_validation(const std::vector<PublishedRow>& rows, const std::string& file,
                                           const ValidationNames& names, const ValidationSettings& settings,
                                           Problems& problems);

enum class Comparison : std::uint8_t { compared, skipped, infeasible, failed };
std::string_view comparison_name(Comparison comparison);

/// One row compared with its results. Errors are simulated / published - 1.
struct ValidationOutcome {
    Comparison status = Comparison::skipped;
    std::string reason;                                                 ///< why it was not compared
    std::optional<double> throughput, throughput_low, throughput_high;  ///< items per second, see record/columns
    std::optional<double> latency_ms;                                   ///< what the row's `latency_is` says
    std::optional<double> throughput_error, latency_error;
    std::optional<double> closed_throughput, closed_latency_ms, closed_error;
    std::string profile, main_stall;  ///< what the busiest engine waits for, in words

    std::optional<double> error;  ///< the error that counts: see judge_row
};
/// `records` of the row's groups, in order; not for skipped rows. The error that counts is that of a device time if one
/// was published, because the throughput next to it comes from a host whose software is not simulated; else that of the
/// throughput if published, else of the latency.
ValidationOutcome judge_row(const ValidationRow& row, const std::vector<record::RunRecord>& records);

struct ValidationSummary {
    int compared = 0, skipped = 0, not_compared = 0;  ///< not_compared: infeasible or failed
    double mean_absolute_error = 0, worst_error = 0;  ///< worst with its sign
    std::string worst_id;
    double closed_mean_absolute_error = 0, closed_worst_error = 0;
};
ValidationSummary summary_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes);

}  // namespace infsim::flow
