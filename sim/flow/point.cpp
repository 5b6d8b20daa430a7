#include "flow/point.hpp"

#include <algorithm>
#include <filesystem>

#include "base/hash.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "flow/compiler_file.hpp"
#include "flow/neuron_flags.hpp"
#include "flow/paths.hpp"
#include "graph/json_form.hpp"
#include "hw/load.hpp"
#include "record/record.hpp"

namespace infsim::flow {

namespace {

const std::vector<std::string>& compute_dtypes() {
    static const std::vector<std::string> names{"fp16", "bf16", "fp32"};
    return names;
}

json::Value setting_json(const Setting& s) {
    return json::Object{{"key", s.key}, {"value", s.value}, {"file", s.file}, {"where", s.where}};
}

std::vector<Setting> read_settings(json::ObjectReader& reader) {
    std::vector<Setting> settings;
    for (const json::Cursor& element : reader.array_or_empty("settings")) {
        json::ObjectReader s(element);
        const std::string key = s.string("key");
        const auto value = s.required("value");
        settings.push_back({key, value ? value->value() : json::Value{}, s.string("file"), s.string("where")});
        s.finish();
    }
    return settings;
}

DType read_dtype(json::ObjectReader& reader, const char* key) {
    return parse_dtype(reader.choice(key, compute_dtypes())).value_or(DType::fp16);
}

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

/// Whether a file that a request names exists; a missing one is a problem of what names it.
bool is_there(const char* key, const std::string& path, Problems& problems) {
    std::error_code error;
    if (path.empty() || std::filesystem::exists(path, error)) return true;
    problems.add("", key, "names the file '" + path + "', which is not there");
    return false;
}

void check_counts(const PointRequest& request, Problems& problems) {
    const auto check = [&](const char* what, std::int64_t value, std::int64_t least, std::int64_t most) {
        if (value < least || value > most)
            problems.add("", what,
                         "must be from " + std::to_string(least) + " to " + std::to_string(most) + ", and is " +
                             std::to_string(value));
    };
    check("batch", request.batch, 1, kMaxBatch);
    check("workers", request.workers, 1, kMaxWorkers);
    check("offset_sets", request.offset_sets, 1, kMaxOffsetSets);
    if (request.inferences != 0) check("inferences", request.inferences, kMinInferences, kMaxInferences);
    check("seed", request.seed, 0, json::max_int);
}

}  // namespace

json::Value to_json(const PointRequest& r) {
    json::Array settings;
    for (const Setting& s : r.settings) settings.push_back(setting_json(s));
    json::Object all{{"model", r.model},
                     {"chip", r.chip},
                     {"compiler", r.compiler},
                     {"batch", r.batch},
                     {"dtype", dtype_name(r.dtype)},
                     {"io_dtype", dtype_name(r.io_dtype.value_or(r.dtype))},
                     {"cores", r.cores},
                     {"workers", r.workers},
                     {"seed", r.seed},
                     {"offset_sets", r.offset_sets},
                     {"inferences", r.inferences},
                     {"settings", std::move(settings)}};
    if (!r.extents.empty()) all.set("extents", to_json(r.extents));
    return all;
}

PointRequest point_request_from_json(const json::Document& document, Problems& problems) {
    json::ObjectReader reader(json::Cursor(document, problems));
    PointRequest r;
    r.model = reader.string("model");
    r.chip = reader.string("chip");
    r.compiler = reader.string("compiler");
    r.batch = static_cast<int>(reader.integer("batch", 1, kMaxBatch));
    r.dtype = read_dtype(reader, "dtype");
    r.io_dtype = read_dtype(reader, "io_dtype");
    r.cores = static_cast<int>(reader.integer("cores", 0, kMaxCores));
    r.workers = static_cast<int>(reader.integer("workers", 1, kMaxWorkers));
    r.seed = reader.integer("seed", 0);
    r.offset_sets = static_cast<int>(reader.integer("offset_sets", 1, kMaxOffsetSets));
    r.inferences = static_cast<int>(reader.integer("inferences", 0, kMaxInferences));
    r.settings = read_settings(reader);
    if (const auto extents = reader.optional("extents")) r.extents = extents_from_json(*extents);
    reader.finish();
    return r;
}

const ModelCache::Entry* ModelCache::load(const std::string& model, const Extents& extents,
                                          const std::vector<std::string>& host_operators, Problems& problems) {
    auto found = std::find_if(loaded_.begin(), loaded_.end(), [&](const auto& l) {
        return l->model == model && l->extents == extents && l->host_operators == host_operators;
    });
    if (found == loaded_.end()) {
        auto loaded = std::make_unique<Loaded>();
        loaded->model = model;
        loaded->extents = extents;
        loaded->host_operators = host_operators;
        graph::ImportOptions options;
        options.dims = extents.dims;
        options.input_shapes = extents.inputs;
        options.host_operators = {host_operators.begin(), host_operators.end()};
        try {
            graph::Graph graph = graph::load_model(model, models_folder(), options);
            std::string hash = content_hash(graph);
            for (const std::string& line : graph.notices)
                if (notice_) notice_(line);
            loaded->entry = Entry{std::move(graph), std::move(hash)};
        } catch (const InputError& e) {
            for (Problem p : e.problems()) {
                if (p.file.empty() && p.where.empty()) p.where = "model";
                loaded->problems.add(std::move(p));
            }
        }
        loaded_.push_back(std::move(loaded));
        found = std::prev(loaded_.end());
    }
    for (const Problem& p : (*found)->problems.list()) problems.add(p);
    return (*found)->entry ? &*(*found)->entry : nullptr;
}

std::string more_cores(std::int64_t cores) {
    if (cores < 1 || cores > kMaxCores) return "";
    const std::string n = std::to_string(cores);
    return "; a chip with more is a what-if: --set chip.cores=" + n + ", or \"chip.cores\": " + n + " in a sweep";
}

std::optional<hw::ChipFile> chip_of(const PointRequest& request, Problems& problems) {
    const auto path = chip_path(request.chip, problems);
    if (!path) return std::nullopt;
    std::vector<hw::Override> overrides;
    for (const Setting& s : settings_under(request.settings, "chip."))
        overrides.push_back({s.key, s.value, s.file, s.where});
    return hw::load_chip(*path, overrides, problems);
}

std::optional<Point> resolve(const PointRequest& request, ModelCache& models, Problems& problems) {
    Problems found;
    check_counts(request, found);
    PointRequest own = request;
    own.settings = translated(request.settings, found);
    check_settings(own.settings, found);
    const bool named = extension_of(request.model).empty();
    Problems of_compiler;  // is read first, since it says what of the model the host may run, and reported in its place
    const auto compiler = load_compiler(compiler_path(request.compiler, of_compiler).value_or(default_compiler_path()),
                                        settings_under(own.settings, "compiler."), of_compiler);
    const ModelCache::Entry* model = named || is_there("model", request.model, found)
                                         ? models.load(request.model, request.extents, compiler.host_operators, found)
                                         : nullptr;
    const auto file = chip_of(own, found);
    const hw::ChipSpec* const chip = file ? &file->spec : nullptr;
    for (const Problem& p : of_compiler.list()) found.add(p);
    if (chip && (request.cores < 0 || request.cores > chip->cores))
        found.add("", "cores",
                  "must be from 1 to the " + std::to_string(chip->cores) + " of chip " + chip->name + ", and is " +
                      std::to_string(request.cores) + more_cores(request.cores));
    if (model && !model->graph.batchable && request.batch > 1)
        found.add("", "batch",
                  "network " + model->graph.name + " only runs at batch 1: " + model->graph.why_not_batchable);
    if (model && model->graph.host && model->graph.nodes.empty())
        found.add("", "model",
                  "network " + model->graph.name + " runs on the host as a whole: the chip has nothing to do");
    for (const Problem& p : found.list()) problems.add(p);
    if (!found.empty()) return std::nullopt;
    Point point;
    point.model_name = model->graph.name;
    point.model_file = request.model;
    point.extents = request.extents;
    point.graph = model->graph;
    point.chip = *chip;
    point.energy = file->energy;
    point.compiler = compiler;
    point.batch = request.batch;
    point.dtype = request.dtype;
    point.io_dtype = request.io_dtype.value_or(request.dtype);
    point.cores = request.cores == 0 ? chip->cores : request.cores;
    point.workers = request.workers;
    point.seed = request.seed;
    point.offset_sets = request.offset_sets;
    point.inferences = request.inferences;
    point.id = point_id(point, model->content_hash);
    return point;
}

std::string point_id(const Point& point, const std::string& model_hash) {
    json::Object all{{"epoch", kResultsEpoch},
                     {"record_version", record::kRecordVersion},
                     {"model", model_hash},
                     {"batch", point.batch},
                     {"dtype", dtype_name(point.dtype)},
                     {"io_dtype", dtype_name(point.io_dtype)},
                     {"chip", hw::canonical_json(point.chip)},
                     {"compiler", canonical_json(point.compiler)},
                     {"cores", point.cores},
                     {"workers", point.workers},
                     {"seed", point.seed},
                     {"offset_sets", point.offset_sets},
                     {"inferences", point.inferences}};
    if (!point.extents.empty()) all.set("extents", to_json(point.extents));
    if (point.graph.host) all.set("host_element_time_ps", point.chip.host.element_time.count());
    return hex_text(hash64(json::dump_canonical(all)));
}

}  // namespace infsim::flow
