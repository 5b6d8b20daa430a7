#include "explore/assign.hpp"

#include "base/counts.hpp"
#include "flow/point/paths.hpp"

namespace infsim::explore {

namespace {

using flow::PointRequest;
using flow::Setting;

bool fail(const Setting& s, const std::string& what, Problems& problems) {
    problems.add(s.file, s.where, what);
    return false;
}

bool set_path(std::string& member, const Setting& s, const std::string& sweep_file, Problems& problems) {
    if (!s.value.is_string() || s.value.as_string().empty())
        return fail(s, "'" + s.key + "' must be text that names a file, and is " + shown(s.value), problems);
    member = s.file.empty() ? s.value.as_string() : flow::relative_to_file(s.value.as_string(), sweep_file);
    return true;
}

template <class T>
bool set_integer(T& member, const Setting& s, std::int64_t least, std::int64_t most, Problems& problems) {
    const std::string wrong = problem_with(s.value, {least, most});
    if (!wrong.empty()) return fail(s, "'" + s.key + "' " + wrong, problems);
    member = static_cast<T>(s.value.as_int());
    return true;
}

template <class D>  // DType or an optional one
bool set_dtype(D& member, const Setting& s, Problems& problems) {
    const std::vector<std::string> names{"fp16", "bf16", "fp32"};
    if (s.value.is_string())
        for (const std::string& name : names)
            if (name == s.value.as_string()) {
                member = *parse_dtype(name);
                return true;
            }
    return fail(s, "'" + s.key + "' must be one of fp16, bf16, fp32, and is " + shown(s.value), problems);
}

}  // namespace

bool assign(PointRequest& r, const Setting& s, const std::string& sweep_file, Problems& problems) {
    if (s.key == "model") return set_path(r.model, s, sweep_file, problems);
    if (s.key == "chip") return set_path(r.chip, s, sweep_file, problems);
    if (s.key == "compiler") return set_path(r.compiler, s, sweep_file, problems);
    if (s.key == "batch") return set_integer(r.batch, s, 1, flow::kMaxBatch, problems);
    if (s.key == "cores") return set_integer(r.cores, s, 1, flow::kMaxCores, problems);
    if (s.key == "workers") return set_integer(r.workers, s, 1, flow::kMaxWorkers, problems);
    if (s.key == "seed") return set_integer(r.seed, s, 0, std::int64_t{1} << 62, problems);
    if (s.key == "offset_sets") return set_integer(r.offset_sets, s, 1, flow::kMaxOffsetSets, problems);
    if (s.key == "inferences")
        return set_integer(r.inferences, s, flow::kMinInferences, flow::kMaxInferences, problems);
    if (s.key == "dtype") return set_dtype(r.dtype, s, problems);
    if (s.key == "io_dtype") return set_dtype(r.io_dtype, s, problems);
    if (flow::is_extents_key(s.key)) return flow::set_extents(r.extents, s, problems);
    r.settings.push_back(s);
    return true;
}

}  // namespace infsim::explore
