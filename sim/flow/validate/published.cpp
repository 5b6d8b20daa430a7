#include "flow/validate/published.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "record/csv.hpp"

namespace infsim::flow {

namespace {

constexpr std::array kLatencyKinds{LatencyKind::p50, LatencyKind::p90,  LatencyKind::p95,
                                   LatencyKind::p99, LatencyKind::mean, LatencyKind::device};

constexpr int kMost = 1'000'000;  // of a batch, of chips, cores and workers in a table

/// Names of the columns of a table.
struct Form {
    const char *id, *model, *batch, *cores, *workers, *throughput;
};
constexpr Form kMeasured{"id", "model", "batch_compiled", "cores_busy", "workers_per_core", "throughput_inf_s"};
constexpr Form kOwn{"point_id", "model_name", "batch_size", "cores", "workers_per_model", "throughput_avg"};

bool has(const std::vector<std::string>& names, const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}
bool is_own(const std::vector<std::string>& names) { return has(names, kOwn.model) && has(names, kOwn.batch); }

/// The cells of one line by column name; adds problems with the place.
class Cells {
public:
    Cells(const std::string& file, const std::vector<std::string>& names, const std::vector<std::string>& cells,
          std::size_t line, Problems& problems)
        : file_(file), names_(names), cells_(cells), line_(line), problems_(problems) {}

    std::string text(const char* name) const {
        const auto found = std::find(names_.begin(), names_.end(), name);
        const auto at = static_cast<std::size_t>(found - names_.begin());
        return found == names_.end() || at >= cells_.size() ? "" : record::unguarded(std::string(trim(cells_[at])));
    }
    /// Names of the columns with this prefix that have a value.
    std::vector<std::string> beginning(const std::string& with) const {
        std::vector<std::string> all;
        for (std::size_t c = 0; c < names_.size() && c < cells_.size(); ++c)
            if (names_[c].rfind(with, 0) == 0 && !trim(cells_[c]).empty()) all.push_back(names_[c]);
        return all;
    }
    std::string required(const char* name) const {
        std::string value = text(name);
        if (value.empty()) problem(name, "is missing");
        return value;
    }
    int count(const char* name, std::optional<int> fallback) const {
        const std::string value = fallback ? text(name) : required(name);
        if (value.empty()) return fallback.value_or(1);
        int n = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
        if (error == std::errc{} && end == value.data() + value.size() && n >= 1 && n <= kMost) return n;
        problem(name,
                "must be a whole number from 1 to " + number_text(std::int64_t{kMost}) + ", and is '" + value + "'");
        return 1;
    }
    std::optional<double> positive(const char* name) const {
        const std::string value = text(name);
        if (value.empty()) return std::nullopt;
        double x = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), x);
        if (error == std::errc{} && end == value.data() + value.size() && std::isfinite(x) && x > 0) return x;
        problem(name, "must be a positive number, and is '" + value + "'");
        return std::nullopt;
    }
    LatencyKind latency_kind(const char* name) const {
        const std::string value = text(name);
        if (value.empty()) return LatencyKind::p50;
        for (const LatencyKind kind : kLatencyKinds)
            if (value == latency_kind_name(kind)) return kind;
        std::vector<std::string> known;
        for (const LatencyKind kind : kLatencyKinds) known.emplace_back(latency_kind_name(kind));
        problem(name, "must be one of " + join(known, ", ") + ", and is '" + value + "'");
        return LatencyKind::p50;
    }
    void problem(const char* name, std::string what) const {
        problems_.add(file_, "line " + number_text(static_cast<std::int64_t>(line_)) + ", " + name, std::move(what));
    }

private:
    const std::string& file_;
    const std::vector<std::string>& names_;
    const std::vector<std::string>& cells_;
    std::size_t line_;
    Problems& problems_;
};

/// Reads the columns that only infsim's own tables have.
void read_own(const Cells& cells, PublishedRow& row) {
    row.own = true;
    row.io_dtype = cells.text("io_dtype");
    row.chip = cells.text("chip");
    const std::string kDims = "dims.";
    for (const std::string& name : cells.beginning(kDims))
        row.dims.emplace_back(name.substr(kDims.size()), cells.count(name.c_str(), 1));
    const std::string status = cells.text("status");
    if (!status.empty() && status != "ok") row.why_not = "its status is " + status;
    for (const char* const prefix : {"chip.", "compiler.", "inputs"})
        for (const std::string& name : cells.beginning(prefix))
            row.why_not = "its column " + name + " is an axis that a row does not say enough of";
}

