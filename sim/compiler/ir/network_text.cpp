#include "compiler/ir/network_text.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>

#include <fmt/format.h>

#include "base/dtype.hpp"
#include "base/hash.hpp"
#include "compiler/ir/op_text.hpp"
#include "program/text.hpp"

namespace infsim::compiler {

namespace {

/// "3*64,17": three slots of 64 channels, and one of 17.
std::string lanes_text(const std::vector<int>& lanes) {
    std::string text;
    for (auto run = lanes.begin(); run != lanes.end();) {
        const auto end = std::find_if(run, lanes.end(), [&](int n) { return n != *run; });
        text += text.empty() ? "" : ",";
        text += end - run == 1 ? fmt::format("{}", *run) : fmt::format("{}*{}", end - run, *run);
        run = end;
    }
    return text;
}

std::string value_text(ValueId id, const Value& value) {
    const auto& [name, phys, dtype, input, scratch_elements] = value;
    std::string text = fmt::format("v{} {} {}", id.value(), program::quoted(name), dtype_name(dtype));
    if (scratch_elements > 0) text += fmt::format(" scratch={}", scratch_elements);
    else text += fmt::format(" lanes={} plane={}x{}", lanes_text(phys.lanes), phys.rows, phys.cols);
    return input == graph::kNoTensor ? text : text + fmt::format(" input=t{}", input);
}

/// All of a short literal; for a long one, the beginning and a hash of all.
std::string literal_text(const std::vector<float>& values) {
    constexpr std::size_t kShown = 12;
    const auto shown = values.begin() + static_cast<std::ptrdiff_t>(std::min(values.size(), kShown));
    std::string text = fmt::format("{}", fmt::join(values.begin(), shown, ","));
    if (values.size() <= kShown) return text;
    std::string bytes;
    for (float v : values) bytes += fmt::format("{},", v);
    return fmt::format("{},... ({} values, hash {})", text, values.size(), hex_text(hash64(bytes)));
}

std::string layer_text(LayerId id, const Layer& layer) {
    const auto& [name, kind, op, inputs, output, macs] = layer;
    std::string text = fmt::format("l{} {} = {}", id.value(), to_text(output), op_name(op));
    for (const Part& in : inputs) text += " " + to_text(in);
    const std::string fields = op_text(op);
    text += (fields.empty() ? "" : " |") + fields;
    text += fmt::format(" | {} kind={}", program::quoted(name), program::quoted(kind));
    return macs == 0 ? text : text + fmt::format(" macs={}", macs);
}

void write_views(const char* title, const std::vector<View>& views, std::ostream& out) {
    for (std::size_t i = 0; i < views.size(); ++i)
        out << title << ' ' << i << ' '
            << (ValueId(views[i].value).exists() ? to_text(views[i]) : std::string("in device DRAM only")) << '\n';
}

}  // namespace

void write_text(const Network& network, std::ostream& out) {
    const auto& [values, layers, inputs, outputs, literals, slots, stem_layers] = network;
    out << fmt::format("network values={} layers={} stem_layers={}\n", values.size(), layers.size(), stem_layers);
    const auto& [width, ways, region, pe_rows] = slots;
    out << fmt::format("slots width={} ways={} region={} pe_rows={}\n", width, ways, region, pe_rows);
    write_views("input", inputs, out);
    write_views("output", outputs, out);
    ValueId value(0);
    for (const Value& v : values) {
        out << value_text(value, v) << '\n';
        ++value;
    }
    for (std::size_t i = 0; i < literals.size(); ++i)
        out << "literal " << i << ' ' << literal_text(literals[i]) << '\n';
    LayerId layer(0);
    for (const Layer& l : layers) {
        out << layer_text(layer, l) << '\n';
        ++layer;
    }
}

std::string to_text(const Network& network) {
    std::ostringstream out;
    write_text(network, out);
    return out.str();
}

}  // namespace infsim::compiler
