#include "graph/constants.hpp"

#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "graph/elements.hpp"
#include "graph/strides.hpp"
#include "graph/weight_role.hpp"

namespace infsim::graph {
namespace {

using Values = std::vector<float>;

bool is_real(DType t) { return t == DType::fp32 || t == DType::fp16 || t == DType::bf16 || t == DType::fp64; }

Values read_file_values(const Graph& graph, TensorId id, const FileRef& ref) {
    std::ifstream in(ref.path, std::ios::binary);
    std::string bytes(static_cast<std::size_t>(ref.bytes), '\0');
    in.seekg(ref.offset);
    if (!in.read(bytes.data(), ref.bytes))
        throw InputError(ref.path, fmt::format("tensor '{}'", graph.tensor(id).name),
                         fmt::format("{} bytes at {} cannot be read", ref.bytes, ref.offset));
    Values out(static_cast<std::size_t>(ref.bytes / dtype_bytes(ref.dtype)));
    load_elements(ref.dtype, reinterpret_cast<const std::byte*>(bytes.data()), 1, static_cast<std::int64_t>(out.size()),
                  out.data());
    return out;
}

/// Elements per row of a tensor with one row per output channel.
std::size_t row_length(const Graph& graph, TensorId id) {
    const auto& shape = graph.tensor(id).shape;
    return static_cast<std::size_t>(element_count(shape) / std::max<std::int64_t>(1, shape.empty() ? 1 : shape[0]));
}

class Evaluator {
public:
    Evaluator(const Graph& graph, const EvaluationOptions& options) : graph_(graph), options_(options) {}

    Values values(TensorId id) const {
        const auto& tensor = graph_.tensor(id);
        INFSIM_CHECK(tensor.constant.has_value(), "tensor '" + tensor.name + "' is not a constant");
        const auto count = static_cast<std::size_t>(element_count(tensor.shape));
        if (is_random(tensor)) return random_values(graph_, id, *options_.seed, options_.small_integers);
        if (const auto* splat = std::get_if<Splat>(&*tensor.constant))
            return Values(count, static_cast<float>(splat->value));
        if (const auto* list = std::get_if<Inline>(&*tensor.constant))
            return {list->values.begin(), list->values.end()};
        if (const auto* file = std::get_if<FileRef>(&*tensor.constant)) return read_file_values(graph_, id, *file);
        if (const auto* recipe = std::get_if<Recipe>(&*tensor.constant)) return computed(id, *recipe);
        throw InputError(graph_.name, fmt::format("tensor '{}'", tensor.name),
                         "the model gives it no values; running it with data needs random weights and thus a seed");
    }

private:
    bool is_random(const Tensor& tensor) const {
        if (!options_.seed) return false;
        if (std::holds_alternative<Absent>(*tensor.constant)) return true;
        if (!is_real(tensor.dtype) || element_count(tensor.shape) <= 1) return false;
        if (const auto* recipe = std::get_if<Recipe>(&*tensor.constant))
            return options_.small_integers && recipe->kind != Recipe::Kind::transpose &&
                   recipe->kind != Recipe::Kind::reshape;
        return options_.small_integers || std::holds_alternative<Splat>(*tensor.constant);
    }

    Values source(const Recipe& recipe, std::size_t i) const { return values(recipe.sources.at(i)); }

    Values computed(TensorId id, const Recipe& recipe) const {
        switch (recipe.kind) {
            case Recipe::Kind::reshape: return source(recipe, 0);
            case Recipe::Kind::transpose: return transposed(id, recipe);
            case Recipe::Kind::slice: return sliced(id, recipe);
            case Recipe::Kind::dequantize: return dequantized(id, recipe);
            case Recipe::Kind::conv_bn_weight: return normalised_weight(id, recipe);
            case Recipe::Kind::conv_bn_bias: return normalised_bias(recipe);
            case Recipe::Kind::scale: {
                auto out = source(recipe, 0);
                for (auto& x : out) x = static_cast<float>(x * recipe.factor);
                return out;
            }
            case Recipe::Kind::channel_scale: {
                auto out = source(recipe, 0);
                const auto scale = source(recipe, 1);
                const auto row = row_length(graph_, id);
                for (std::size_t i = 0; i < out.size(); ++i) out[i] *= scale[i / row];
                return out;
            }
            case Recipe::Kind::sum: {
                auto out = source(recipe, 0);
                const auto other = source(recipe, 1);
                for (std::size_t i = 0; i < out.size(); ++i) out[i] += other[other.size() == 1 ? 0 : i];
                return out;
            }
        }
        return {};
    }