PublishedRow read_row(const Cells& cells, bool own, std::size_t line) {
    const Form& form = own ? kOwn : kMeasured;
    PublishedRow row;
    row.line = line;
    row.id = cells.text(form.id);
    if (row.id.empty()) row.id = "line " + number_text(static_cast<std::int64_t>(line));
    row.model = cells.required(form.model);
    row.dtype = cells.text("dtype");
    row.input = cells.text("input");
    row.batch = cells.count(form.batch, std::nullopt);
    row.chips = cells.count("chips", 1);
    row.cores = cells.count(form.cores, std::nullopt);
    row.workers = cells.count(form.workers, 1);
    row.mode = cells.text("mode");
    row.throughput = cells.positive(form.throughput);
    row.latency_ms = cells.positive("latency_ms_p50");
    row.latency_is = cells.latency_kind("latency_is");
    row.compiler = cells.text("compiler");
    row.source = cells.text("source");
    if (own) read_own(cells, row);
    if (cells.text(form.throughput).empty() && cells.text("latency_ms_p50").empty() && row.why_not.empty())
        cells.problem(form.throughput, "is missing, and so is latency_ms_p50: there is nothing to compare");
    if (!cells.text("latency_is").empty() && cells.text("latency_ms_p50").empty())
        cells.problem("latency_is", "says which latency is meant, and latency_ms_p50 has none");
    if (row.chips > row.cores)
        cells.problem(form.cores, "must be at least the number of chips, " + number_text(std::int64_t{row.chips}));
    return row;
}

/// The names of the columns; adds a problem for each missing required one.
std::vector<std::string> read_header(const std::string& path, const std::string& line, Problems& problems) {
    std::vector<std::string> names;
    for (const std::string& cell : record::split_csv_line(line)) names.emplace_back(trim(cell));
    const Form& form = is_own(names) ? kOwn : kMeasured;
    for (const char* name : {form.model, form.batch, form.cores})
        if (!has(names, name)) problems.add(path, "header", std::string("has no column ") + name);
    if (!has(names, form.throughput) && !has(names, "latency_ms_p50"))
        problems.add(path, "header", std::string("has neither a column ") + form.throughput + " nor latency_ms_p50");
    return names;
}

}  // namespace

std::string_view latency_kind_name(LatencyKind kind) {
    switch (kind) {
        case LatencyKind::p50: return "p50";
        case LatencyKind::p90: return "p90";
        case LatencyKind::p95: return "p95";
        case LatencyKind::p99: return "p99";
        case LatencyKind::mean: return "mean";
        case LatencyKind::device: break;
    }
    return "device";
}

std::vector<PublishedRow> read_published(const std::string& path, Problems& problems) {
    std::vector<PublishedRow> rows;
    auto text = read_file(path, problems);
    if (!text) return rows;
    if (text->rfind("\xEF\xBB\xBF", 0) == 0) text->erase(0, 3);  // a byte order mark, as written by spreadsheets
    std::vector<std::string> names;
    const Problems before = problems;
    std::size_t number = 0;
    for (const std::string& raw : split(*text, '\n')) {
        ++number;
        const std::string line(trim(raw.empty() || raw.back() != '\r' ? raw : raw.substr(0, raw.size() - 1)));
        if (line.empty() || line[0] == '#') continue;
        if (names.empty()) {
            names = read_header(path, line, problems);
            if (problems.list().size() > before.list().size()) return rows;
            continue;
        }
        const auto cells = record::split_csv_line(line);
        if (cells.size() > names.size())
            problems.add(path, "line " + number_text(static_cast<std::int64_t>(number)),
                         "has " + number_text(static_cast<std::int64_t>(cells.size())) + " cells, and the header has " +
                             number_text(static_cast<std::int64_t>(names.size())));
        rows.push_back(read_row(Cells(path, names, cells, number, problems), is_own(names), number));
    }
    if (rows.empty()) problems.add(path, "", "has no rows");
    return rows;
}

}  // namespace infsim::flow
