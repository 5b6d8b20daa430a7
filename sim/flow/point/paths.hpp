// Locations of files that a user names by a short name or not at all.
#pragma once

#include <optional>
#include <string>

#include "base/problems.hpp"

namespace infsim::flow {

/// The file of a chip or compiler profile: "" is the default; a word without a folder and without .json names a file in
/// configs/chips or configs/compilers; anything else is a path. Adds a problem at `key` if there is no such file.
std::optional<std::string> chip_path(const std::string& named, Problems& problems);
std::optional<std::string> compiler_path(const std::string& named, Problems& problems);

/// The same for the file with the free constants of a chip; "" is that of inferentia1.
std::optional<std::string> calibration_path(const std::string& named, Problems& problems);

/// Path of the default compiler profile.
std::string default_compiler_path();

/// The folder of networks that can be given by name.
std::string models_folder();

/// The published rows that the chip's constants were fitted to, and the meanings of words in such tables.
std::string published_rows_path();
std::string validation_names_path();

/// The list of prices (prices.hpp).
std::string prices_path();

/// The schema file of a kind of file, such as "chip".
std::string schema_path(const std::string& kind);

/// `path` as seen from the folder of `file`. Absolute paths stay as they are, and so do names of networks
/// (whatever ends neither in .onnx nor in .json).
std::string relative_to_file(const std::string& path, const std::string& file);

}  // namespace infsim::flow
