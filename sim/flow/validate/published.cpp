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

/// The cells of one line by column name; adds problems with the place.
class Cells {
public:
    Cells(const std::string& file, const std::vector<std::string>& names, const std::vector<std::string>& cells,
          std::size_t line, Problems& problems)
        : file_(file), names_(names), cells_(cells), line_(line), problems_(problems) {}

    std::string text(const char* name) const {
        const auto found = std::find(names_.begin(), names_.end(), name);
        const auto at = static_cast<std::size_t>(found - names_.begin());
        return found == names_.end() || at >= cells_.size() ? "" : std::string(trim(cells_[at]));
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

PublishedRow read_row(const Cells& cells, std::size_t line) {
    PublishedRow row;
    row.line = line;
    row.id = cells.text("id");
    if (row.id.empty()) row.id = "line " + number_text(static_cast<std::int64_t>(line));
    row.model = cells.required("model");
    row.dtype = cells.text("dtype");
    row.input = cells.text("input");
    row.batch = cells.count("batch_compiled", std::nullopt);
    row.chips = cells.count("chips", 1);
    row.cores = cells.count("cores_busy", std::nullopt);
    row.workers = cells.count("workers_per_core", 1);
    row.mode = cells.text("mode");
    row.throughput = cells.positive("throughput_inf_s");
    row.latency_ms = cells.positive("latency_ms_p50");
    row.latency_is = cells.latency_kind("latency_is");
    row.compiler = cells.text("compiler");
    row.source = cells.text("source");
    if (cells.text("throughput_inf_s").empty() && cells.text("latency_ms_p50").empty())
        cells.problem("throughput_inf_s", "is missing, and so is latency_ms_p50: there is nothing to compare with");
    if (!cells.text("latency_is").empty() && cells.text("latency_ms_p50").empty())
        cells.problem("latency_is", "says which latency is meant, and latency_ms_p50 has none");
    if (row.chips > row.cores)
        cells.problem("cores_busy", "must be at least the number of chips, " + number_text(std::int64_t{row.chips}));
    return row;
}

/// The names of the columns; adds a problem for each that no row can do without.
std::vector<std::string> read_header(const std::string& path, const std::string& line, Problems& problems) {
    std::vector<std::string> names;
    for (const std::string& cell : record::split_csv_line(line)) names.emplace_back(trim(cell));
    const auto has = [&](const char* name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    for (const char* name : {"model", "batch_compiled", "cores_busy"})
        if (!has(name)) problems.add(path, "header", std::string("has no column ") + name);
    if (!has("throughput_inf_s") && !has("latency_ms_p50"))
        problems.add(path, "header", "has neither a column throughput_inf_s nor latency_ms_p50");
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
    if (text->rfind("\xEF\xBB\xBF", 0) == 0) text->erase(0, 3);  // a byte order mark, as spreadsheets write it
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
        rows.push_back(read_row(Cells(path, names, cells, number, problems), number));
    }
    if (rows.empty()) problems.add(path, "", "has no rows");
    return rows;
}

}  // namespace infsim::flow
