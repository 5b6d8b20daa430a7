// Options of the compiler as a user might combine them, and what a failing test shows of them and of its graph.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "compiler/options.hpp"
#include "graph/graph.hpp"
#include "hw/spec.hpp"

namespace infsim::test {

/// Any combination that a user may ask for.
inline compiler::CompileOptions random_options(RandomStream& random, const hw::ChipSpec& chip) {
    const auto one_in = [&](int n) { return random.uniform_int(1, n) == 1; };
    compiler::CompileOptions o;
    o.batching = !one_in(4);
    o.psum_banks_per_load = static_cast<int>(random.uniform_int(1, chip.psum.banks));
    o.slab_bytes = std::int64_t{256} << random.uniform_int(0, 6);
    o.small_image_elements = static_cast<int>(random.uniform_int(0, 3) * random.uniform_int(0, 200));
    o.in_place_add = !one_in(3);
    o.pair_images = !one_in(3);
    o.replication = !one_in(3);
    o.stream_stem = !one_in(3);
    o.stem_stripe_rows = static_cast<int>(random.uniform_int(1, 9));
    o.spill = random.uniform_int(0, 3) != 0;
    o.rematerialization = random.uniform_int(0, 3) != 0;
    o.recompute = random.uniform_int(0, 3) != 0;
    o.search_sections = random.uniform_int(0, 2) == 0;
    o.search_only_tight = one_in(2);
    o.search_psum_banks = random.uniform_int(0, 2) == 0;
    o.prefetch = !one_in(3);
    o.prefetch_depth = static_cast<int>(one_in(2) ? 64 : random.uniform_int(1, 6));
    o.reorder_layers = !one_in(3);
    o.weights_region = static_cast<int>(random.uniform_int(0, 1));
    o.weight_regions = static_cast<int>(random.uniform_int(0, 2));
    o.activations_region = static_cast<int>(random.uniform_int(0, 1));
    o.skip_zero_blocks = !one_in(3);
    o.fuse_clips = !one_in(3);
    o.stripe_groups = !one_in(3);
    o.attention_bytes = std::int64_t{64} * random.uniform_int(0, 4);
    o.static_weights = one_in(3);
    o.reuse_scratch = true;  // changes nothing unless device DRAM is small: not drawn, so that all else stays as it was
    o.own_rings = one_in(2);
    return o;
}

inline std::string to_text(const compiler::CompileOptions& o) {
    return "batching=" + std::to_string(o.batching) + " spill=" + std::to_string(o.spill) +
           " remat=" + std::to_string(o.rematerialization) + " recompute=" + std::to_string(o.recompute) +
           " sections=" + std::to_string(o.search_sections) + " only tight=" + std::to_string(o.search_only_tight) +
           " choose banks=" + std::to_string(o.search_psum_banks) + " banks=" + std::to_string(o.psum_banks_per_load) +
           " slab=" + std::to_string(o.slab_bytes) + " small=" + std::to_string(o.small_image_elements) +
           " in_place=" + std::to_string(o.in_place_add) + " pair=" + std::to_string(o.pair_images) +
           " replication=" + std::to_string(o.replication) + " stream=" + std::to_string(o.stream_stem) +
           " stripe=" + std::to_string(o.stem_stripe_rows) + " prefetch=" + std::to_string(o.prefetch) +
           " depth=" + std::to_string(o.prefetch_depth) + " reorder=" + std::to_string(o.reorder_layers) +
           " skip_zero_blocks=" + std::to_string(o.skip_zero_blocks) +
           " stripe_groups=" + std::to_string(o.stripe_groups) + " fuse_clips=" + std::to_string(o.fuse_clips) +
           " attention=" + std::to_string(o.attention_bytes) + " static_weights=" + std::to_string(o.static_weights) +
           " reuse_scratch=" + std::to_string(o.reuse_scratch) + " own_rings=" + std::to_string(o.own_rings) +
           " budget=" + std::to_string(o.state_buffer_budget);
}

/// The graph, one node a line: what a failing test shows.
inline std::string to_text(const graph::Graph& g) {
    std::string text;
    const auto tensor = [&](graph::TensorId id) {
        std::string s = g.tensor(id).name + "[";
        for (std::int64_t e : g.tensor(id).shape) s += std::to_string(e) + " ";
        return s + "] ";
    };
    for (const graph::Node& n : g.nodes) {
        text += std::string(graph::op_name(n.op)) + ": ";
        for (graph::TensorId in : n.inputs)
            if (in != graph::kNoTensor) text += tensor(in);
        text += "-> " + tensor(n.outputs[0]);
        for (const auto& [key, value] : n.attributes)
            if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
                text += key + "=";
                for (std::int64_t v : *list) text += std::to_string(v) + ",";
                text += " ";
            } else if (const auto* one = std::get_if<std::int64_t>(&value)) {
                text += key + "=" + std::to_string(*one) + " ";
            }
        text += "\n";
    }
    return text;
}

}  // namespace infsim::test
