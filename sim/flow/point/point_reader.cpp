#include "flow/point/point_reader.hpp"

#include <filesystem>
#include <map>

#include "base/counts.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "flow/point/compiler_file.hpp"
#include "flow/point/neuron_flags.hpp"
#include "flow/point/paths.hpp"
#include "hw/load.hpp"
#include "record/record.hpp"

namespace infsim::flow {

struct PointReader::Chip {
    std::optional<hw::ChipSpec> spec;
    hw::EnergySpec energy;
    std::string canonical;  ///< its text in an identity
    Problems problems;
};

struct PointReader::Compiler {
    compiler::CompileOptions options;
    std::string canonical;
    Problems problems;
};

/// The parts of a point.
struct PointReader::Parts {
    const ModelCache::Entry& model;
    const Chip& chip;
    const Compiler& compiler;
};

namespace {

constexpr std::size_t kMostKept = 256;  ///< files with different settings; a sweep may have 100,000

/// The settings whose key starts with `prefix`, without it.
std::vector<Setting> settings_under(const std::vector<Setting>& all, const std::string& prefix) {
    std::vector<Setting> some;
    for (Setting s : all)
        if (s.key.rfind(prefix, 0) == 0) {
            s.key.erase(0, prefix.size());
            some.push_back(std::move(s));
        }
    return some;
}

void check_settings(const std::vector<Setting>& settings, Problems& problems) {
    for (const Setting& s : settings)
        if (s.key.rfind("chip.", 0) != 0 && s.key.rfind("compiler.", 0) != 0)
            problems.add(s.file, s.where,
                         "'" + s.key +
                             "' is no key of a point; keys that reach into files start "
                             "with 'chip.' or 'compiler.'");
}

std::string extension_of(const std::string& path) { return std::filesystem::path(path).extension().string(); }

/// Whether a file that a request names exists; a missing file is a problem at the place that names it.
bool is_there(const char* key, const std::string& path, Problems& problems) {
    std::error_code error;
    if (path.empty() || std::filesystem::exists(path, error)) return true;
    problems.add("", key, "names the file '" + path + "', which does not exist");
    return false;
}

void check_counts(const PointRequest& request, Problems& problems) {
    const auto check = [&](const char* what, std::int64_t value, std::int64_t least, std::int64_t most) {
        const std::string wrong = problem_with(value, {least, most});
        if (!wrong.empty()) problems.add("", what, wrong);
    };
    check("batch", request.batch, 1, kMaxBatch);
    check("workers", request.workers, 1, kMaxWorkers);
    check("offset_sets", request.offset_sets, 1, kMaxOffsetSets);
    if (request.inferences != 0) check("inferences", request.inferences, kMinInferences, kMaxInferences);
    check("seed", request.seed, 0, json::max_int);
}

/// Equal text for equal files with equal settings from the same places.
std::string key_of(const std::string& file, const std::vector<Setting>& settings) {
    std::string key = file;
    for (const Setting& s : settings)
        for (const std::string& part : {s.key, json::dump(s.value, 0), s.file, s.where}) key += '\0' + part;
    return key;
}

/// The entry under `key`, created if missing.
template <class T, class Make>
const T& kept(std::unordered_map<std::string, std::unique_ptr<T>>& all, const std::string& key, const Make& make) {
    const auto found = all.find(key);
    if (found != all.end()) return *found->second;
    if (all.size() >= kMostKept) all.clear();
    return *all.emplace(key, std::make_unique<T>(make())).first->second;
}

void add_all(Problems& problems, const Problems& more) {
    for (const Problem& p : more.list()) problems.add(p);
}

/// The identity, with the canonical texts of chip and compiler.
std::string id_of(const Point& point, const std::string& model_hash, bool host, const std::string& chip,
                  const std::string& compiler) {
    const auto text = [](const json::Value& value) { return json::dump_canonical(value); };
    std::map<std::string, std::string> all{{"epoch", text(kResultsEpoch)},
                                           {"record_version", text(record::kRecordVersion)},
                                           {"model", text(model_hash)},
                                           {"batch", text(point.batch)},
                                           {"dtype", text(dtype_name(point.dtype))},
                                           {"io_dtype", text(dtype_name(point.io_dtype))},
                                           {"chip", chip},
                                           {"compiler", compiler},
                                           {"cores", text(point.cores)},
                                           {"workers", text(point.workers)},
                                           {"seed", text(point.seed)},
                                           {"offset_sets", text(point.offset_sets)},
                                           {"inferences", text(point.inferences)}};
    if (!point.extents.empty()) all["extents"] = text(to_json(point.extents));
    if (point.method == Method::estimate) all["method"] = text("estimate");
    if (host) all["host_element_time_ps"] = text(point.chip.host.element_time.count());
    std::string joined;
    for (const auto& [key, value] : all) joined += (joined.empty() ? "{\"" : ",\"") + key + "\":" + value;
    return hex_text(hash64(joined + "}"));
}

}  // namespace

PointReader::PointReader(ModelCache& models) : models_(models) {}
PointReader::~PointReader() = default;

const PointReader::Chip& PointReader::chip(const PointRequest& request) {
    return kept(chips_, key_of(request.chip, settings_under(request.settings, "chip.")), [&] {
        Chip chip;
        if (auto file = chip_of(request, chip.problems)) {
            chip.canonical = json::dump_canonical(hw::canonical_json(file->spec));
            chip.spec = std::move(file->spec);
            chip.energy = file->energy;
        }
        return chip;
    });
}

const PointReader::Compiler& PointReader::compiler(const PointRequest& request, const std::vector<Setting>& settings) {
    const auto own = settings_under(settings, "compiler.");
    return kept(compilers_, key_of(request.compiler, own), [&] {
        Compiler compiler;
        const std::string path = compiler_path(request.compiler, compiler.problems).value_or(default_compiler_path());
        compiler.options = load_compiler(path, own, compiler.problems);
        compiler.canonical = json::dump_canonical(identity_json(compiler.options));
        return compiler;
    });
}

std::optional<PointReader::Parts> PointReader::parts(const PointRequest& request, Problems& problems) {
    Problems found;
    check_counts(request, found);
    PointRequest own = request;
    own.settings = translated(request.settings, found);
    check_settings(own.settings, found);
    const bool named = extension_of(request.model).empty();
    // Read first, since it says which operators the host may run; its problems are reported in their usual place.
    const Compiler& compiler = this->compiler(request, own.settings);
    const ModelCache::Entry* model =
        named || is_there("model", request.model, found)
            ? models_.load(request.model, request.extents, compiler.options.host_operators, found)
            : nullptr;
    const Chip& chip = this->chip(own);
    add_all(found, chip.problems);
    add_all(found, compiler.problems);
    if (chip.spec && (request.cores < 0 || request.cores > chip.spec->cores))
        found.add("", "cores",
                  "must be from 1 to the " + std::to_string(chip.spec->cores) + " of chip " + chip.spec->name +
                      ", and is " + std::to_string(request.cores) + more_cores(request.cores));
    if (model && !model->graph.batchable && request.batch > 1)
        found.add("", "batch",
                  "network " + model->graph.name + " only runs at batch 1: " + model->graph.why_not_batchable);
    if (model && model->graph.host && model->graph.nodes.empty())
        found.add("", "model",
                  "network " + model->graph.name + " runs on the host as a whole: the chip has nothing to do");
    add_all(problems, found);
    if (!found.empty()) return std::nullopt;
    return Parts{*model, chip, compiler};
}

Point PointReader::made(const PointRequest& request, const Parts& parts) {
    Point point;
    point.model_name = parts.model.graph.name;
    point.model_file = request.model;
    point.extents = request.extents;
    point.chip = *parts.chip.spec;
    point.energy = parts.chip.energy;
    point.compiler = parts.compiler.options;
    point.batch = request.batch;
    point.dtype = request.dtype;
    point.io_dtype = request.io_dtype.value_or(request.dtype);
    point.cores = request.cores == 0 ? point.chip.cores : request.cores;
    point.workers = request.workers;
    point.seed = request.seed;
    point.offset_sets = request.offset_sets;
    point.inferences = request.inferences;
    point.method = request.method;
    point.id = id_of(point, parts.model.content_hash, static_cast<bool>(parts.model.graph.host), parts.chip.canonical,
                     parts.compiler.canonical);
    return point;
}

std::optional<Point> PointReader::without_graph(const PointRequest& request, Problems& problems) {
    const auto parts = this->parts(request, problems);
    return parts ? std::optional(made(request, *parts)) : std::nullopt;
}

std::optional<Point> PointReader::point(const PointRequest& request, Problems& problems) {
    const auto parts = this->parts(request, problems);
    if (!parts) return std::nullopt;
    Point point = made(request, *parts);
    point.graph = parts->model.graph;
    return point;
}

std::optional<hw::ChipFile> chip_of(const PointRequest& request, Problems& problems) {
    const auto path = chip_path(request.chip, problems);
    if (!path) return std::nullopt;
    return hw::load_chip(*path, settings_under(request.settings, "chip."), problems);
}

std::optional<Point> resolve(const PointRequest& request, ModelCache& models, Problems& problems) {
    return PointReader(models).point(request, problems);
}

std::string point_id(const Point& point, const std::string& model_hash) {
    return id_of(point, model_hash, static_cast<bool>(point.graph.host),
                 json::dump_canonical(hw::canonical_json(point.chip)),
                 json::dump_canonical(identity_json(point.compiler)));
}

}  // namespace infsim::flow
