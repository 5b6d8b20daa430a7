#include "graph/einsum.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "graph/infer_rules.hpp"

namespace infsim::graph {
namespace {

using rules::require;

std::vector<std::string> split_terms(const std::string& text) {
    std::vector<std::string> terms(1);
    for (const char ch : text) {
        if (ch == ',') terms.emplace_back();
        else terms.back() += ch;
    }
    return terms;
}

/// Replaces "..." by labels for `axes` axes; they align at the right, so the last is always '9'.
std::string expand_ellipsis(const std::string& term, std::size_t axes) {
    const auto at = term.find("...");
    if (at == std::string::npos) return term;
    std::string labels;
    for (std::size_t i = 0; i < axes; ++i) labels += static_cast<char>('9' - static_cast<int>(axes - 1 - i));
    return term.substr(0, at) + labels + term.substr(at + 3);
}

std::string implicit_output(const std::vector<std::string>& operands) {
    std::map<char, int> uses;
    for (const auto& term : operands)
        for (const char label : term) ++uses[label];
    std::string output;
    for (const auto& [label, count] : uses)  // digits (the ellipsis) sort before letters
        if (count == 1 || (label >= '0' && label <= '9')) output += label;
    return output;
}

}  // namespace

EinsumEquation parse_einsum(const std::string& equation, const std::vector<Shape>& shapes) {
    std::string text;
    std::copy_if(equation.begin(), equation.end(), std::back_inserter(text), [](char ch) { return ch != ' '; });
    const auto arrow = text.find("->");
    auto terms = split_terms(text.substr(0, arrow));
    require(terms.size() == shapes.size(),
            fmt::format("equation '{}' is for {} operands, not {}", equation, terms.size(), shapes.size()));
    EinsumEquation result;
    std::size_t widest = 0;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const bool dots = terms[i].find("...") != std::string::npos;
        const auto named = terms[i].size() - (dots ? 3 : 0);
        require(dots ? named <= shapes[i].size() && shapes[i].size() - named <= 10 : named == shapes[i].size(),
                fmt::format("term '{}' does not fit {}", terms[i], rules::to_text(shapes[i])));
        if (dots) widest = std::max(widest, shapes[i].size() - named);
        result.operands.push_back(expand_ellipsis(terms[i], shapes[i].size() - named));
        for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
            const auto [at, fresh] = result.extents.emplace(result.operands[i][axis], shapes[i][axis]);
            require(fresh || at->second == shapes[i][axis] || shapes[i][axis] == 1 || at->second == 1,
                    fmt::format("label '{}' has extents {} and {}", at->first, at->second, shapes[i][axis]));
            at->second = std::max(at->second, shapes[i][axis]);
        }
    }
    result.output =
        arrow == std::string::npos ? implicit_output(result.operands) : expand_ellipsis(text.substr(arrow + 2), widest);
    for (const char label : result.output)
        require(result.extents.count(label) == 1, fmt::format("no operand has label '{}'", label));
    return result;
}

namespace rules {

Outputs einsum(Context& c) {
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
        require(c.has(i), fmt::format("lacks input {}", i));
        shapes.push_back(c.in(i).shape);
    }
    const auto equation = parse_einsum(attribute_string(c.node, "equation"), shapes);
    Shape shape;
    for (const char label : equation.output) shape.push_back(equation.extents.at(label));
    char batch_label = 0;
    std::optional<BatchPlace> place;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
        if (!c.in(i).place) continue;
        const char label = equation.operands[i][static_cast<std::size_t>(c.in(i).place->axis)];
        if (batch_label != 0 && label != batch_label) c.mix("its operands have their batches on different labels");
        if (std::count(equation.operands[i].begin(), equation.operands[i].end(), label) > 1)
            c.mix("it takes a diagonal over the batch");
        batch_label = label;
        place = c.in(i).place;
    }
    if (place) {
        const auto at = equation.output.find(batch_label);
        if (at == std::string::npos) c.mix("it sums over the batch");
        else place->axis = static_cast<int>(at);
        for (std::size_t i = 0; i < c.inputs.size(); ++i) {
            const auto own = equation.operands[i].find(batch_label);
            if (own == std::string::npos) continue;
            if (c.batch > 1 && !c.in(i).batched && shapes[i][own] != 1) c.mix("a constant operand spans the batch");
        }
    }
    return {output(c, shape, place)};
}

}  // namespace rules
}  // namespace infsim::graph
