// Files beside a model that hold values of its constants: which ones may be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace infsim::graph {

struct ExternalFile {
    std::string path;
    std::optional<std::int64_t> bytes;  ///< its size; empty: there is no such file
};

/// The file at `location`, relative to the folder of `model`. Throws ShapeError for an empty or absolute location, for
/// one outside of that folder once symbolic links are followed, and for what is no regular file. One that is not there
/// is no error: shapes suffice for times.
ExternalFile external_file(const std::string& model, const std::string& location);

/// The notice for a model whose files with values are absent: one line, however many constants they hold.
std::string absent_notice(const std::string& model, std::int64_t constants, const std::string& location);

}  // namespace infsim::graph
