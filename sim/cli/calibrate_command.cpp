#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "base/output_file.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "calibration/chip_text.hpp"
#include "calibration/judge.hpp"
#include "cli/calibrate_report.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "cli/validation_runs.hpp"
#include "flow/point/paths.hpp"
#include "flow/point/point.hpp"
#include "hw/load.hpp"

namespace infsim::cli {

namespace {

using calibration::FreeConstant;
using calibration::FreeConstants;
using calibration::Values;
using flow::Comparison;

Syntax syntax() {
    po::options_description fitting("Fitting");
    // clang-format off
    fitting.add_options()
        ("chip", po::value<std::string>()->value_name("FILE"), "chip file to fit (default inferentia1)")
        ("free", po::value<std::string>()->value_name("FILE"),
         "which constants are free, with their priors (default\nconfigs/calibration/inferentia1.json)")
        ("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
         "replace a value of the chip file or of the compiler profiles, for all rows; may be repeated")
        ("from-priors", "start from the priors instead of the chip file's values")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes at a time (default: one per processor)");
    po::options_description output("Output");
    output.add_options()
        ("output,o", po::value<std::string>()->value_name("FILE.json"), "write the chip with the fitted values")
        ("json", "print JSON instead of tables");
    // clang-format on
    return {"calibrate MEASURED.csv [options]",
            "Fits constants of a chip to a table of measurements: least squares over the logarithm of simulated over\n"
            "measured, with a prior on each constant. Prints errors before and after the fit, errors of rows and\n"
            "models that the fit did not see, how each row moves with each constant, and which constants the rows\n"
            "cannot determine. The table has the columns of `infsim validate` (configs/README.md). Each of some tens\n"
            "of trials simulates the whole table; stderr names them.\n",
            {fitting, output, common_group()},
            {},
            "file",
            1};
}

/// Thrown from inside a fit.
struct Interrupted {};

struct Asked {
    std::string table, output;
    flow::ValidationSettings settings;
    std::string free;
    int jobs = 1;
    bool from_priors = false, json = false;
};

Asked asked_of(const po::variables_map& values, Console& console, Problems& problems) {
    Asked asked;
    const auto text = [&](const char* name) { return values.count(name) > 0 ? values[name].as<std::string>() : ""; };
    if (values.count("file") > 0) asked.table = values["file"].as<std::vector<std::string>>().front();
    else problems.add("", "MEASURED.csv", "is missing: the table of measurements");
    asked.settings.chip = text("chip");
    asked.settings.settings = settings_of(values, problems);
    asked.free = flow::calibration_path(text("free"), problems).value_or("");
    asked.output = text("output");
    if (const auto folder = std::filesystem::path(asked.output).parent_path();
        !folder.empty() && !std::filesystem::is_directory(folder))
        problems.add("", "--output", "would be in '" + folder.string() + "', which is not a folder");
    asked.jobs = jobs_of(values, processors(), console, problems);
    asked.from_priors = values.count("from-priors") > 0;
    asked.json = values.count("json") > 0;
    return asked;
}

/// The entry of a key in the chip file; nullptr if there is none.
const hw::Provenance* find(const hw::ChipFile& chip, const std::string& key) {
    const auto& all = chip.provenance;
    const auto at = std::find_if(all.begin(), all.end(), [&](const hw::Provenance& p) { return p.path == key; });
    return at == all.end() ? nullptr : &*at;
}

/// The chip file's value, in the constant's unit, from the first of the constant's keys.
double value_in(const hw::ChipFile& chip, const FreeConstant& constant, const std::string& file, Problems& problems) {
    const hw::Provenance* const says = find(chip, constant.keys.front());
    const auto amount = says ? parse_amount(says->value) : std::nullopt;
    if (!amount) return constant.prior;
    if (amount->unit != constant.unit)
        problems.add(file, says->path,
                     fmt::format("is in '{}' here ({}), but in '{}' where it is free; use the same unit", amount->unit,
                                 says->value, constant.unit));
    return amount->number;
}

Values start_of(const Asked& asked, const FreeConstants& free, const std::string& chip_file, Problems& problems) {
    Values start;
    const auto chip = hw::load_chip(chip_file, {}, problems);
    if (!chip) return start;
    for (const FreeConstant& c : free.constants) {
        for (const std::string& key : c.keys)
            if (!find(*chip, key)) problems.add(asked.free, key, "is not a constant of " + chip_file);
        start.push_back(asked.from_priors ? c.prior : value_in(*chip, c, chip_file, problems));
    }
    return start;
}

flow::ValidationSettings with_constants(flow::ValidationSettings settings, const FreeConstants& free,
                                        const Values& values) {
    for (std::size_t c = 0; c < values.size(); ++c)
        for (const std::string& key : free.constants[c].keys)
            settings.settings.push_back({"chip." + key, free.constants[c].value(values[c]), "", key});
    return settings;
}

/// The table that a Model predicts.
class Measurements {
public:
    Measurements(const Asked& asked, const FreeConstants& free, Console& console, Problems& problems)
        : asked_(asked),
          console_(console),
          free_(free),
          names_(flow::read_validation_names(flow::validation_names_path(), problems)),
          published_(flow::read_published(asked.table, problems)) {}

