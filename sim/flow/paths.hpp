// Where infsim finds the files that a user names by a short name or not at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace infsim::flow {

/// Path of the default chip and the default compiler profile.
std::string default_chip_path();
std::string default_compiler_path();

/// A name of a network (models/*/NAME.json) as a path; what ends in .onnx or .json, or holds a '/', stays as it is.
/// Empty when there is no such network.
std::optional<std::string> find_model(const std::string& model);
/// Names that find_model knows, sorted.
std::vector<std::string> known_models();

/// `path` as seen from the folder of `file`: absolute paths and names of networks stay as they are.
std::string relative_to_file(const std::string& path, const std::string& file);

}  // namespace infsim::flow
