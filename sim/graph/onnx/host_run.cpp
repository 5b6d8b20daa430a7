// Computes the host's part: imports the model again, with values for the sources.
#include <algorithm>

#include <fmt/format.h>

#include "graph/onnx/run.hpp"

namespace infsim::graph {
namespace {

/// Concatenates items into the batch of the model: each has `rows` parts, and the batch is inside each part.
std::vector<double> as_batch(const std::vector<std::vector<double>>& items, std::int64_t rows) {
    if (items.size() == 1) return items.front();
    const auto part = static_cast<std::ptrdiff_t>(items.front().size()) / rows;
    std::vector<double> out;
    for (std::ptrdiff_t row = 0; row < rows; ++row)
        for (const auto& item : items)
            out.insert(out.end(), item.begin() + row * part, item.begin() + (row + 1) * part);
    return out;
}

/// Combines the results of items: stacked like the chip's outputs, or separate if shapes depend on data.
void collect(std::vector<HostResult>& all, std::vector<std::vector<HostResult>> items, const HostTail& tail) {
    for (std::size_t r = 0; r < items.front().size(); ++r) {
        auto& first = items.front()[r];
        const auto is_it = [&](const HostTail::Result& result) { return result.name == first.name; };
        const bool open = std::find_if(tail.results.begin(), tail.results.end(), is_it)->open;
        if (items.size() > 1 && open) {
            for (std::size_t i = 0; i < items.size(); ++i) {
                all.push_back(std::move(items[i][r]));
                all.back().name += fmt::format("[{}]", i);
            }
            continue;
        }
        const auto count = static_cast<std::int64_t>(items.size());
        if (!open && !first.shape.empty() && first.shape[0] == 1) first.shape[0] = count;
        else if (count > 1) first.shape.insert(first.shape.begin(), count);
        for (std::size_t i = 1; i < items.size(); ++i)
            first.values.insert(first.values.end(), items[i][r].values.begin(), items[i][r].values.end());
        all.push_back(std::move(first));
    }
}

}  // namespace

std::vector<HostResult> run_host_tail(const HostTail& tail, const std::vector<HostSource>& sources, int batch) {
    using namespace onnx_import;
    const auto file = read_onnx(tail.file);
    auto plan = plan_batch(file, tail.options);
    plan.items = false;
    if (tail.whole_batch) {
        plan.extent = batch;
        plan.forced = true;
    }
    const auto rows_of = [&](const std::string& name) {
        const auto is_it = [&](const HostTail::Source& source) { return source.name == name; };
        return std::find_if(tail.sources.begin(), tail.sources.end(), is_it)->rows;
    };
    std::vector<std::vector<HostResult>> runs;
    for (std::size_t i = 0; i < (tail.whole_batch ? 1 : static_cast<std::size_t>(batch)); ++i) {
        SourceValues values;
        for (const auto& [name, items] : sources)
            values[name] = tail.whole_batch ? as_batch(items, rows_of(name)) : items[items.size() > 1 ? i : 0];
        Problems problems;
        runs.push_back(Run(file, tail.options, plan, problems, &values).host_results());
        problems.throw_if_any();
    }
    std::vector<HostResult> all;
    if (tail.whole_batch) all = std::move(runs.front());
    else collect(all, std::move(runs), tail);
    return all;
}

}  // namespace infsim::graph
