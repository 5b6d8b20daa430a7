// What a user can ask of the compiler: plain values, one group per pass. configs/compilers/*.json is their file form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// The defaults: every layer on the whole batch, without a search (configs/compilers/layer_by_layer.json).
struct CompileOptions {
    std::string name = "layer_by_layer";

    /// batch: true reads each layer's weights once and uses them for all images; false runs image after image
    /// and reads the weights again for each.
    bool batching = true;

    /// tile: PSUM banks that one stationary load serves, at most all banks. Half of them leaves the other half for
    /// evacuation.
    int psum_banks_per_load = 4;
    /// tile: bytes per partition of a weight slab; several groups of output columns share one slab up to this size.
    std::int64_t slab_bytes = 4096;
    /// tile: images of at most this many elements per channel are stored and computed several at a time.
    int small_image_elements = 256;

    /// tile: a clip from zero to a number after a convolution happens while its sums leave PSUM.
    bool fuse_clips = true;

    /// place: bytes of state buffer per partition that the compiler may use; 0: all the chip has.
    std::int64_t state_buffer_budget = 0;
    /// place: the same bound in the terms of Neuron's scheduler, in units of `sb_size_unit`; 0: no such bound. The
    /// actual unit is not public; KiB per partition fits the magnitudes.
    int sb_size = 0;
    std::int64_t sb_size_unit = 1024;  ///< bytes per partition
    /// place: the output of a residual add takes the place of its residual input.
    bool in_place_add = true;
    /// place: two images of a tensor with at most half the partitions' channels share one range of addresses.
    bool pair_images = true;
    /// place: weights of 64 outputs that no plan can hold arrive in parts, one after the other.
    bool weights_in_parts = true;
    /// place: weights stay on the chip from inference to inference, as far as there is space and an inference is
    /// not estimated to be slower for it. Only for a core that runs nothing but this Program.
    bool static_weights = false;
    /// place: where device DRAM has no scratch space for all images that change their layout there, later images take
    /// the places of earlier ones.
    bool reuse_scratch = false;
    /// place: stores, and copies of weights to the other half of the partitions, have DMA rings of their own: a ring
    /// moves in order, and neither should hold up what brings the next images on chip.
    bool own_rings = false;

    /// groups: in a grouped convolution, blocks of weights without a group are neither loaded nor multiplied.
    bool skip_zero_blocks = true;

    /// groups: a grouped convolution whose input would fill most of the state buffer may run in stripes of rows,
    /// together with the convolutions around it.
    bool stripe_groups = true;

    /// replicate: copy a low-channel graph input to idle partitions, so that all rows of a filter run in one pass.
    bool replication = true;

    /// stem: the layers from a graph input to the first pooling layer run in stripes of rows.
    bool stream_stem = true;
    /// stem: an input that is converted on the chip streams like any other. false: its conversion, together with
    /// replication, is a layer of its own that runs for the whole batch before the first convolution starts, and its
    /// result is held whole.
    bool stream_converted_input = true;
    /// stem: the window of a stripe holds only the rows that the stripe reads, ACT moves the rows shared with the
    /// previous stripe, and a DMA brings the zeros of the padding. false: the window also holds what earlier rows have
    /// read, and POOL does it all, after the previous stripe.
    bool overlap_stripes = true;
    /// stem: rows of the stem's last layer per stripe.
    int stem_stripe_rows = 4;

    /// prefetch: loads start as early as space and queues allow; false: right before their first use.
    bool prefetch = true;
    /// prefetch: how many loads ahead of their first use may be started.
    int prefetch_depth = 64;

    /// lower: a tensor of one element per channel, combined with a whole tensor, is a scalar per partition; false: it
    /// is repeated over the plane through device DRAM.
    bool channel_operands = true;
    /// lower: what only moves elements within their partitions (slices, padding, concatenation, repetition of rows and
    /// columns) is copied on the chip; false: through device DRAM.
    bool moves_on_chip = true;
    /// lower: constants that layers fetch as operands lie in device DRAM in the order of the chip; false: row-major, as
    /// in the model, and read element by element if the chip wants another order.
    bool packed_constants = true;
    /// lower: if the rows of a tensor lie across the partitions, the PE transposes it before it goes to device DRAM or
    /// after it comes from there; false: it moves element by element.
    bool turned_transfers = true;

    /// lower: several matrices multiplied by the same one are a single product of all their rows; false: matrix by
    /// matrix, and the shared one is read again for each.
    bool shared_matrices = true;
    /// lower: a Where whose conditions are a row over the columns (masked_fill) repeats them on the partitions once;
    /// false: element by element through device DRAM.
    bool masked_rows = true;

    /// tile: per-channel constants of nearby layers arrive in one load of at most this many bytes per partition; 0: a
    /// separate load for each layer.
    std::int64_t constants_bytes = 512;
    /// replicate: if a filter skips rows, a copy that holds all rows moves in fewer and longer runs, and is used if the
    /// chip moves it faster; false: copies hold only the rows where the filter starts.
    bool whole_copies = true;

    /// order: layers between two single-tensor cuts are ordered for the smallest peak; false: order of the model.
    bool reorder_layers = true;
    /// order: the intermediates of an attention (scores, weights) take at most this many bytes of a partition: some
    /// heads run, then the next ones. 0: all heads together.
    std::int64_t attention_bytes = 8192;

    /// spill: if the live buffers exceed the budget, some of them are written to device DRAM and read back in time.
    bool spill = true;
    /// rematerialize: what device DRAM still holds (weights, constants, inputs) may be dropped and its load issued
    /// again.
    bool rematerialization = true;
    /// rematerialize: what ACT and POOL can recompute faster than device DRAM could save and return it may be dropped
    /// and recomputed. No effect without `rematerialization`.
    bool recompute = true;

    /// search: layers may run in sections over some of the images at a time, if that is estimated to be faster or is
    /// the only way to fit.
    bool search_sections = false;
    /// search: use sections only if the batch does not fit as it is, and judge them on few images where that is enough.
    bool search_only_tight = false;
    /// search: PSUM banks per stationary load are chosen layer by layer.
    bool search_psum_banks = false;

    /// DRAM region (of the core's own) that weights go to / that inputs, outputs and the rest go to.
    int weights_region = 0;
    /// Regions, from weights_region on, over which the weights of every layer are spread; 0: all the core has.
    int weight_regions = 0;
    int activations_region = 0;

    /// host: operators that the chip cannot run and that the host may run, with everything that reads their results; a
    /// network with other such operators is refused. The compiled network ends where the host's part begins.
    std::vector<std::string> host_operators{"NonMaxSuppression", "NonZero", "TopK"};

    /// Optional passes that run, by name.
    std::vector<std::string> optional_passes;
    /// Passes to leave out, by name: order, replicate, stem, prefetch, spill, rematerialize. None of them is needed for
    /// a correct Program.
    std::vector<std::string> skip_passes;
};

/// The best that this compiler does within seconds (configs/compilers/default.json): if the batch does not fit as it
/// is, it searches for parts that run on some of the images.
CompileOptions default_options();

/// The options with `skip_passes` applied. Adds a problem for every value that `target` does not allow, located by the
/// name of the option.
CompileOptions resolved(CompileOptions options, const program::Target& target, Problems& problems);

}  // namespace infsim::compiler
