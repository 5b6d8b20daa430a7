// The inputs of `infsim report`: the kind of result in each folder or file, as values.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"
#include "report/text_table.hpp"

namespace infsim::report {

/// A sweep of points: DIR/table.csv, and DIR/points/ID/ if present.
struct SweepSource {
    TextTable table;
    std::map<std::string, std::string> layers_csv;  ///< by point id
    std::vector<std::string> notes;                 ///< for people: not finished, points that the table lacks
};

/// A sweep of serving scenarios, or the one row of a serving run with its report.json.
struct ServingSource {
    TextTable table;
    json::Object report;  ///< of a run: "sizes", "batches", "core_utilisation", "queue"; empty for a sweep
};

/// `infsim serve --json` of a scenario that searches.
struct SearchSource {
    json::Object result;
};

/// `infsim limits --json`.
struct LimitsSource {
    json::Object result;
};

/// A folder without any results yet.
struct EmptySource {};

struct Source {
    std::string name;  ///< last part of the path, or the subject of the result
    std::string path;  ///< as given, or of the file within the folder
    std::variant<SweepSource, ServingSource, SearchSource, LimitsSource, EmptySource> content;
    std::string question = {};  ///< of the sweep, if its table is described
};

/// The results at a path; a folder may hold several. Anything else but an empty folder is a problem, and so is a
/// malformed file.
std::vector<Source> read_sources(const std::string& path, Problems& problems);

}  // namespace infsim::report
