#include "flow/paths.hpp"

#include <algorithm>
#include <filesystem>

namespace infsim::flow {

namespace fs = std::filesystem;

namespace {

/// The folder with configs/ and models/: the current one where it has them, else the source tree of the build.
fs::path data_folder() {
    std::error_code ignored;
    if (fs::is_directory("configs/chips", ignored) && fs::is_directory("models", ignored)) return ".";
    return INFSIM_DATA_DIR;
}

bool is_path(const std::string& model) {
    const std::string extension = fs::path(model).extension().string();
    return model.find('/') != std::string::npos || extension == ".onnx" || extension == ".json";
}

}  // namespace

std::string default_chip_path() { return (data_folder() / "configs/chips/inferentia1.json").lexically_normal().string(); }

std::string default_compiler_path() {
    return (data_folder() / "configs/compilers/default.json").lexically_normal().string();
}

std::optional<std::string> find_model(const std::string& model) {
    if (is_path(model)) return model;
    std::error_code error;
    for (const auto& family : fs::directory_iterator(data_folder() / "models", error)) {
        const fs::path candidate = family.path() / (model + ".json");
        if (fs::is_regular_file(candidate, error)) return candidate.lexically_normal().string();
    }
    return std::nullopt;
}

std::vector<std::string> known_models() {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& family : fs::directory_iterator(data_folder() / "models", error)) {
        if (!fs::is_directory(family.path(), error)) continue;
        for (const auto& file : fs::directory_iterator(family.path(), error))
            if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string relative_to_file(const std::string& path, const std::string& file) {
    if (!is_path(path) || fs::path(path).is_absolute()) return path;
    return (fs::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace infsim::flow
