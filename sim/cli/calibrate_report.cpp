#include "cli/calibrate_report.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using calibration::Calibration;
using calibration::FreeConstant;
using calibration::FreeConstants;
using calibration::Row;
using calibration::Told;

constexpr double kTenPercent = 1.1;

std::string keys_of(const FreeConstant& c) { return fmt::format("{}", fmt::join(c.keys, ", ")); }

std::string told_text(const FreeConstants& free, const Calibration& result, std::size_t constant) {
    const Told& told = result.told[constant];
    std::string text = told.cannot_tell ? std::string("not determined by the rows: its prior")
                                        : fmt::format("+-{:.0f} % (prior {:.0f} %)", 100 * told.spread,
                                                      100 * free.constants[constant].spread);
    for (std::size_t n = 0; n < told.with.size(); ++n)
        text += (n == 0 ? ", only together with " : ", ") + keys_of(free.constants[told.with[n]]);
    return text;
}

std::string constants_table(const FreeConstants& free, const Calibration& result) {
    Table table({"constant", "before", "fitted", "prior", "determined by the rows"});
    for (std::size_t c = 0; c < free.constants.size(); ++c) {
        const FreeConstant& constant = free.constants[c];
        table.add({keys_of(constant), constant.text(result.before[c]), constant.text(result.after[c]),
                   constant.text(constant.prior), told_text(free, result, c)});
    }
    return table.text();
}

std::string rows_table(const std::vector<Row>& rows, const Calibration& result) {
    const bool models = !result.models.errors.empty(), left = !result.rows.errors.empty();
    Table table({"row", "model", "before", "fitted", "row left out", "model left out"});
    const auto cell = [](bool there, const std::vector<double>& errors, std::size_t r) {
        return there ? signed_percent(errors[r]) : std::string("-");
    };
    for (std::size_t r = 0; r < rows.size(); ++r)
        table.add({rows[r].id, rows[r].model, signed_percent(result.errors_before[r]),
                   signed_percent(result.errors_after[r]), cell(left, result.rows.errors, r),
                   cell(models, result.models.errors, r)});
    table.add({"mean absolute error", "", percent(calibration::mean_absolute(result.errors_before)),
               percent(calibration::mean_absolute(result.errors_after)), left ? percent(result.rows.mean) : "-",
               models ? percent(result.models.mean) : "-"});
    return table.text();
}

/// The change for a constant 10 % larger, from d ln(simulated) / d ln(constant).
double change(double slope) { return std::expm1(slope * std::log(kTenPercent)); }

std::string sensitivity_table(const FreeConstants& free, const std::vector<Row>& rows, const Calibration& result) {
    std::vector<std::string> names{"row"};
    for (const FreeConstant& c : free.constants) names.push_back(c.keys.front());
    Table table(names);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::vector<std::string> cells{rows[r].id};
        for (std::size_t c = 0; c < free.constants.size(); ++c)
            cells.push_back(signed_percent(change(result.slopes[r][c])));
        table.add(std::move(cells));
    }
    return table.text();
}

json::Object by_row(const std::vector<Row>& rows, const std::vector<double>& errors) {
    json::Object object;
    for (std::size_t r = 0; r < rows.size(); ++r) object.set(rows[r].id, errors[r]);
    return object;
}

json::Object errors_json(const std::vector<Row>& rows, const std::vector<double>& errors) {
    return {{"errors", by_row(rows, errors)}, {"mean_absolute_error", calibration::mean_absolute(errors)}};
}

json::Value left_out_json(const FreeConstants& free, const std::vector<Row>& rows, const calibration::LeftOut& out) {
    if (out.errors.empty()) return nullptr;
    json::Object object = errors_json(rows, out.errors), constants;
    for (const auto& [name, values] : out.constants) {
        json::Object list;
        for (std::size_t c = 0; c < values.size(); ++c)
            list.set(free.constants[c].keys.front(), free.constants[c].text(values[c]));
        constants.set(name, std::move(list));
    }
    object.set("constants", std::move(constants));
    return object;
}

json::Value constants_json(const FreeConstants& free, const Calibration& result) {
    json::Array list;
    for (std::size_t c = 0; c < free.constants.size(); ++c) {
        const FreeConstant& constant = free.constants[c];
        json::Array keys, with;
        for (const std::string& key : constant.keys) keys.emplace_back(key);
        for (const std::size_t other : result.told[c].with) with.emplace_back(free.constants[other].keys.front());
        list.emplace_back(json::Object{{"keys", std::move(keys)},
                                       {"before", constant.text(result.before[c])},
                                       {"value", constant.text(result.after[c])},
                                       {"prior", constant.text(constant.prior)},
                                       {"why", constant.why},
                                       {"spread_left", result.told[c].spread},
                                       {"cannot_tell", result.told[c].cannot_tell},
                                       {"told_with", std::move(with)}});
    }
    return list;
}

}  // namespace

std::string calibration_text(const FreeConstants& free, const std::vector<Row>& rows, const Calibration& result) {
    return constants_table(free, result) + "\n" +
           wrapped(
               "Error of each row, simulated / measured - 1. A row or a model that is left out is predicted by a fit "
               "of the others.") +
           "\n" + rows_table(rows, result) + "\n" +
           wrapped("Change of each row's simulated figure for a constant 10 % larger.") + "\n" +
           sensitivity_table(free, rows, result);
}

json::Value calibration_json(const FreeConstants& free, const std::vector<Row>& rows, const Calibration& result) {
    json::Array points;
    for (const Row& row : rows) points.emplace_back(row.id);
    json::Object sensitivity;
    for (std::size_t c = 0; c < free.constants.size(); ++c) {
        std::vector<double> changes;
        for (std::size_t r = 0; r < rows.size(); ++r) changes.push_back(change(result.slopes[r][c]));
        sensitivity.set(free.constants[c].keys.front(), by_row(rows, changes));
    }
    return json::Object{{"constants", constants_json(free, result)},
                        {"points", std::move(points)},
                        {"before", errors_json(rows, result.errors_before)},
                        {"fit", errors_json(rows, result.errors_after)},
                        {"leave_one_row_out", left_out_json(free, rows, result.rows)},
                        {"leave_one_model_out", left_out_json(free, rows, result.models)},
                        {"sensitivity", std::move(sensitivity)}};
}

}  // namespace infsim::cli
