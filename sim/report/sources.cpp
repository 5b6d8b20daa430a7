#include "report/sources.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"
#include "record/serving_record.hpp"
#include "report/words.hpp"

namespace infsim::report {

namespace {

namespace fs = std::filesystem;

constexpr const char* kExpected =
    "a report needs a folder of 'infsim sweep' or 'infsim serve', or a file with the output of "
    "'infsim limits --json' or 'infsim serve --json'";

/// The last part of a path that may end with a slash.
std::string name_of(const fs::path& path) {
    const fs::path clean = path.lexically_normal();
    const std::string name = (clean.has_filename() ? clean : clean.parent_path()).filename().string();
    return name.empty() || name == "." ? fs::absolute(path).lexically_normal().parent_path().filename().string() : name;
}

/// Unit and meaning of the columns that every table of its kind has. Columns before them are keys of the sweep.
template <class Columns>
void describe(TextTable& table, const Columns& known) {
    bool front = true;
    for (TableColumn& column : table.columns) {
        const auto found =
            std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.name == column.name; });
        front = front && found == known.end();
        column.axis = front;
        if (front) column.meaning = "axis of the sweep";
        if (found == known.end()) continue;
        column.unit = found->unit;
        column.meaning = found->meaning;
    }
}

/// Names of the folders in a folder, sorted; none if it does not exist.
std::vector<std::string> folders_in(const fs::path& path) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path, error))
        if (entry.is_directory(error)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string points_text(std::size_t n) { return std::to_string(n) + (n == 1 ? " point" : " points"); }

/// The rows of a sweep that was interrupted before it wrote its table, from its records.
TextTable table_of_records(const fs::path& folder, const std::vector<std::string>& ids, Problems& problems) {
    std::vector<record::RunRecord> records;
    for (const std::string& id : ids) {
        const std::string file = (folder / id / "record.json").string();
        std::error_code error;
        if (!fs::exists(file, error)) continue;
        const auto text = read_file(file, problems);
        if (!text) continue;
        try {
            records.push_back(record::from_json(*text, file));
        } catch (const InputError& e) {
            for (const Problem& p : e.problems()) problems.add(p);
        }
    }
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return std::tie(a.model_name, a.compiler, a.batch_size) < std::tie(b.model_name, b.compiler, b.batch_size);
    });
    record::RareColumns rare;
    for (const auto& r : records) rare.merge(record::rare_columns(r));
    std::string text = record::csv_header(rare) + "\n";
    for (const auto& r : records) text += record::csv_row(r, rare) + "\n";
    return parse_csv(text, folder.string());
}

void read_layers(SweepSource& sweep, const fs::path& points, const std::vector<std::string>& ids, Problems& problems) {
    std::error_code error;
    for (const std::string& id : ids) {
        const fs::path file = points / id / "layers.csv";
        if (!fs::exists(file, error)) continue;
        if (auto text = read_file(file.string(), problems)) sweep.layers_csv.emplace(id, std::move(*text));
    }
}

void note_unlisted(SweepSource& sweep, const std::vector<std::string>& ids) {
    std::set<std::string> listed;
    for (std::size_t r = 0; r < sweep.table.rows.size(); ++r) listed.insert(sweep.table.cell(r, "point_id"));
    const auto unlisted = static_cast<std::size_t>(
        std::count_if(ids.begin(), ids.end(), [&](const std::string& id) { return listed.count(id) == 0; }));
    if (unlisted > 0)
        sweep.notes.push_back("The folder has " + points_text(unlisted) +
                              " that the table does not list, from an earlier or unfinished run of the sweep.");
}

SweepSource sweep_of(TextTable table, const fs::path& folder, Problems& problems) {
    SweepSource sweep;
    sweep.table = std::move(table);
    const auto ids = folders_in(folder / "points");
    read_layers(sweep, folder / "points", ids, problems);
    note_unlisted(sweep, ids);
    return sweep;
}

