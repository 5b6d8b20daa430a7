// Files next to a model with the values of its constants: which ones may be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace infsim::graph {

struct ExternalFile {
    std::string path;
    std::optional<std::int64_t> bytes;  ///< its size; empty: the file does not exist
};

/// The file at `location`, relative to the folder of `model`. Throws ShapeError for an empty or absolute location, for
/// one outside that folder after following symbolic links, and for anything but a regular file. A missing file is not
/// an error: times need only shapes.
ExternalFile external_file(const std::string& model, const std::string& location);

/// The notice for a model whose value files are missing: one line, however many constants they hold.
std::string absent_notice(const std::string& model, std::int64_t constants, const std::string& location);

}  // namespace infsim::graph
