#include "flow/run/host_tail.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/elements.hpp"
#include "base/text.hpp"
#include "flow/run/item_order.hpp"
#include "graph/host_tail.hpp"

namespace infsim::flow {

namespace {

using graph::TensorId;
using tensorio::Array;
using tensorio::NamedArray;

/// Beyond this, a closed loop would consider the worker stuck.
constexpr Duration kLongest = Duration{std::int64_t{10} * 1'000'000'000'000};

/// An array in file order, as items.
graph::HostSource source_of(const Point& point, const graph::HostTail::Source& source, TensorId id, Array array) {
    const bool items = per_item(point.graph, id);
    array.bytes = reordered(point.graph, id, point.batch, std::move(array.bytes), true);
    std::vector<double> all(static_cast<std::size_t>(tensorio::element_count(array.shape)));
    load_elements(array.dtype, array.bytes.data(), 1, static_cast<std::int64_t>(all.size()), all.data());
    graph::HostSource values{source.name, {}};
    if (all.empty()) values.items.emplace_back();
    const auto part = static_cast<std::ptrdiff_t>(all.size()) / (items ? point.batch : 1);
    for (auto at = all.begin(); at != all.end(); at += part) values.items.emplace_back(at, at + part);
    return values;
}

/// The position of the tensor of that name in a list of the graph's inputs or outputs.
std::size_t place_of(const graph::Graph& graph, const std::vector<TensorId>& list, const std::string& name) {
    const auto is_it = [&](TensorId id) { return graph.tensor(id).name == name; };
    const auto found = std::find_if(list.begin(), list.end(), is_it);
    INFSIM_CHECK(found != list.end(), "the host reads '" + name + "', which does not exist");
    return static_cast<std::size_t>(found - list.begin());
}

NamedArray array_of(const graph::HostResult& result) {
    NamedArray named{result.name, {is_real(result.dtype) ? DType::fp32 : result.dtype, result.shape, {}}};
    Array& array = named.array;
    array.bytes.resize(result.values.size() * static_cast<std::size_t>(dtype_bytes(array.dtype)));
    store_elements(array.dtype, result.values.data(), static_cast<std::int64_t>(result.values.size()),
                   array.bytes.data(), 1);
    return named;
}

/// NAME, or NAME[0], NAME[1], ... for items whose shapes depend on data.
bool is_part_of(const std::string& name, const std::string& result) {
    return name == result || (name.size() > result.size() + 2 && name.back() == ']' &&
                              name.compare(0, result.size() + 1, result + "[") == 0);
}

}  // namespace

Bytes host_bytes_per_item(const Point& point) {
    std::int64_t bytes = 0;
    const auto count = [&](TensorId id) {
        const graph::Tensor& tensor = point.graph.tensor(id);
        bytes += graph::element_count(tensor.shape) * dtype_bytes(host_dtype(tensor.dtype, point.io_dtype));
    };
    for (const TensorId id : point.graph.inputs) count(id);
    for (const TensorId id : point.graph.outputs) count(id);
    return Bytes{bytes};
}

Duration call_time(const Point& point) {
    return hw::call_time(point.chip.host, point.batch, host_bytes_per_item(point) * point.batch);
}

Duration host_time(const Point& point) {
    if (!point.graph.host) return Duration{};
    const double elements = static_cast<double>(point.graph.host->elements()) * point.batch;
    const double picoseconds = elements * static_cast<double>(point.chip.host.element_time.count());
    if (picoseconds > static_cast<double>(kLongest.count()))
        throw InputError(point.model_file, "",
                         "its operators on the host take more than 10 s for a batch of " + std::to_string(point.batch));
    return point.chip.host.element_time * (point.graph.host->elements() * point.batch);
}

std::vector<NamedArray> model_outputs(const Point& point, const program::Program& program,
                                      const chip::SegmentBytes& segments, const Inputs& inputs) {
    auto of_chip = read_outputs(point, program, segments);
    if (!point.graph.host) return of_chip;
    const graph::HostTail& tail = *point.graph.host;
    std::vector<graph::HostSource> sources;
    for (const auto& source : tail.sources) {
        const auto& list = source.input ? point.graph.inputs : point.graph.outputs;
        const std::size_t place = place_of(point.graph, list, source.tensor);
        sources.push_back(
            source_of(point, source, list[place], source.input ? inputs.arrays[place] : of_chip[place].array));
    }
    const auto computed = graph::run_host_tail(tail, sources, point.batch);
    std::vector<NamedArray> outputs;
    for (const auto& result : tail.results) {
        if (!result.computed) {
            outputs.push_back(of_chip[place_of(point.graph, point.graph.outputs, result.name)]);
            continue;
        }
        for (const auto& part : computed)
            if (is_part_of(part.name, result.name)) outputs.push_back(array_of(part));
    }
    return outputs;
}

}  // namespace infsim::flow