    /// Rows that can be compared. Each of the others gives one notice.
    void choose(const Values& start, Problems& problems) {
        const auto rows = planned(start, problems);
        problems.throw_if_any();
        std::vector<flow::PublishedRow> kept;
        for (const flow::ValidationRow& row : rows) {
            if (!row.skipped.empty()) console_.note(row.published.id + " is left out: " + row.skipped);
            else kept.push_back(row.published);
        }
        published_ = std::move(kept);
        if (published_.empty()) problems.add(asked_.table, "", "has no rows that can be compared");
    }

    std::vector<calibration::Row> rows() const {
        std::vector<calibration::Row> list;
        for (const flow::PublishedRow& p : published_) list.push_back({p.id, calibration::model_of(free_, p.model)});
        return list;
    }

    std::vector<double> operator()(const Values& values) {
        Problems problems;
        const auto rows = planned(values, problems);
        problems.throw_if_any();
        explore::Progress within = console_.progress();  // of a trial, where it can be cleared again
        const auto outcomes = run_rows(rows, asked_.jobs, within.on_one_line() ? &within : nullptr);
        if (!outcomes) throw Interrupted{};
        std::vector<double> errors;
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const flow::ValidationOutcome& o = (*outcomes)[r];
            if (o.status != Comparison::compared || !o.error)
                throw InputError(
                    asked_.table, rows[r].published.id,
                    fmt::format("is {} with {}: {}", flow::comparison_name(o.status), text_of(values), o.reason));
            errors.push_back(std::log1p(*o.error));
        }
        double sum = 0;
        for (const double e : errors) sum += std::abs(std::expm1(e));
        console_.progress().step(
            fmt::format("{}: mean error {}", text_of(values), percent(sum / static_cast<double>(errors.size()))));
        return errors;
    }

private:
    const Asked& asked_;
    Console& console_;
    const FreeConstants& free_;
    flow::ValidationNames names_;
    std::vector<flow::PublishedRow> published_;

    std::vector<flow::ValidationRow> planned(const Values& values, Problems& problems) const {
        return flow::plan_validation(published_, asked_.table, names_, with_constants(asked_.settings, free_, values),
                                     problems);
    }
    std::string text_of(const Values& values) const {
        std::string text;
        for (std::size_t c = 0; c < values.size(); ++c)
            text += (c == 0 ? "" : " ") + free_.constants[c].keys.front() + "=" + free_.constants[c].text(values[c]);
        return text;
    }
};

/// The chip constants given by --set, as entries of a chip file.
std::vector<hw::Override> overrides_as_written(const std::vector<flow::Setting>& settings) {
    const std::string prefix = "chip.";
    std::vector<hw::Override> overrides;
    for (const flow::Setting& s : settings) {
        if (s.key.rfind(prefix, 0) != 0) continue;
        const json::Object entry{
            {"value", s.value}, {"grade", "UNK"}, {"source", "assumption: --set of infsim calibrate"}};
        overrides.push_back(
            {s.key.substr(prefix.size()), s.value.is_object() ? s.value : json::Value(entry), s.file, s.where});
    }
    return overrides;
}

void write_chip(const Asked& asked, const std::string& chip_file, const FreeConstants& free,
                const std::vector<calibration::Row>& rows, const Values& values, Console& console) {
    std::vector<std::string> points;
    for (const calibration::Row& row : rows) points.push_back(row.id);
    const std::string fitted_to =
        fmt::format("{} of {} by infsim calibrate, results epoch {}", join(points, ", "),
                    std::filesystem::path(asked.table).filename().string(), flow::kResultsEpoch);
    std::vector<hw::Override> overrides = overrides_as_written(asked.settings.settings);
    for (auto& [key, entry] : calibration::fitted_entries(free, values, fitted_to))
        overrides.push_back({key, std::move(entry), asked.free, key});
    Problems problems;
    auto document = hw::chip_document(chip_file, overrides, problems);
    problems.throw_if_any();
    document->root.as_object().set("name", std::filesystem::path(asked.output).stem().string());
    write_file_atomic(asked.output, calibration::chip_text(document->root));
    console.note(asked.output + " is written");
}

}  // namespace

int run_calibrate_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Problems problems;
    Console console(*values);
    const Asked asked = asked_of(*values, console, problems);
    problems.throw_if_any();
    if (!asked.output.empty()) check_output_file(asked.output);
    const FreeConstants free = calibration::read_free_constants(asked.free, problems);
    const std::string chip_file = flow::chip_path(asked.settings.chip, problems).value_or("");
    problems.throw_if_any();
    const Values start = start_of(asked, free, chip_file, problems);
    Measurements table(asked, free, console, problems);
    problems.throw_if_any();
    table.choose(start, problems);
    problems.throw_if_any();
    const std::vector<calibration::Row> rows = table.rows();
    try {
        const auto result = calibration::calibrate(free, rows, start, [&](const Values& v) { return table(v); });
        console.progress().finish();
        if (!asked.output.empty()) write_chip(asked, chip_file, free, rows, result.after, console);
        if (asked.json) std::cout << json::dump(calibration_json(free, rows, result)) << "\n";
        else std::cout << calibration_text(free, rows, result);
    } catch (const Interrupted&) {
        return kInterrupted;
    }
    return kDone;
}

}  // namespace infsim::cli
