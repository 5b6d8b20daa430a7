#include "graph/json_values.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/elements.hpp"
#include "graph/external_file.hpp"
#include "graph/infer.hpp"

namespace infsim::graph {
namespace {

using json::Cursor;
using json::ObjectReader;

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

const std::vector<std::string>& dtype_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto t : {DType::fp32, DType::fp16, DType::bf16, DType::i64, DType::i32, DType::u8, DType::i8,
                             DType::boolean, DType::fp64})
            all.emplace_back(dtype_name(t));
        return all;
    }();
    return names;
}

}  // namespace

std::optional<double> json_real(const Cursor& cursor) {
    if (cursor.value().is_string()) {
        const auto& text = cursor.value().as_string();
        if (text == "inf") return std::numeric_limits<double>::infinity();
        if (text == "-inf") return -std::numeric_limits<double>::infinity();
        if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    }
    return cursor.number(json::lowest, json::highest);
}

std::vector<double> json_reals(const std::vector<Cursor>& elements) {
    std::vector<double> out;
    for (const auto& element : elements) out.push_back(json_real(element).value_or(0));
    return out;
}
void JsonDims::read(ObjectReader& root, const json::Document& document,
                    const std::map<std::string, std::int64_t>& given, Problems& problems) {
    if (const auto dims = root.optional("dims"); dims && dims->is_object())
        for (const auto& [name, value] : dims->value().as_object())
            extents_[name] = dims->member(name, value).integer(1, kMostExtent).value_or(1);
    std::vector<std::string> names;
    for (const auto& [name, extent] : extents_) names.push_back(name);
    for (const auto& [name, extent] : given) {
        if (extents_.count(name) == 0)
            problems.add(document.file, "/dims",
                         fmt::format("no axis is called '{}'{}", name,
                                     names.empty() ? std::string("; this model names none") : suggestion(name, names)));
        extents_[name] = extent;
    }
}

std::vector<std::int64_t> JsonDims::integers(const std::vector<Cursor>& elements, std::int64_t least,
                                             std::int64_t most) const {
    std::vector<std::int64_t> out;
    for (const auto& element : elements) {
        if (!element.value().is_string()) {
            out.push_back(element.integer(least, most).value_or(least));
            continue;
        }
        const auto found = extents_.find(element.value().as_string());
        if (found == extents_.end())
            element.problem(fmt::format("'{}' is not an axis in /dims", element.value().as_string()));
        out.push_back(found == extents_.end() ? least : found->second);
    }
    return out;
}

Tensor JsonDims::tensor(ObjectReader& reader) const {
    Tensor t;
    t.name = reader.string("name");
    t.shape = integers(reader.array("shape"), 0, kMostExtent);
    t.dtype = parse_dtype(reader.choice_or("dtype", "fp32", dtype_names())).value_or(DType::fp32);
    std::int64_t count = 1;
    for (const auto extent : t.shape) {
        if (extent > 0 && count > kMostElements / extent) {
            reader.problem("shape", "has more than 2^40 elements");
            t.shape.clear();
            break;
        }
        count *= extent;
    }
    return t;
}

void JsonValues::read(const Cursor& cursor, Tensor& tensor) {
    if (!cursor.value().is_object()) return;  // reported when it was declared
    const auto* value = cursor.value().as_object().find("value");
    if (value == nullptr) return;
    ObjectReader reader(cursor.member("value", *value));
    auto& constant = tensor.constant;
    const auto count = element_count(tensor.shape);
    int forms = 0;
    if (const auto splat = reader.optional("splat")) {
        constant = Splat{json_real(*splat).value_or(0)};
        ++forms;
    }
    if (reader.has("inline")) {
        constant = Inline{json_reals(reader.array("inline"))};
        const auto given = std::get<Inline>(*constant).values.size();
        if (static_cast<std::int64_t>(given) != count)
            reader.problem("inline", fmt::format("has {} values for a shape of {} elements", given, count));
        ++forms;
    }
    if (const auto file = reader.optional("file")) {
        constant = file_reference(*file, tensor);
        ++forms;
    }
    if (const auto given = reader.optional("recipe")) {
        constant = recipe(*given);
        ++forms;
    }
    if (forms != 1 && cursor.value().as_object().find("value")->is_object())
        reader.cursor().problem("must be one of splat, inline, file and recipe");
    reader.finish();
}

/// Absent if the file is missing.
Constant JsonValues::file_reference(const Cursor& cursor, const Tensor& tensor) {
    ObjectReader reader(cursor);
    FileRef ref;
    const auto path = reader.string("path");
    ref.offset = reader.integer_or("offset", 0, 0);
    ref.dtype = parse_dtype(reader.choice_or("dtype", std::string(dtype_name(tensor.dtype)), dtype_names()))
                    .value_or(tensor.dtype);
    ref.bytes = element_count(tensor.shape) * dtype_bytes(ref.dtype);
    reader.finish();
    try {
        const auto external = external_file(document_.file, path);
        ref.path = external.path;
        if (external.bytes) {
            if (ref.offset > *external.bytes - ref.bytes)
                reader.problem("offset", fmt::format("the file ends before the {} bytes of this tensor", ref.bytes));
            return ref;
        }
        if (++absent_ == 1) absent_location_ = path;
    } catch (const ShapeError& error) {
        reader.problem("path", error.what());
    }
    return Absent{};
}

Recipe JsonValues::recipe(const Cursor& cursor) {
    ObjectReader reader(cursor);
    Recipe out;
    const std::vector<std::string> kinds = {"conv_bn_weight", "conv_bn_bias", "transpose", "reshape",   "scale",
                                            "channel_scale",  "sum",          "slice",     "dequantize"};
    const auto kind = reader.choice("kind", kinds);
    for (std::size_t i = 0; i < kinds.size(); ++i)
        if (kinds[i] == kind) out.kind = static_cast<Recipe::Kind>(i);
    for (const auto& source : reader.array("sources")) out.sources.push_back(reference_(source));
    out.epsilon = reader.number_or("epsilon", 0);
    out.factor = reader.number_or("factor", 1);
    out.perm = dims_.integers(reader.array_or_empty("perm"), -kMostExtent, kMostExtent);
    reader.finish();
    return out;
}

std::string JsonValues::absent() const {
    return absent_ > 0 ? absent_notice(document_.file, absent_, absent_location_) : "";
}

}  // namespace infsim::graph
