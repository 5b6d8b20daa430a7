// What `infsim report` is given: which kind of result each folder or file holds, as values.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"
#include "report/text_table.hpp"

namespace infsim::report {

/// A sweep of points: DIR/table.csv, and DIR/points/ID/ where they are kept.
struct SweepSource {
    TextTable table;
    std::map<std::string, std::string> layers_csv;  ///< by point id
    std::vector<std::string> notes;                 ///< in plain words: not finished, points that the table lacks
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

/// Nothing has been computed there yet.
struct EmptySource {};

struct Source {
    std::string name;  ///< last part of the path, or what a result is of
    std::string path;  ///< as given, or of the file within the folder
    std::variant<SweepSource, ServingSource, SearchSource, LimitsSource, EmptySource> content;
    std::string question = {};  ///< of the sweep, where its table is described
};

/// What a path holds: a folder may hold several results. What is neither a result nor an empty folder is a problem, and
/// so is a file that breaks its own form.
std::vector<Source> read_sources(const std::string& path, Problems& problems);

}  // namespace infsim::report