    Values transposed(TensorId id, const Recipe& recipe) const {
        const auto from = source(recipe, 0);
        const auto own = row_major_strides(graph_.tensor(recipe.sources[0]).shape);
        std::vector<std::int64_t> strides;
        for (const auto axis : recipe.perm) strides.push_back(own[static_cast<std::size_t>(axis)]);
        Values out;
        out.reserve(from.size());
        for_each_offset(graph_.tensor(id).shape, strides, 0,
                        [&](std::int64_t at) { out.push_back(from[static_cast<std::size_t>(at)]); });
        return out;
    }

    Values sliced(TensorId id, const Recipe& recipe) const {
        const auto from = source(recipe, 0);
        auto strides = row_major_strides(graph_.tensor(recipe.sources[0]).shape);
        std::int64_t base = 0;
        for (std::size_t a = 0; a < strides.size(); ++a) {
            base += recipe.perm[2 * a] * strides[a];
            strides[a] *= recipe.perm[2 * a + 1];
        }
        Values out;
        for_each_offset(graph_.tensor(id).shape, strides, base,
                        [&](std::int64_t at) { out.push_back(from[static_cast<std::size_t>(at)]); });
        return out;
    }

    Values dequantized(TensorId id, const Recipe& recipe) const {
        auto out = source(recipe, 0);
        const auto scale = source(recipe, 1);
        const auto zero = recipe.sources[2] == kNoTensor ? Values(scale.size(), 0) : source(recipe, 2);
        const auto& shape = graph_.tensor(id).shape;
        const auto axis = static_cast<std::size_t>(recipe.perm[0]);
        const auto block = static_cast<std::size_t>(recipe.perm[1]);
        const auto inner = axis < shape.size() ? static_cast<std::size_t>(row_major_strides(shape)[axis]) : 1;
        const auto extent = axis < shape.size() ? static_cast<std::size_t>(shape[axis]) : 1;
        for (std::size_t i = 0; i < out.size(); ++i) {
            const auto along = i / inner % extent;
            std::size_t s = scale.size() == 1 ? 0 : along;
            if (scale.size() > 1 && block > 1)
                s = (i / inner / extent * ((extent + block - 1) / block) + along / block) * inner + i % inner;
            out[i] = (out[i] - zero[s]) * scale[s];
        }
        return out;
    }

    Values normalised_weight(TensorId id, const Recipe& recipe) const {
        auto out = source(recipe, 0);
        const auto gamma = source(recipe, 1);
        const auto variance = source(recipe, 2);
        const auto row = row_length(graph_, id);
        for (std::size_t o = 0; o < gamma.size(); ++o) {
            const double factor = gamma[o] / std::sqrt(variance[o] + recipe.epsilon);
            for (std::size_t i = o * row; i < (o + 1) * row; ++i) out[i] = static_cast<float>(out[i] * factor);
        }
        return out;
    }

    Values normalised_bias(const Recipe& recipe) const {
        const auto gamma = source(recipe, 1), beta = source(recipe, 2), mean = source(recipe, 3),
                   variance = source(recipe, 4);
        auto out = recipe.sources[0] == kNoTensor ? Values(gamma.size(), 0) : source(recipe, 0);
        for (std::size_t o = 0; o < out.size(); ++o) {
            const double factor = gamma[o] / std::sqrt(variance[o] + recipe.epsilon);
            out[o] = static_cast<float>((static_cast<double>(out[o]) - mean[o]) * factor + beta[o]);
        }
        return out;
    }

    const Graph& graph_;
    const EvaluationOptions& options_;
};

}  // namespace

std::int64_t dequantize_scales(const Shape& shape, std::size_t axis, std::int64_t block) {
    if (block == 1) return shape[axis];
    return element_count(shape) / std::max<std::int64_t>(1, shape[axis]) * ((shape[axis] + block - 1) / block);
}

std::vector<float> evaluate_constant(const Graph& graph, TensorId id, const EvaluationOptions& options) {
    return Evaluator(graph, options).values(id);
}

}  // namespace infsim::graph
