#include "explore/store.hpp"

#include <charconv>
#include <filesystem>

#include "base/hash.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLayers = "layers.csv";
constexpr const char* kTiming = "timing";
constexpr const char* kRecord = "record.json";

/// The content of a file that may be missing.
std::optional<std::string> content(const std::string& path) {
    Problems missing;
    return read_file(path, missing);
}

std::unordered_set<std::string> names_in(const std::string& folder) {
    std::unordered_set<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing)) names.insert(entry.path().filename().string());
    return names;
}

/// "seal HASH LIMIT" before the timing cells, LIMIT "-" if there is none. The record is renamed into place last, but
/// after a power failure the system may have kept it and lost the files written before.
std::string sealed(const StoredPoint& point) {
    return "seal " + hex_text(hash64(point.layers_csv)) + " " +
           (point.limit ? number_text(*point.limit) : std::string("-")) + "\n" + point.timing_cells;
}

/// Cells and limit of a point whose other files are intact; empty otherwise.
bool unseal(const std::string& text, const std::string& layers_csv, StoredPoint& point) {
    const std::size_t line = text.find('\n');
    if (text.rfind("seal ", 0) != 0) {  // of a version without seals
        point.timing_cells = text;
        return line == std::string::npos && !text.empty();
    }
    if (line == std::string::npos) return false;
    const auto words = split(text.substr(0, line), ' ');
    if (words.size() != 3 || words[1] != hex_text(hash64(layers_csv))) return false;
    std::int64_t limit = 0;
    if (words[2] != "-") {
        const auto read = std::from_chars(words[2].data(), words[2].data() + words[2].size(), limit);
        if (read.ptr != words[2].data() + words[2].size()) return false;
        point.limit = limit;
    }
    point.timing_cells = text.substr(line + 1);
    return true;
}

/// Whether a run under these limits would find no more than what is stored.
bool stands(const StoredPoint& point, const PointLimits& limits) {
    using record::Status;
    const auto no_more = [&](const auto& limit) { return point.limit && limit && limit->count() <= *point.limit; };
    switch (point.record.status) {
        case Status::ok:
        case Status::estimated:
        case Status::infeasible: return true;
        case Status::failed: return false;
        case Status::timeout: return no_more(limits.time);
        case Status::out_of_memory: return no_more(limits.memory);
    }
    return false;
}

}  // namespace

std::string layers_of(const std::string& folder, const std::string& id) {
    return content(folder + "/points/" + id + "/" + kLayers).value_or("");
}

bool is_stored(const std::string& folder, const std::string& id) {
    std::error_code ignored;
    return fs::exists(folder + "/points/" + id + "/" + kRecord, ignored) ||
           fs::exists(folder + "/set_aside/" + id + "/" + kRecord, ignored);
}

Store::Store(const std::string& folder) : folder_(folder) {
    make_folder(folder + "/points");
    there_ = names_in(folder + "/points");
    aside_ = names_in(folder + "/set_aside");
}

Store::~Store() {
    std::error_code ignored;
    for (const char* name : {"/points", "/set_aside"}) fs::remove(folder_.path() + name, ignored);  // only when empty
}

std::optional<StoredPoint> Store::load(const std::string& id, const PointLimits& limits) {
    asked_.insert(id);
    if (there_.count(id) == 0 && aside_.erase(id) > 0) {
        std::error_code failed;
        fs::rename(folder_.path() + "/set_aside/" + id, folder_.path() + "/points/" + id, failed);
        if (!failed) there_.insert(id);
    }
    if (there_.count(id) == 0) return std::nullopt;
    auto point = read(id, limits);
    if (!point) remove_temporaries(point_folder(id));
    return point;
}

std::optional<StoredPoint> Store::read(const std::string& id, const PointLimits& limits) const {
    const std::string folder = point_folder(id);
    const auto text = content(folder + kRecord);
    if (!text) return std::nullopt;
    try {
        StoredPoint point{record::from_json(*text, folder + kRecord), "", "", {}};
        const std::string layers = content(folder + kLayers).value_or("");
        if (point.record.status == record::Status::ok && layers.empty()) return std::nullopt;
        const bool whole = unseal(content(folder + kTiming).value_or(""), layers, point);
        if (!whole || point.record.point_id != id || !stands(point, limits)) return std::nullopt;
        return point;
    } catch (const InputError&) {
        return std::nullopt;  // of another version, or damaged: it is run again
    }
}

void Store::save(const StoredPoint& point) {
    asked_.insert(point.record.point_id);
    there_.insert(point.record.point_id);
    const std::string folder = point_folder(point.record.point_id);
    make_folder(folder);
    std::error_code none;
    fs::remove(folder + kRecord, none);  // an older one belongs to other files
    if (!point.layers_csv.empty()) write_file_atomic(folder + kLayers, point.layers_csv);
    else fs::remove(folder + kLayers, none);
    write_file_atomic(folder + kTiming, sealed(point));
    write_file_atomic(folder + kRecord, record::to_json(point.record) + "\n");
}

std::size_t Store::set_others_aside() {
    std::vector<std::string> others;
    for (const std::string& id : there_)
        if (asked_.count(id) == 0) others.push_back(id);
    const std::string from = folder_.path() + "/points/", aside = folder_.path() + "/set_aside/";
    if (!others.empty()) make_folder(aside);
    for (const std::string& id : others) {
        std::error_code failed;
        fs::remove_all(aside + id, failed);
        fs::rename(from + id, aside + id, failed);
        if (failed) throw InputError(from + id, "", "cannot be set aside: " + failed.message());
        there_.erase(id);
        aside_.insert(id);
    }
    return others.size();
}

}  // namespace infsim::explore
