#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/elements.hpp"
#include "base/problems.hpp"
#include "compiler/compile.hpp"
#include "exec/execute.hpp"
#include "exec/segments.hpp"
#include "graph/constants.hpp"
#include "graph/host_tail.hpp"
#include "graph/onnx_import.hpp"
#include "node_case.hpp"
#include "program/races.hpp"
#include "program/verify.hpp"

namespace infsim::onnx_node {

namespace {

using graph::ImportOptions;
using program::Purpose;

constexpr double kRelative = 1e-3, kAbsolute = 1e-7;  // onnx.backend.test's

enum class Bound { none, integers, all_but_first };

/// Every form that the compiler's passes leave is verified.
compiler::CompileExtras verified() {
    compiler::CompileExtras extras;
    extras.verify = true;
    return extras;
}

/// One way of giving the inputs.
struct Manner {
    Bound bound = Bound::none;
    bool batched = false;
};

std::vector<double> doubles(const tensorio::Array& a) {
    std::vector<double> out(static_cast<std::size_t>(tensorio::element_count(a.shape)));
    load_elements(a.dtype, a.bytes.data(), 1, static_cast<std::int64_t>(out.size()), out.data());
    return out;
}

bool is_integer(DType t) { return t == DType::i64 || t == DType::i32; }

std::map<std::string, std::vector<double>> bound_inputs(const DataSet& data, Bound bound) {
    std::map<std::string, std::vector<double>> list;
    for (std::size_t i = 0; i < data.inputs.size(); ++i) {
        const auto& in = data.inputs[i];
        const bool take =
            bound == Bound::all_but_first ? i > 0 : bound == Bound::integers && i > 0 && is_integer(in.array.dtype);
        if (take) list[in.name] = doubles(in.array);
    }
    return list;
}

/// Why the Program is not right; empty when it is.
std::string examine(const program::Program& p) {
    if (const auto findings = program::verify(p, 1); !findings.empty())
        return "verifier: " + program::to_text(p, findings[0]);
    if (const auto races = program::find_races(p, 1); !races.empty()) return "race: " + program::to_text(p, races[0]);
    return {};
}

const tensorio::Array* find(const std::vector<tensorio::NamedArray>& list, const std::string& name) {
    for (const auto& a : list)
        if (a.name == name) return &a.array;
    return nullptr;
}

void fill(const graph::Graph& graph, const program::Program& p, const DataSet& data, exec::ExecState& state) {
    for (std::size_t s = 0; s < p.segments.size(); ++s) {
        const program::Segment& segment = p.segments[s];
        if (segment.purpose == Purpose::input) {
            const tensorio::Array* a = find(data.inputs, segment.name);
            if (a == nullptr) throw InputError(graph.name, segment.name, "no such input in the test's data");
            state.memory.dram[s] =
                exec::fill_input(segment, a->dtype, a->bytes.data(), tensorio::element_count(a->shape));
        } else if (segment.purpose == Purpose::weights || segment.purpose == Purpose::constants) {
            std::vector<std::vector<float>> values;
            for (const std::string& name : segment.tensors) {
                const auto found = std::find_if(graph.tensors.begin(), graph.tensors.end(),
                                                [&](const auto& t) { return t.name == name; });
                values.push_back(
                    graph::evaluate_constant(graph, static_cast<graph::TensorId>(found - graph.tensors.begin())));
            }
            std::vector<exec::FloatSpan> spans;
            for (const auto& v : values) spans.push_back({v.data(), static_cast<std::int64_t>(v.size())});
            state.memory.dram[s] = exec::fill_segment(segment, spans);
        }
    }
}

/// Where an output differs from what is right; empty when it does not.
std::string difference(const tensorio::NamedArray& expected, const std::vector<double>& got) {
    const std::vector<double> right = doubles(expected.array);
    if (right.size() != got.size())
        return fmt::format("{} has {} elements, not {}", expected.name, got.size(), right.size());
    for (std::size_t i = 0; i < right.size(); ++i) {
        const bool same =
            right[i] == got[i] || (std::isnan(right[i]) && std::isnan(got[i])) ||
            (std::isfinite(right[i]) && std::abs(got[i] - right[i]) <= kAbsolute + kRelative * std::abs(right[i]));
        if (!same) return fmt::format("{}[{}] is {}, not {}", expected.name, i, got[i], right[i]);
    }
    return {};
}

std::string run_program(const graph::Graph& graph, const program::Program& p, const DataSet& data) {
    exec::ExecState state(p, exec::Tracking::on);
    fill(graph, p, data, state);
    exec::run_serial(p, state);
    for (std::size_t o = 0; o < data.outputs.size(); ++o) {
        const auto& expected = data.outputs[o];
        const auto segment = std::find_if(p.segments.begin(), p.segments.end(), [&](const auto& s) {
            return s.purpose == Purpose::output && s.name == expected.name;
        });
        if (segment == p.segments.end()) return fmt::format("the program has no output {}", expected.name);
        const auto bytes = exec::read_output(
            *segment, state.memory.dram[static_cast<std::size_t>(segment - p.segments.begin())], DType::fp64);
        std::vector<double> got(bytes.size() / 8);
        load_elements(DType::fp64, bytes.data(), 1, static_cast<std::int64_t>(got.size()), got.data());
        if (auto text = difference(expected, got); !text.empty()) return text;
    }
    return {};
}

/// An output that depends on no input that is given at run time; empty when there is none.
std::string known_output(const graph::Graph& graph, const DataSet& data) {
    std::vector<bool> live(graph.tensors.size(), false);
    for (const graph::TensorId id : graph.inputs) live[static_cast<std::size_t>(id)] = true;
    for (const graph::Node& node : graph.nodes) {
        const bool any = std::any_of(node.inputs.begin(), node.inputs.end(), [&](graph::TensorId id) {
            return id != graph::kNoTensor && live[static_cast<std::size_t>(id)];
        });
        for (const graph::TensorId id : node.outputs)
            if (id != graph::kNoTensor) live[static_cast<std::size_t>(id)] = any;
    }
    for (const auto& expected : data.outputs) {
        const auto found = std::find_if(graph.outputs.begin(), graph.outputs.end(),
                                        [&](graph::TensorId id) { return graph.tensor(id).name == expected.name; });
        if (found == graph.outputs.end() || !live[static_cast<std::size_t>(*found)]) return expected.name;
    }
    return {};
}

/// What the host computes, with nothing in front of it on the chip; empty where it is right.
std::string run_on_host(const graph::HostTail& tail, const DataSet& data) {
    std::vector<graph::HostSource> sources;
    for (const auto& source : tail.sources) {
        const tensorio::Array* a = find(data.inputs, source.tensor);
        if (a == nullptr) throw InputError(tail.file, source.tensor, "no such input in the test's data");
        sources.push_back({source.name, {doubles(*a)}});
    }
    const auto results = graph::run_host_tail(tail, sources, 1);
    for (const auto& expected : data.outputs) {
        const auto got =
            std::find_if(results.begin(), results.end(), [&](const auto& r) { return r.name == expected.name; });
        if (got == results.end()) return fmt::format("the host has no output {}", expected.name);
        if (got->shape != expected.array.shape) return fmt::format("{} has another shape", expected.name);
        if (auto text = difference(expected, got->values); !text.empty()) return text;
    }
    return {};
}

struct Attempt {
    bool on_host = false;
    bool compiled = false;
    std::string problem;  ///< why it did not compile, or what was wrong
};

Attempt attempt(const NodeCase& c, const Manner& manner, const hw::ChipSpec& chip) {
    Attempt result;
    for (const DataSet& data : c.data) {
        ImportOptions options;
        options.batch = manner.batched ? ImportOptions::Batch::auto_leading : ImportOptions::Batch::whole;
        options.bound_inputs = bound_inputs(data, manner.bound);
        options.host_operators = {graph::host_operators().begin(), graph::host_operators().end()};
        std::optional<compiler::CompileResult> compiled;
        std::optional<graph::Graph> graph;
        try {
            graph = graph::import_onnx(c.model, options);
            if (graph->host) {
                if (!graph->nodes.empty()) throw InputError(c.name, "", "runs on both, chip and host");
                result.on_host = result.compiled = true;
                result.problem = run_on_host(*graph->host, data);
                if (!result.problem.empty()) return result;
                continue;
            }
            int batch = 1;
            if (manner.batched && graph->batchable && !graph->inputs.empty())
                if (const auto* first = find(data.inputs, graph->tensor(graph->inputs[0]).name);
                    first != nullptr && !first->shape.empty())
                    batch = static_cast<int>(first->shape[0]);
            for (const graph::TensorId id : graph->inputs) {
                const auto& tensor = graph->tensor(id);
                const auto* given = find(data.inputs, tensor.name);
                if (given != nullptr &&
                    tensorio::element_count(given->shape) !=
                        graph::element_count(tensor.shape) * (graph->batchable && tensor.batched ? batch : 1))
                    throw InputError(c.name, "input " + tensor.name, "is given another number of elements");
            }
            if (const auto known = known_output(*graph, data); !known.empty())
                throw InputError(c.name, "output " + known, "is known when compiling; nothing on the chip computes it");
            compiled = compiler::compile(*graph, chip, batch, DType::fp32, DType::fp32, {}, verified());
        } catch (const InputError& e) {
            const Problem& p = e.problems().front();
            result.problem = p.where + ": " + p.what;
            return result;
        }
        if (const auto* no = std::get_if<compiler::DoesNotFit>(&*compiled)) {
            result.problem = no->text.substr(0, no->text.find(';'));
            return result;
        }
        result.compiled = true;
        const auto& program = std::get<compiler::Compiled>(*compiled).program;
        result.problem = examine(program);
        if (result.problem.empty()) result.problem = run_program(*graph, program, data);
        if (!result.problem.empty()) return result;
    }
    return result;
}

}  // namespace

Outcome run_case(const NodeCase& c, const hw::ChipSpec& chip) {
    if (!c.unreadable.empty()) return {false, c.unreadable};
    std::string first_problem;
    for (const bool batched : {false, true})
        for (const Bound bound : {Bound::none, Bound::integers, Bound::all_but_first}) {
            if (bound != Bound::none &&
                (c.data[0].inputs.size() < 2 || (bound == Bound::integers && bound_inputs(c.data[0], bound).empty())))
                continue;
            Attempt a;
            try {
                a = attempt(c, {bound, batched}, chip);
            } catch (const InternalError& e) {
                return {false, std::string("fault: ") + e.what(), true};
            }
            if (a.compiled && a.problem.empty()) {
                static constexpr const char* kBound[] = {"", "integer inputs constant",
                                                         "inputs but the first constant"};
                std::string how = kBound[static_cast<int>(bound)];
                if (batched) how += how.empty() ? "batched" : ", batched";
                if (a.on_host) how += how.empty() ? "on the host" : ", on the host";
                return {true, how, false, a.on_host};
            }
            if (a.compiled) return {false, a.problem, true};
            // What the widest binding says is what stands in the way in the end.
            if (first_problem.empty() || !batched) first_problem = a.problem;
        }
    return {false, first_problem};
}

}  // namespace infsim::onnx_node
