// From a Graph to numbers: compile, check, fill the segments, execute in serial order, read the outputs.
#pragma once

#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "base/problems.hpp"
#include "base/random.hpp"
#include "compiler/compile.hpp"
#include "exec/execute.hpp"
#include "exec/segments.hpp"
#include "graph/constants.hpp"
#include "hw/load.hpp"
#include "program/races.hpp"
#include "program/verify.hpp"
#include "support/source_folder.hpp"
#include "support/verified.hpp"

namespace infsim::test {

/// The default chip, read from configs/.
inline hw::ChipSpec default_chip() {
    Problems problems;
    const auto chip = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
    problems.throw_if_any();
    return chip->spec;
}

enum class Numbers { real, small_integers };

/// Constants by name; inputs in graph order, one vector per image.
struct Data {
    std::map<std::string, std::vector<float>> constants;
    std::vector<std::vector<std::vector<float>>> inputs;  ///< [image][input][element]
};

/// About four non-zero integers per output of a layer, so that sums stay exact through many layers.
inline std::vector<float> sparse_integers(const graph::Tensor& t, std::uint64_t seed) {
    std::int64_t fan_in = 1;
    for (std::size_t a = 0; a < t.shape.size(); ++a)
        if (t.shape.size() == 2 ? a == 0 : a > 0) fan_in *= t.shape[a];
    RandomStream random(seed, "sparse " + t.name);
    std::vector<float> values(static_cast<std::size_t>(graph::element_count(t.shape)));
    for (float& v : values)
        if (random.uniform_int(0, fan_in - 1) < 4) v = static_cast<float>(random.uniform_int(0, 1) * 2 - 1);
    return values;
}

/// Image i has the same values in every batch.
inline Data make_data(const graph::Graph& graph, int batch, std::uint64_t seed, Numbers numbers) {
    Data data;
    for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
        const graph::Tensor& t = graph.tensors[id];
        if (t.kind != graph::TensorKind::constant) continue;
        const bool given = !std::holds_alternative<graph::Absent>(*t.constant);
        if (numbers == Numbers::small_integers && !given) data.constants[t.name] = sparse_integers(t, seed);
        else data.constants[t.name] = graph::evaluate_constant(graph, static_cast<graph::TensorId>(id), {seed, false});
    }
    data.inputs.resize(static_cast<std::size_t>(batch));
    for (int image = 0; image < batch; ++image)
        for (graph::TensorId id : graph.inputs) {
            RandomStream random(seed, graph.tensor(id).name + " of image " + std::to_string(image));
            std::vector<float> values(static_cast<std::size_t>(graph::element_count(graph.tensor(id).shape)));
            const bool index = graph.tensor(id).dtype == DType::i64;  // of one of the first rows of a table
            for (float& v : values)
                v = static_cast<float>(index                      ? static_cast<double>(random.uniform_int(0, 3))
                                       : numbers == Numbers::real ? random.normal(0, 1)
                                                                  : static_cast<double>(random.uniform_int(-3, 3)));
            data.inputs[static_cast<std::size_t>(image)].push_back(std::move(values));
        }
    return data;
}

/// Everything that verifier and race check have to say, one finding a line; empty for a good Program.
inline std::string complaints(const program::Program& program) {
    std::string text;
    for (const auto& finding : program::verify(program, 5)) text += program::to_text(program, finding) + "\n";
    if (!text.empty()) return text;
    for (const auto& race : program::find_races(program, 5)) text += program::to_text(program, race) + "\n";
    return text;
}

/// Fills the segments, with images first_image.. of `data`.
inline void fill_segments(const graph::Graph& graph, const program::Program& program, const Data& data, int first_image,
                          exec::ExecState& state) {
    for (std::size_t s = 0; s < program.segments.size(); ++s) {
        const program::Segment& segment = program.segments[s];
        if (segment.purpose == program::Purpose::input) {
            std::vector<float> all;
            for (std::size_t i = 0; i < graph.inputs.size(); ++i)
                if (graph.tensor(graph.inputs[i]).name == segment.name)
                    for (int b = 0; b < program.batch; ++b) {
                        const auto& one = data.inputs[static_cast<std::size_t>(first_image + b)][i];
                        all.insert(all.end(), one.begin(), one.end());
                    }
            state.memory.dram[s] =
                exec::fill_input(segment, DType::fp32, reinterpret_cast<const std::byte*>(all.data()),
                                 static_cast<std::int64_t>(all.size()));
        } else if (segment.purpose == program::Purpose::weights || segment.purpose == program::Purpose::constants) {
            std::vector<exec::FloatSpan> spans;
            for (const std::string& name : segment.tensors) {
                const auto& values = data.constants.at(name);
                spans.push_back({values.data(), static_cast<std::int64_t>(values.size())});
            }
            state.memory.dram[s] = exec::fill_segment(segment, spans);
        }
    }
}

/// Outputs [image][output][element] of the program run on images first_image.. of `data`, with poison tracking.
inline std::vector<std::vector<std::vector<float>>> run(const graph::Graph& graph, const program::Program& program,
                                                        const Data& data, int first_image = 0) {
    exec::ExecState state(program, exec::Tracking::on);
    fill_segments(graph, program, data, first_image, state);
    exec::run_serial(program, state);
    std::vector<std::vector<std::vector<float>>> outputs(static_cast<std::size_t>(program.batch));
    for (graph::TensorId id : graph.outputs)
        for (std::size_t s = 0; s < program.segments.size(); ++s) {
            const program::Segment& segment = program.segments[s];
            if (segment.purpose != program::Purpose::output || segment.name != graph.tensor(id).name) continue;
            const auto bytes = exec::read_output(segment, state.memory.dram[s], DType::fp32);
            const std::size_t item = bytes.size() / 4 / static_cast<std::size_t>(program.batch);
            for (std::size_t b = 0; b < outputs.size(); ++b) {
                std::vector<float> values(item);
                std::memcpy(values.data(), bytes.data() + b * item * 4, item * 4);
                outputs[b].push_back(std::move(values));
            }
        }
    return outputs;
}

/// The Program, or an exception with the reason why it does not fit.
inline compiler::Compiled compiled(const graph::Graph& graph, int batch, const compiler::CompileOptions& options = {},
                                   DType dtype = DType::fp16, const hw::ChipSpec& chip = default_chip()) {
    auto result = compiler::compile(graph, chip, batch, dtype, dtype, options, verified());
    if (auto* no = std::get_if<compiler::DoesNotFit>(&result)) throw std::runtime_error(no->text);
    return std::move(std::get<compiler::Compiled>(result));
}

}  // namespace infsim::test
