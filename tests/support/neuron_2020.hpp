// The profile of the documented limits as plain options, for tests that read no files.
#pragma once

#include "compiler/options.hpp"

namespace infsim::test {

/// configs/compilers/neuron-2020.json. It names every option, as the file does; a test holds the two together.
inline infsim::compiler::CompileOptions neuron_2020() {
    infsim::compiler::CompileOptions o;
    o.name = "neuron-2020";
    o.batching = true;
    o.psum_banks_per_load = 4;
    o.slab_bytes = 4096;
    o.constants_bytes = 0;
    o.whole_copies = o.overlap_stripes = false;
    o.small_image_elements = 256;
    o.fuse_clips = false;
    o.state_buffer_budget = 0;
    o.sb_size = 0;
    o.sb_size_unit = 1024;
    o.in_place_add = true;
    o.pair_images = true;
    o.weights_in_parts = false;
    o.static_weights = false;
    o.reuse_scratch = false;
    o.own_rings = false;
    o.channel_operands = false;
    o.moves_on_chip = false;
    o.packed_constants = false;
    o.turned_transfers = false;
    o.shared_matrices = false;
    o.masked_rows = false;
    o.skip_zero_blocks = false;
    o.stripe_groups = false;
    o.replication = true;
    o.stream_stem = true;
    o.stream_converted_input = false;
    o.stem_stripe_rows = 8;
    o.prefetch = true;
    o.prefetch_depth = 64;
    o.reorder_layers = true;
    o.attention_bytes = 0;
    o.spill = false;
    o.rematerialization = true;
    o.recompute = false;
    o.search_sections = false;
    o.search_only_tight = false;
    o.search_psum_banks = false;
    o.weights_region = 0;
    o.weight_regions = 0;
    o.activations_region = 0;
    return o;
}

}  // namespace infsim::test