SweepSource unfinished_sweep(const fs::path& folder, const std::vector<std::string>& ids, Problems& problems) {
    SweepSource sweep;
    sweep.table = table_of_records(folder / "points", ids, problems);
    describe(sweep.table, record::columns());
    read_layers(sweep, folder / "points", ids, problems);
    sweep.notes.push_back("The sweep is not finished: " + points_text(sweep.table.rows.size()) +
                          " are stored, but there is no table.csv yet. The same command continues from there; until "
                          "then, axes that reach into the chip or compiler file cannot be told apart.");
    return sweep;
}

/// A record of `serve --json` as a row of serving.csv.
TextTable serving_row(const json::Object& record) {
    TextTable table;
    table.rows.emplace_back();
    for (const auto& column : record::serving_columns()) {
        const json::Value* value = record.find(column.name);
        table.columns.push_back({column.name, column.unit, column.meaning, false});
        table.rows.front().push_back(!value               ? ""
                                     : value->is_string() ? value->as_string()
                                     : value->is_int()    ? number_text(value->as_int())
                                     : value->is_number() ? number_text(value->as_number())
                                                          : json::dump(*value, 0));
    }
    return table;
}

bool has(const json::Object& o, const char* key, bool (json::Value::*is)() const) {
    const json::Value* value = o.find(key);
    return value && (value->*is)();
}

/// Empty if a JSON file is something else.
std::optional<Source> source_of_json(const fs::path& path, const json::Object& root) {
    Source source{name_of(path), path.string(), EmptySource{}};
    if (has(root, "limits", &json::Value::is_object) && has(root, "model", &json::Value::is_string)) {
        source.name = root.find("model")->as_string();
        if (has(root, "chip", &json::Value::is_string)) source.name += " on " + root.find("chip")->as_string();
        source.content = LimitsSource{root};
        return source;
    }
    if (has(root, "sets", &json::Value::is_array) && root.find("bound_ms")) {
        source.content = SearchSource{root};
        return source;
    }
    if (!has(root, "record", &json::Value::is_object)) return std::nullopt;
    const json::Object& record = root.find("record")->as_object();
    if (!record.find("scenario_id")) return std::nullopt;
    source.content = ServingSource{serving_row(record), root};
    return source;
}

/// Applies the description next to a table to its columns; returns the question of the sweep.
std::string describe_by_file(TextTable& table, const fs::path& file, Problems& problems) {
    std::error_code error;
    if (!fs::exists(file, error)) return "";
    const auto document = json::parse_file(file.string(), problems);
    if (!document || !document->root.is_object()) return "";
    const json::Object& root = document->root.as_object();
    if (!has(root, "columns", &json::Value::is_array)) return "";
    for (const json::Value& entry : root.find("columns")->as_array()) {
        if (!entry.is_object()) continue;
        const json::Object& said = entry.as_object();
        const auto c = table.find(text_in(said, "name"));
        if (!c) continue;
        table.columns[*c] = {table.columns[*c].name, text_in(said, "unit"), text_in(said, "meaning"),
                             said.find("axis") != nullptr};
    }
    return text_in(root, "question");
}

/// The limits of a row of a sweep of limits, as printed by `infsim limits --json`; empty if it has none.
std::optional<Source> cell_of(const TextTable& table, std::size_t row, const fs::path& folder, Problems& problems) {
    const fs::path file = folder / "limits" / (table.cell(row, "cell_id") + ".json");
    std::error_code error;
    const auto document = fs::exists(file, error) ? json::parse_file(file.string(), problems) : std::nullopt;
    if (!document || !document->root.is_object()) return std::nullopt;
    const json::Object& root = document->root.as_object();
    if (!has(root, "limits", &json::Value::is_object)) return std::nullopt;
    std::string name = table.cell(row, "model_name");
    for (std::size_t c = 0; c < table.columns.size(); ++c)
        if (table.columns[c].axis && table.columns[c].name != "model_name")
            name += " " + table.columns[c].name + "=" + table.rows[row][c];
    return Source{name, file.string(), LimitsSource{root.find("limits")->as_object()}};
}

