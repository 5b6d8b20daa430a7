#include "graph/external_file.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "graph/infer.hpp"

namespace infsim::graph {
namespace {

namespace fs = std::filesystem;

bool lies_in(const fs::path& file, const fs::path& folder) {
    const auto differs = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    return differs.first == folder.end();
}

}  // namespace

ExternalFile external_file(const std::string& model, const std::string& location) {
    const fs::path relative(location);
    const auto outside = [&] {
        return ShapeError(fmt::format("its data is at '{}', which is not below the model's folder", location));
    };
    if (location.empty() || relative.is_absolute() || location.find('\0') != std::string::npos) throw outside();
    const auto parent = fs::path(model).parent_path();
    const auto path = parent / relative;
    // A name or a link may lead out of the folder: check the resolved path.
    std::error_code error;
    const auto folder = fs::weakly_canonical(parent.empty() ? fs::path(".") : parent, error);
    if (error) throw ShapeError(fmt::format("its data '{}' cannot be read: {}", path.string(), error.message()));
    const auto resolved = fs::weakly_canonical(folder / relative, error);
    if (error) throw ShapeError(fmt::format("its data '{}' cannot be read: {}", path.string(), error.message()));
    if (!lies_in(resolved, folder)) throw outside();
    const auto status = fs::status(resolved, error);
    if (status.type() == fs::file_type::not_found) return {path.string(), std::nullopt};
    if (status.type() != fs::file_type::regular)
        throw ShapeError(fmt::format("its data '{}' is not a regular file", path.string()));
    const auto size = fs::file_size(resolved, error);
    if (error) throw ShapeError(fmt::format("its data '{}' cannot be read: {}", path.string(), error.message()));
    return {path.string(), static_cast<std::int64_t>(size)};
}

std::string absent_notice(const std::string& model, std::int64_t constants, const std::string& location) {
    return fmt::format(
        "{}: '{}' is not there: {} constant{} no values. Shapes suffice for times; computing needs --random-weights",
        model, location, constants, constants == 1 ? " has" : "s have");
}

}  // namespace infsim::graph
