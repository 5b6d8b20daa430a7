#include "flow/point/paths.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/text.hpp"

namespace infsim::flow {

namespace fs = std::filesystem;

namespace {

bool has_data(const fs::path& folder) {
    std::error_code ignored;
    return fs::is_directory(folder / "configs/chips", ignored) && fs::is_directory(folder / "models", ignored);
}

/// The folder with configs/ and models/: the current one if it has them, else the executable's: share/infsim next to
/// its bin/ if installed, otherwise the source tree around the build folder.
fs::path data_folder() {
    if (has_data(".")) return ".";
    std::error_code ignored;
    const fs::path executable = fs::read_symlink("/proc/self/exe", ignored);
    if (fs::path installed = executable.parent_path().parent_path() / "share/infsim"; has_data(installed))
        return installed;
    for (fs::path folder = executable.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
        if (has_data(folder)) return folder;
    return INFSIM_SOURCE_TREE;
}

bool is_path(const std::string& named) {
    const std::string extension = fs::path(named).extension().string();
    return extension == ".onnx" || extension == ".json";
}

fs::path shipped(const std::string& kind, const std::string& name) {
    return (data_folder() / "configs" / kind / (name + ".json")).lexically_normal();
}

std::vector<std::string> shipped_names(const std::string& kind) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(data_folder() / "configs" / kind, ignored))
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<std::string> path_of(const char* key, const std::string& kind, const std::string& named,
                                   Problems& problems) {
    std::error_code ignored;
    if (fs::is_regular_file(named, ignored)) return named;
    const bool is_name = !is_path(named) && !fs::path(named).has_parent_path();
    if (!is_name && fs::exists(named, ignored)) return named;  // if it is a folder, its reader reports that
    if (is_name && fs::exists(shipped(kind, named), ignored)) return shipped(kind, named).string();
    problems.add("", key,
                 is_name ? "names '" + named + "', which is neither a file nor one of configs/" + kind +
                               suggestion(named, shipped_names(kind))
                         : "names the file '" + named + "', which does not exist");
    return std::nullopt;
}

}  // namespace

std::optional<std::string> chip_path(const std::string& named, Problems& problems) {
    return path_of("chip", "chips", named.empty() ? "inferentia1" : named, problems);
}

std::optional<std::string> compiler_path(const std::string& named, Problems& problems) {
    return path_of("compiler", "compilers", named.empty() ? "default" : named, problems);
}

std::optional<std::string> calibration_path(const std::string& named, Problems& problems) {
    return path_of("free", "calibration", named.empty() ? "inferentia1" : named, problems);
}

std::string default_compiler_path() { return shipped("compilers", "default").string(); }

std::string published_rows_path() {
    return (data_folder() / "tests/published/inf1_calibration.csv").lexically_normal().string();
}

std::string validation_names_path() { return (data_folder() / "configs/validation.json").lexically_normal().string(); }

std::string prices_path() { return (data_folder() / "configs/prices.json").lexically_normal().string(); }

std::string schema_path(const std::string& kind) {
    return (data_folder() / "configs/schemas" / (kind + ".schema.json")).lexically_normal().string();
}

std::string models_folder() { return (data_folder() / "models").lexically_normal().string(); }

std::string relative_to_file(const std::string& path, const std::string& file) {
    if (!is_path(path) || fs::path(path).is_absolute()) return path;
    return (fs::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace infsim::flow