/// The cells of a sweep of limits.
std::vector<Source> cells_of(const TextTable& table, const fs::path& folder, Problems& problems) {
    std::vector<Source> sources;
    for (std::size_t r = 0; r < table.rows.size(); ++r)
        if (auto cell = cell_of(table, r, folder, problems)) sources.push_back(std::move(*cell));
    if (sources.empty())
        problems.add(folder.string(), "",
                     "has the table of a sweep of limits without limits/*.json; the same sweep command writes them");
    return sources;
}

/// Chooses the kind by the columns of the table. Throws InputError.
std::vector<Source> sources_in(TextTable table, const fs::path& path, Problems& problems) {
    const fs::path folder = path.parent_path();
    const auto has_all = [&](std::initializer_list<const char*> names) {
        return std::all_of(names.begin(), names.end(), [&](const char* name) { return table.find(name).has_value(); });
    };
    const bool limits = has_all({"cell_id", "model_name"}), serving = has_all({"scenario_id", "status"});
    if (!limits && !serving && !has_all({"point_id", "status", "batch_size"})) {
        problems.add(path.string(), "line 1",
                     "has no columns point_id, status and batch_size of a sweep, nor scenario_id and status of a "
                     "sweep of scenarios");
        return {};
    }
    if (serving) describe(table, record::serving_columns());
    else if (!limits) describe(table, record::columns());
    const std::string question = describe_by_file(table, folder / "table.columns.json", problems);
    std::vector<Source> sources;
    if (limits) sources = cells_of(table, folder, problems);
    else if (serving) sources = {{name_of(folder), folder.string(), ServingSource{std::move(table), {}}}};
    else sources = {{name_of(folder), folder.string(), sweep_of(std::move(table), folder, problems)}};
    for (Source& source : sources) source.question = question;
    return sources;
}

std::vector<Source> sources_of_table(const fs::path& path, Problems& problems) {
    const auto text = read_file(path.string(), problems);
    if (!text) return {};
    try {
        return sources_in(parse_csv(*text, path.string()), path, problems);
    } catch (const InputError& e) {
        for (const Problem& p : e.problems()) problems.add(p);
        return {};
    }
}

/// The results in the JSON files of a folder; other files are ignored.
void read_json_files(const fs::path& folder, std::vector<Source>& sources) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        Problems foreign;
        const auto document = json::parse_file(file.string(), foreign);
        if (!document || !document->root.is_object()) continue;
        if (auto source = source_of_json(file, document->root.as_object())) {
            if (file.filename() == "report.json") source->name = name_of(folder);
            sources.push_back(std::move(*source));
        }
    }
}

std::vector<Source> read_folder(const fs::path& folder, Problems& problems) {
    std::vector<Source> sources;
    std::error_code error;
    const std::size_t before = problems.list().size();
    if (fs::exists(folder / "table.csv", error)) {
        sources = sources_of_table(folder / "table.csv", problems);
    } else if (const auto ids = folders_in(folder / "points"); !ids.empty()) {
        sources.push_back({name_of(folder), folder.string(), unfinished_sweep(folder, ids, problems)});
    }
    read_json_files(folder, sources);
    if (!sources.empty() || problems.list().size() > before) return sources;
    const bool begun = fs::exists(folder / "points", error) || fs::exists(folder / "service", error);
    if (begun || fs::is_empty(folder, error)) return {{name_of(folder), folder.string(), EmptySource{}}};
    problems.add(folder.string(), "", std::string("holds no results: ") + kExpected);
    return {};
}

}  // namespace

std::vector<Source> read_sources(const std::string& path, Problems& problems) {
    std::error_code error;
    if (fs::is_directory(path, error)) return read_folder(path, problems);
    if (!fs::exists(path, error)) {
        problems.add(path, "", "does not exist");
        return {};
    }
    if (fs::path(path).extension() == ".csv") return sources_of_table(path, problems);
    const auto document = json::parse_file(path, problems);
    if (!document) return {};
    if (document->root.is_object())
        if (auto source = source_of_json(path, document->root.as_object())) return {std::move(*source)};
    problems.add(path, "/", std::string("is not a result of infsim: ") + kExpected);
    return {};
}

}  // namespace infsim::report
