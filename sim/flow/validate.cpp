#include "flow/validate.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "base/check.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "flow/demand.hpp"
#include "flow/paths.hpp"
#include "flow/run_point.hpp"
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

/// Extents that the input column names: the numbers in it.
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

void check_input(const PublishedRow& row, const graph::Graph& graph) {
    const auto wanted = extents_in(row.input);
    if (wanted.empty() || graph.inputs.empty()) return;
    const auto& shape = graph.tensor(graph.inputs[0]).shape;
    std::vector<std::int64_t> have;
    for (std::size_t a = 1; a < shape.size(); ++a) have.push_back(shape[a]);
    std::sort(have.begin(), have.end());
    if (have == wanted) return;
    std::vector<std::string> words;
    for (std::size_t a = 1; a < shape.size(); ++a) words.push_back(number_text(shape[a]));
    throw Skip{"its input is " + row.input + ", that of our network " + join(words, "x")};
}

PointRequest request_of(const PublishedRow& row, const std::string& file, const ValidationNames& names,
                        const ValidationSettings& settings) {
    PointRequest r;
    r.model = model_of(row, file, names);
    r.chip = settings.chip;
    r.settings = settings.settings;
    r.batch = row.batch;
    r.workers = row.workers;
    const std::string dtype = plain(row.dtype.empty() ? "fp16" : row.dtype);
    const auto types =
        std::find_if(names.dtypes.begin(), names.dtypes.end(), [&](const auto& t) { return t.name == dtype; });
    if (types == names.dtypes.end()) throw Skip{"no dtype " + row.dtype + " is known"};
    r.dtype = types->dtype;
    r.io_dtype = types->io_dtype;
    const auto profile = std::find_if(names.compilers.begin(), names.compilers.end(),
                                      [&](const auto& c) { return row.compiler.rfind(c.first, 0) == 0; });
    if (profile == names.compilers.end()) throw Skip{"no profile stands for the compiler " + row.compiler};
    r.compiler = profile->second;
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
    return analysis::closed_form(point.chip, point.cores, point.workers, demand_of(point.chip, fits->program));
}

/// Cores as evenly over the chips as they go.
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
            const PointRequest base = request_of(published, file, names, settings);
            const std::size_t before = problems.list().size();
            const auto point = resolve(base, models, problems);
            if (!point) {
                INFSIM_CHECK(problems.list().size() > before, "a request that cannot be resolved says why");
                return plan;  // every further row would say the same
            }
            check_input(published, point->graph);
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

std::string_view comparison_name(Comparison comparison) {
    switch (comparison) {
        case Comparison::compared: return "compared";
        case Comparison::skipped: return "skipped";
        case Comparison::infeasible: return "does not fit";
        case Comparison::failed: break;
    }
    return "failed";
}

namespace {

std::optional<double> error_of(std::optional<double> simulated, std::optional<double> published) {
    if (!simulated || !published) return std::nullopt;
    return *simulated / *published - 1;
}

/// Sums over chips; latencies are means over what the chips finish.
struct Sum {
    double throughput = 0, weighted_latency = 0;
    void add(int chips, double rate, double latency) {
        throughput += chips * rate;
        weighted_latency += chips * rate * latency;
    }
    double latency() const { return weighted_latency / throughput; }
};

void add_closed_form(ValidationOutcome& out, const ValidationRow& row) {
    Sum sum;
    for (const ChipGroup& g : row.groups) {
        if (!g.closed_form) return;
        sum.add(g.chips, g.closed_form->throughput * row.published.batch, record::report_ms(g.closed_form->latency));
    }
    out.closed_throughput = sum.throughput;
    out.closed_latency_ms = sum.latency();
    out.closed_error = row.published.throughput ? error_of(out.closed_throughput, row.published.throughput)
                                                : error_of(out.closed_latency_ms, row.published.latency_ms);
}

}  // namespace

ValidationOutcome judge_row(const ValidationRow& row, const std::vector<record::RunRecord>& records) {
    ValidationOutcome out;
    out.reason = row.skipped;
    if (!row.skipped.empty()) return out;
    INFSIM_CHECK(!row.groups.empty() && records.size() == row.groups.size(), "a record for each group of chips");
    out.profile = records[0].compiler;
    for (const record::RunRecord& r : records)
        if (r.status != record::Status::ok) {
            out.status = r.status == record::Status::infeasible ? Comparison::infeasible : Comparison::failed;
            out.reason = r.reason;
            return out;
        }
    Sum sum;
    double squares = 0;
    for (std::size_t g = 0; g < records.size(); ++g) {
        const int chips = row.groups[g].chips;
        const record::RunRecord& r = records[g];
        sum.add(chips, *r.throughput_avg, *r.latency_ms_p50);
        const double half = chips * (*r.throughput_high - *r.throughput_low) / 2;
        squares +=
            half * half;  // chips of different groups are independent; those of one group are the same simulation
    }
    out.status = Comparison::compared;
    out.throughput = sum.throughput;
    out.throughput_low = sum.throughput - std::sqrt(squares);
    out.throughput_high = sum.throughput + std::sqrt(squares);
    out.latency_ms = sum.latency();
    out.throughput_error = error_of(out.throughput, row.published.throughput);
    out.latency_error = error_of(out.latency_ms, row.published.latency_ms);
    out.main_stall = records[0].main_stall;
    add_closed_form(out, row);
    return out;
}

ValidationSummary summary_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    ValidationSummary s;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ValidationOutcome& out = outcomes[i];
        const auto error = out.error();
        if (out.status == Comparison::skipped) ++s.skipped;
        else if (!error) ++s.not_compared;
        if (!error) continue;
        ++s.compared;
        s.mean_absolute_error += std::abs(*error);
        s.closed_mean_absolute_error += std::abs(out.closed_error.value_or(0));
        if (s.worst_id.empty() || std::abs(*error) > std::abs(s.worst_error)) {
            s.worst_error = *error;
            s.worst_id = rows[i].published.id;
        }
        if (std::abs(out.closed_error.value_or(0)) > std::abs(s.closed_worst_error))
            s.closed_worst_error = *out.closed_error;
    }
    if (s.compared > 0) {
        s.mean_absolute_error /= s.compared;
        s.closed_mean_absolute_error /= s.compared;
    }
    return s;
}

}  // namespace infsim::flow
