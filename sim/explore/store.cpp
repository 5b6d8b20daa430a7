#include "explore/store.hpp"

#include <filesystem>

#include "base/problems.hpp"
#include "base/text.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

namespace fs = std::filesystem;

namespace {

void make_folder(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw InputError(path.string(), "", "cannot make this folder: " + error.message());
}

/// The content of a file that may be missing.
std::optional<std::string> content(const std::string& path) {
    Problems missing;
    return read_file(path, missing);
}

}  // namespace

Store::Store(std::string folder) : folder_(std::move(folder)) {
    std::error_code ignored;
    made_folder_ = !fs::exists(folder_, ignored);
    make_folder(fs::path(folder_) / "points");
}

std::string layers_of(const std::string& folder, const std::string& id) {
    return content(folder + "/points/" + id + "/layers.csv").value_or("");
}

std::string Store::layers_path(const std::string& id) const {
    return (fs::path(folder_) / "points" / id / "layers.csv").string();
}

std::optional<StoredPoint> Store::load(const std::string& id) const {
    const std::string folder = folder_ + "/points/" + id + "/";
    const auto text = content(folder + "record.json");
    if (!text) return std::nullopt;
    try {
        StoredPoint point{record::from_json(*text, folder + "record.json"), "", ""};
        if (point.record.point_id != id || point.record.status == record::Status::failed) return std::nullopt;
        std::error_code missing;
        if (point.record.status == record::Status::ok && (fs::file_size(folder + "layers.csv", missing) == 0 || missing))
            return std::nullopt;
        point.timing_cells = content(folder + "timing").value_or("");
        return point;
    } catch (const InputError&) {
        return std::nullopt;  // of another version, or damaged: it is run again
    }
}

void Store::save(const StoredPoint& point) const {
    const std::string folder = folder_ + "/points/" + point.record.point_id + "/";
    make_folder(folder);
    if (!point.layers_csv.empty()) write_file_atomic(folder + "layers.csv", point.layers_csv);
    write_file_atomic(folder + "timing", point.timing_cells);
    write_file_atomic(folder + "record.json", record::to_json(point.record) + "\n");
}

void Store::write(const std::string& name, const std::string& text) const {
    write_file_atomic((fs::path(folder_) / name).string(), text);
}

void Store::remove_if_empty() const {
    std::error_code ignored;
    fs::remove(fs::path(folder_) / "points", ignored);  // only removes an empty folder
    if (made_folder_) fs::remove(folder_, ignored);
}

}  // namespace infsim::explore
