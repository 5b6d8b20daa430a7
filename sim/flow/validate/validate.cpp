#include "flow/validate/validate.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/check.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "flow/point/paths.hpp"
#include "flow/run/demand.hpp"
#include "flow/run/run_point.hpp"
#include "graph/json_form.hpp"

namespace infsim::flow {

namespace {

/// Lower case, with - and _ the same.
std::string plain(const std::string& name) {
    std::string text = name;
    for (char& c : text) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

DType type_in(json::ObjectReader& reader, const char* key) {
    const auto type = parse_dtype(reader.choice(key, {"fp16", "bf16", "fp32"}));
    return type.value_or(DType::fp16);
}

}  // namespace

ValidationNames read_validation_names(const std::string& path, Problems& problems) {
    ValidationNames names;
    const auto document = json::parse_file(path, problems);
    if (!document) return names;
    json::ObjectReader top(json::Cursor(*document, problems));
    top.string("about");
    if (const auto models = top.required("models"); models && models->is_object())
        for (const auto& [name, network] : models->value().as_object())
            names.models.emplace_back(plain(name), models->member(name, network).string().value_or(""));
    if (const auto dtypes = top.required("dtypes"); dtypes && dtypes->is_object())
        for (const auto& [name, types] : dtypes->value().as_object()) {
            json::ObjectReader reader(dtypes->member(name, types));
            const DType dtype = type_in(reader, "dtype"), io_dtype = type_in(reader, "io_dtype");
            reader.finish();
            names.dtypes.push_back({plain(name), dtype, io_dtype});
        }
    for (const json::Cursor& element : top.array("compilers")) {
        json::ObjectReader reader(element);
        const std::string starts = reader.string("starts"), profile = reader.string("profile");
        names.compilers.emplace_back(starts, relative_to_file(profile, path));
        reader.finish();
    }
    top.finish();
    return names;
}

namespace {

struct Skip {
    std::string why;
};

std::string model_of(const PublishedRow& row, const std::string& file, const ValidationNames& names) {
    const std::string extension = std::filesystem::path(row.model).extension().string();
    if (extension == ".onnx" || extension == ".json") {
        std::string path = relative_to_file(row.model, file);
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(path, ignored)) throw Skip{"there is no file " + path};
        return path;
    }
    const std::string wanted = plain(row.model);
    for (const auto& [name, network] : names.models)
        if (name == wanted) return network;
    const auto known = graph::model_names(models_folder());
    for (const std::string& network : known)
        if (plain(network) == wanted) return network;
    throw Skip{"models/ has no network " + row.model};
}

/// The numbers in the input column, as extents.
std::vector<std::int64_t> extents_in(const std::string& text) {
    std::vector<std::int64_t> extents;
    std::int64_t n = -1;
    for (char c : text + " ") {
        if (std::isdigit(static_cast<unsigned char>(c)) != 0 && n < 1'000'000'000)
            n = std::max<std::int64_t>(n, 0) * 10 + (c - '0');
        else if (n >= 0) extents.push_back(std::exchange(n, -1));
    }
    std::sort(extents.begin(), extents.end());
    return extents;
}

/// Extents of an item of the first input.
std::vector<std::int64_t> item_extents(const graph::Graph& graph) {
    if (graph.inputs.empty()) return {};
    const auto& shape = graph.tensor(graph.inputs[0]).shape;
    return {shape.begin() + 1, shape.end()};
}

bool matches(const std::string& input, const graph::Graph& graph) {
    const auto wanted = extents_in(input);
    auto have = item_extents(graph);
    std::sort(have.begin(), have.end());
    return wanted.empty() || have.empty() || have == wanted;
}

/// The point of a row. If its input column says more than its network, "seq8" gives the axis "seq" the extent 8.
std::optional<Point> point_of(const PublishedRow& row, PointRequest& request, ModelCache& models, Problems& problems) {
    auto point = resolve(request, models, problems);
    if (!point || matches(row.input, point->graph)) return point;
    const auto digits = row.input.find_first_of("0123456789");
    const auto extents = extents_in(row.input);
    if (digits > 0 && extents.size() == 1) {
        PointRequest named = request;
        named.extents.dims[row.input.substr(0, digits)] = extents[0];
        Problems no_such_axis;
        auto other = resolve(named, models, no_such_axis);
        if (other && matches(row.input, other->graph)) {
            request = std::move(named);
            return other;
        }
    }
    std::vector<std::string> words;
    for (std::int64_t n : item_extents(point->graph)) words.push_back(number_text(n));
    throw Skip{"its input is " + row.input + ", that of our network " + join(words, "x")};
}

/// The profile with the longest prefix that matches the row's compiler.
std::string profile_of(const PublishedRow& row, const ValidationNames& names) {
    const std::pair<std::string, std::string>* best = nullptr;
    for (const auto& known : names.compilers)
        if (row.compiler.rfind(known.first, 0) == 0 && (!best || known.first.size() > best->first.size()))
            best = &known;
    if (!best) throw Skip{"there is no profile for the compiler " + row.compiler};
    return best->second;
}

/// The point of a row of infsim's own table: its profile, chip and types by name.
void set_own(PointRequest& r, const PublishedRow& row, const ValidationSettings& settings) {
    if (!row.why_not.empty()) throw Skip{row.why_not};
    Problems unknown;
    r.compiler = row.compiler;
    if (!compiler_path(row.compiler, unknown)) throw Skip{"there is no profile " + row.compiler};
    if (settings.chip.empty()) r.chip = row.chip;
    if (!chip_path(r.chip, unknown)) throw Skip{"there is no chip " + r.chip};
    const auto dtype = parse_dtype(row.dtype.empty() ? "fp16" : row.dtype);
    const auto io_dtype = row.io_dtype.empty() ? dtype : parse_dtype(row.io_dtype);
    if (!dtype || !io_dtype) throw Skip{"no dtype " + (dtype ? row.io_dtype : row.dtype) + " is known"};
    r.dtype = *dtype;
    r.io_dtype = *io_dtype;
    for (const auto& [name, extent] : row.dims) r.extents.dims[name] = extent;
}

PointRequest request_of(const PublishedRow& row, const std::string& file, const ValidationNames& names,
                        const ValidationSettings& settings) {
    PointRequest r;
    r.model = model_of(row, file, names);
    r.chip = settings.chip;
    r.settings = settings.settings;
    r.batch = row.batch;
    r.workers = row.workers;
    if (row.own) set_own(r, row, settings);
    else {
        const std::string dtype = plain(row.dtype.empty() ? "fp16" : row.dtype);
        const auto types =
            std::find_if(names.dtypes.begin(), names.dtypes.end(), [&](const auto& t) { return t.name == dtype; });
        if (types == names.dtypes.end()) throw Skip{"no dtype " + row.dtype + " is known"};
        r.dtype = types->dtype;
        r.io_dtype = types->io_dtype;
        r.compiler = profile_of(row, names);
    }
    const std::string mode = plain(row.mode);
    if (!mode.empty() && mode != "data_parallel" && mode != "single")
        throw Skip{"mode " + row.mode + " is not simulated"};
    if (row.batch > kMaxBatch) throw Skip{"a batch above " + number_text(std::int64_t{kMaxBatch})};
    if (row.workers > kMaxWorkers)
        throw Skip{"more than " + number_text(std::int64_t{kMaxWorkers}) + " workers per core"};
    return r;
}

std::optional<analysis::ClosedForm> closed_form_of(const Point& point) {
    const auto compiled = compile_point(point);
    const auto* fits = std::get_if<compiler::Compiled>(&compiled);
    if (fits == nullptr) return std::nullopt;
    return analysis::closed_form(point.chip, point.cores, point.workers, point.batch,
                                 demand_of(point.chip, fits->program));
}

/// Distributes the cores over the chips as evenly as possible.
void add_groups(ValidationRow& row, const PointRequest& base, ModelCache& models, Problems& problems) {
    const int more = row.published.cores % row.published.chips, each = row.published.cores / row.published.chips;
    for (const auto& [chips, cores] : {std::pair{more, each + 1}, std::pair{row.published.chips - more, each}}) {
        if (chips == 0) continue;
        ChipGroup group{chips, base, {}, std::nullopt};
        group.request.cores = cores;
        const auto point = resolve(group.request, models, problems);
        if (!point) return;
        group.prepared = record_of(*point);
        group.closed_form = closed_form_of(*point);
        row.groups.push_back(std::move(group));
    }
}

}  // namespace

std::vector<ValidationRow> plan_validation(const std::vector<PublishedRow>& rows, const std::string& file,
                                           const ValidationNames& names, const ValidationSettings& settings,
                                           Problems& problems) {
    ModelCache models;
    std::vector<ValidationRow> plan;
    for (const PublishedRow& published : rows) {
        plan.push_back({published, "", {}});
        try {
            PointRequest base = request_of(published, file, names, settings);
            const std::size_t before = problems.list().size();
            const auto point = point_of(published, base, models, problems);
            if (!point) {
                INFSIM_CHECK(problems.list().size() > before, "a request that cannot be resolved says why");
                return plan;  // every further row would have the same problem
            }
            const int each = (published.cores + published.chips - 1) / published.chips;
            if (each > point->chip.cores)
                throw Skip{number_text(std::int64_t{each}) + " cores of a chip are busy, and " + point->chip.name +
                           " has " + number_text(std::int64_t{point->chip.cores})};
            add_groups(plan.back(), base, models, problems);
            if (problems.list().size() > before) return plan;
        } catch (const Skip& skip) {
            plan.back().skipped = skip.why;
        }
    }
    return plan;
}

}  // namespace infsim::flow
