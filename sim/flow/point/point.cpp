#include "flow/point/point.hpp"

#include <algorithm>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "flow/point/paths.hpp"
#include "graph/json_form.hpp"

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
    if (r.method == Method::estimate) all.set("estimate", true);
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
    if (reader.boolean_or("estimate", false)) r.method = Method::estimate;
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

}  // namespace infsim::flow
