#include "flow/paths.hpp"

#include <filesystem>

namespace infsim::flow {

namespace fs = std::filesystem;

namespace {

/// The folder with configs/ and models/: the current one where it has them, else the source tree of the
/// build.
fs::path data_folder() {
    std::error_code ignored;
    if (fs::is_directory("configs/chips", ignored) && fs::is_directory("models", ignored)) return ".";
    return INFSIM_DATA_DIR;
}

bool is_path(const std::string& model) {
    const std::string extension = fs::path(model).extension().string();
    return extension == ".onnx" || extension == ".json";
}

}  // namespace

std::string default_chip_path() {
    return (data_folder() / "configs/chips/inferentia1.json").lexically_normal().string();
}

std::string default_compiler_path() {
    return (data_folder() / "configs/compilers/default.json").lexically_normal().string();
}

std::string published_rows_path() {
    return (data_folder() / "tests/published/inf1_calibration.csv").lexically_normal().string();
}

std::string validation_names_path() { return (data_folder() / "configs/validation.json").lexically_normal().string(); }

std::string models_folder() { return (data_folder() / "models").lexically_normal().string(); }

std::string relative_to_file(const std::string& path, const std::string& file) {
    if (!is_path(path) || fs::path(path).is_absolute()) return path;
    return (fs::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace infsim::flow
