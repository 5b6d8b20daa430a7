#include "flow/run/run_data.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/elements.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "exec/segments.hpp"
#include "flow/run/item_order.hpp"
#include "graph/constants.hpp"
#include "graph/host_tail.hpp"
#include "tensorio/npy.hpp"
#include "tensorio/tensor_proto.hpp"

namespace infsim::flow {

namespace {

using graph::Graph;
using graph::Tensor;
using graph::TensorId;
using program::Purpose;
using tensorio::Array;
using tensorio::NamedArray;

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string place(const std::string& name) { return "tensor '" + name + "'"; }

/// Constants without values from which `id` is computed, including itself.
void collect_absent(const Graph& graph, TensorId id, std::set<std::string>& names) {
    const Tensor& t = graph.tensor(id);
    if (!t.constant) return;
    if (std::holds_alternative<graph::Absent>(*t.constant)) names.insert(t.name);
    if (const auto* recipe = std::get_if<graph::Recipe>(&*t.constant))
        for (TensorId source : recipe->sources)
            if (source != graph::kNoTensor) collect_absent(graph, source, names);
}

void check_weights_in(const Point& point, const DataSource& source, Problems& problems) {
    if (source.random_weights) return;
    std::set<std::string> names;
    for (const graph::Node& node : point.graph.nodes)
        for (TensorId id : node.inputs)
            if (id != graph::kNoTensor) collect_absent(point.graph, id, names);
    if (names.empty()) return;
    problems.add(point.model_name, place(*names.begin()),
                 fmt::format("has no values in the model ({} tensors have none); --random-weights SEED draws them",
                             names.size()));
}

std::vector<NamedArray> read_arrays(const Graph& graph, const std::string& path) {
    if (ends_with(path, ".npz")) return tensorio::read_npz(path);
    if (!ends_with(path, ".pb")) throw InputError(path, "--data", "must be a file ending in .npz or .pb");
    if (graph.inputs.size() != 1)
        throw InputError(
            path, "--data",
            fmt::format("holds one tensor and the model has {} inputs; give an .npz", graph.inputs.size()));
    NamedArray only = tensorio::read_tensor_proto(path);
    if (only.name.empty()) only.name = graph.tensor(graph.inputs[0]).name;
    return {std::move(only)};
}

void check_array(const Point& point, TensorId id, const Array& array, const std::string& file, Problems& problems) {
    const Tensor& t = point.graph.tensor(id);
    const auto wanted = batch_shape(point.graph, id, point.batch);
    if (array.shape != wanted)
        problems.add(file, place(t.name),
                     fmt::format("has shape {} and must have {}{}", tensorio::shape_text(array.shape),
                                 tensorio::shape_text(wanted),
                                 per_item(point.graph, id) ? fmt::format(" at batch {}", point.batch) : ""));
    if (is_real(t.dtype) ? !is_real(array.dtype) : array.dtype != t.dtype)
        problems.add(file, place(t.name),
                     fmt::format("has elements of type {} and must have {}", dtype_name(array.dtype),
                                 is_real(t.dtype) ? "a floating-point type" : dtype_name(t.dtype)));
}

std::vector<Array> arrays_in_order(const Point& point, std::vector<NamedArray> given, const std::string& file,
                                   Problems& problems) {
    std::vector<Array> arrays;
    std::vector<std::string> names;
    for (TensorId id : point.graph.inputs) {
        const std::string& name = point.graph.tensor(id).name;
        names.push_back(name);
        const auto is_it = [&](const NamedArray& a) { return a.name == name; };
        const auto found = std::find_if(given.begin(), given.end(), is_it);
        if (found == given.end()) {
            problems.add(file, place(name),
                         "is an input of the model and is missing; its shape is " +
                             tensorio::shape_text(batch_shape(point.graph, id, point.batch)));
            continue;
        }
        if (std::count_if(given.begin(), given.end(), is_it) > 1) problems.add(file, place(name), "appears twice");
        check_array(point, id, found->array, file, problems);
        arrays.push_back(found->array);
    }
    for (const NamedArray& a : given)
        if (std::find(names.begin(), names.end(), a.name) == names.end())
            problems.add(file, place(a.name), "is not an input of the model" + suggestion(a.name, names));
    return arrays;
}

/// Values of an item do not depend on the batch size.
Array random_array(const Point& point, TensorId id, std::uint64_t seed) {
    const Tensor& t = point.graph.tensor(id);
    const int items = per_item(point.graph, id) ? point.batch : 1;
    std::vector<float> values;
    for (int item = 0; item < items; ++item) {
        RandomStream random(seed, fmt::format("{} of item {}", t.name, item));
        for (std::int64_t i = graph::element_count(t.shape); i > 0; --i)
            values.push_back(is_real(t.dtype) ? static_cast<float>(random.normal(0, 1))
                                              : static_cast<float>(random.uniform_int(0, 1)));
    }
    Array array = tensorio::from_floats(is_real(t.dtype) ? DType::fp32 : t.dtype,
                                        batch_shape(point.graph, id, point.batch), values);
    array.bytes = reordered(point.graph, id, point.batch, std::move(array.bytes), false);
    return array;
}

/// A segment holds the tensor once per item, even if all items share it.
std::vector<std::byte> input_bytes(const program::Segment& segment, const Array& array) {
    const std::int64_t given = tensorio::element_count(array.shape), held = exec::element_count(segment);
    INFSIM_CHECK(given > 0 && held % given == 0, "input " + segment.name + " has the wrong number of elements");
    std::vector<std::byte> all;
    for (std::int64_t i = 0; i < held / given; ++i) all.insert(all.end(), array.bytes.begin(), array.bytes.end());
    return exec::fill_input(segment, array.dtype, all.data(), held);
}

TensorId constant_named(const Graph& graph, const std::string& name) {
    for (std::size_t i = 0; i < graph.tensors.size(); ++i)
        if (graph.tensors[i].name == name && graph.tensors[i].constant) return static_cast<TensorId>(i);
    INFSIM_CHECK(false, "the program reads a constant '" + name + "' that the graph does not have");
    return graph::kNoTensor;
}

std::vector<std::byte> weight_bytes(const Graph& graph, const program::Segment& segment,
                                    const graph::EvaluationOptions& options) {
    std::vector<std::vector<float>> values;
    std::vector<exec::FloatSpan> spans;
    for (const std::string& name : segment.tensors)
        values.push_back(graph::evaluate_constant(graph, constant_named(graph, name), options));
    for (const auto& v : values) spans.push_back({v.data(), static_cast<std::int64_t>(v.size())});
    return exec::fill_segment(segment, spans);
}

}  // namespace

void check_weights(const Point& point, const DataSource& source) {
    Problems problems;
    check_weights_in(point, source, problems);
    problems.throw_if_any();
}

Inputs read_inputs(const Point& point, const DataSource& source) {
    INFSIM_CHECK(source.file.empty() == source.random_inputs.has_value(), "inputs come from a file or from a seed");
    Problems problems;
    check_weights_in(point, source, problems);
    Inputs inputs;
    inputs.random_weights = source.random_weights;
    if (source.random_inputs) {
        for (TensorId id : point.graph.inputs) inputs.arrays.push_back(random_array(point, id, *source.random_inputs));
    } else {
        try {
            inputs.arrays = arrays_in_order(point, read_arrays(point.graph, source.file), source.file, problems);
        } catch (const InputError& e) {
            for (const Problem& p : e.problems()) problems.add(p);
        }
    }
    problems.throw_if_any();
    return inputs;
}

chip::SegmentBytes weight_segments(const Point& point, const program::Program& program, const Inputs& inputs) {
    graph::EvaluationOptions options;
    options.seed = inputs.random_weights;
    chip::SegmentBytes bytes(program.segments.size());
    for (std::size_t s = 0; s < bytes.size(); ++s) {
        const program::Segment& segment = program.segments[s];
        if (segment.purpose == Purpose::weights || segment.purpose == Purpose::constants)
            bytes[s] = weight_bytes(point.graph, segment, options);
    }
    return bytes;
}

chip::SegmentBytes input_segments(const Point& point, const program::Program& program, const Inputs& inputs) {
    chip::SegmentBytes bytes(program.segments.size());
    for (std::size_t s = 0; s < bytes.size(); ++s) {
        const program::Segment& segment = program.segments[s];
        if (segment.purpose != Purpose::input) continue;
        for (std::size_t i = 0; i < inputs.arrays.size(); ++i)
            if (point.graph.tensor(point.graph.inputs[i]).name == segment.name) {
                Array array = inputs.arrays[i];
                array.bytes = reordered(point.graph, point.graph.inputs[i], point.batch, std::move(array.bytes), true);
                bytes[s] = input_bytes(segment, array);
            }
    }
    return bytes;
}

std::vector<NamedArray> read_outputs(const Point& point, const program::Program& program,
                                     const chip::SegmentBytes& segments) {
    std::vector<NamedArray> outputs;
    for (TensorId id : point.graph.outputs) {
        const Tensor& t = point.graph.tensor(id);
        const auto segment = std::find_if(program.segments.begin(), program.segments.end(), [&](const auto& s) {
            return s.purpose == Purpose::output && s.name == t.name;
        });
        INFSIM_CHECK(segment != program.segments.end(), "the program has no output " + t.name);
        Array array{is_real(t.dtype) ? DType::fp32 : t.dtype, batch_shape(point.graph, id, point.batch), {}};
        const auto index = static_cast<std::size_t>(segment - program.segments.begin());
        array.bytes = exec::read_output(*segment, segments.at(index), array.dtype);
        // An output that is the same for all items is stored once per item; one of the copies is the tensor.
        array.bytes.resize(static_cast<std::size_t>(tensorio::element_count(array.shape) * dtype_bytes(array.dtype)));
        array.bytes = reordered(point.graph, id, point.batch, std::move(array.bytes), false);
        outputs.push_back({t.name, std::move(array)});
    }
    return outputs;
}

void check_output_path(const Point& point, const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder))
        throw InputError(path, "--out", "cannot be written: there is no such folder");
    if (ends_with(path, ".npz")) return;
    if (!ends_with(path, ".pb")) throw InputError(path, "--out", "must be a file ending in .npz or .pb");
    const auto count = point.graph.host ? point.graph.host->results.size() : point.graph.outputs.size();
    if (count != 1)
        throw InputError(path, "--out",
                         fmt::format("can hold one tensor and the model has {} outputs; give an .npz", count));
}

void write_outputs(const std::string& path, const std::vector<NamedArray>& outputs) {
    if (ends_with(path, ".pb")) tensorio::write_tensor_proto(path, outputs.at(0));
    else tensorio::write_npz(path, outputs);
}

}  // namespace infsim::flow
