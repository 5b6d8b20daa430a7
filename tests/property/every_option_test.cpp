// Whatever the compiler is asked to do differently, the numbers stay.
#include <functional>

#include "checks.hpp"
#include "compiler/pass_names.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::CompileOptions;

namespace {

struct Variant {
    std::string what;
    std::function<void(CompileOptions&)> change;
};

template <class T>
void add(std::vector<Variant>& variants, const char* name, T CompileOptions::*option, std::initializer_list<T> values) {
    for (const T& value : values)
        variants.push_back({std::string(name) + " variant " + std::to_string(variants.size()),
                            [option, value](CompileOptions& o) { o.*option = value; }});
}

/// Every option with the values worth trying. `resident_bytes`: what the network needs without spilling.
std::vector<Variant> variants(std::int64_t resident_bytes) {
    // An option that is new does not fit these names: give it its variants below, too. What runs on the host is decided
    // while a file is read, before the compiler.
    [[maybe_unused]] const auto& [name, batching, psum_banks_per_load, slab_bytes, small_image_elements, fuse_clips,
                                  state_buffer_budget, sb_size, sb_size_unit, in_place_add, pair_images,
                                  weights_in_parts, static_weights, reuse_scratch, own_rings, skip_zero_blocks,
                                  stripe_groups, replication, stream_stem, stream_converted_input, stem_stripe_rows,
                                  prefetch, prefetch_depth, channel_operands, moves_on_chip, packed_constants,
                                  turned_transfers, shared_matrices, masked_rows, constants_bytes, whole_copies,
                                  overlap_stripes, reorder_layers, attention_bytes, spill, rematerialization, recompute,
                                  search_sections, search_only_tight, search_psum_banks, weights_region, weight_regions,
                                  activations_region, host_operators, optional_passes, skip_passes] = CompileOptions{};
    using O = CompileOptions;
    std::vector<Variant> all;
    add(all, "batching", &O::batching, {false});
    add(all, "psum_banks_per_load", &O::psum_banks_per_load, {1, 2, 8});
    add(all, "slab_bytes", &O::slab_bytes, {std::int64_t{128}, std::int64_t{1024}, std::int64_t{32768}});
    add(all, "small_image_elements", &O::small_image_elements, {0, 64, 4096});
    add(all, "state_buffer_budget", &O::state_buffer_budget,
        {resident_bytes, resident_bytes * 9 / 10, resident_bytes * 8 / 10});
    add(all, "sb_size", &O::sb_size, {static_cast<int>(resident_bytes / 1024), 90});
    add(all, "in_place_add", &O::in_place_add, {false});
    add(all, "pair_images", &O::pair_images, {false});
    add(all, "channel_operands", &O::channel_operands, {false});
    add(all, "moves_on_chip", &O::moves_on_chip, {false});
    add(all, "packed_constants", &O::packed_constants, {false});
    add(all, "turned_transfers", &O::turned_transfers, {false});
    add(all, "shared_matrices", &O::shared_matrices, {false});
    add(all, "constants_bytes", &O::constants_bytes, {std::int64_t{0}, std::int64_t{24}, std::int64_t{8192}});
    add(all, "whole_copies", &O::whole_copies, {false});
    add(all, "overlap_stripes", &O::overlap_stripes, {false});
    add(all, "masked_rows", &O::masked_rows, {false});
    all.push_back({"only_tight", [](CompileOptions& o) { o.search_sections = o.search_only_tight = true; }});
    add(all, "weights_in_parts", &O::weights_in_parts, {false});
    add(all, "static_weights", &O::static_weights, {true});
    add(all, "reuse_scratch", &O::reuse_scratch, {true});
    add(all, "own_rings", &O::own_rings, {true});
    add(all, "fuse_clips", &O::fuse_clips, {false});
    add(all, "skip_zero_blocks", &O::skip_zero_blocks, {false});
    add(all, "stripe_groups", &O::stripe_groups, {false});
    add(all, "replication", &O::replication, {false});
    add(all, "stream_stem", &O::stream_stem, {false});
    add(all, "stream_converted_input", &O::stream_converted_input, {false});
    add(all, "stem_stripe_rows", &O::stem_stripe_rows, {1, 3, 100});
    add(all, "prefetch", &O::prefetch, {false});
    add(all, "prefetch_depth", &O::prefetch_depth, {1, 7, 1000});
    add(all, "reorder_layers", &O::reorder_layers, {false});
    add(all, "attention_bytes", &O::attention_bytes, {std::int64_t{0}, std::int64_t{1}});
    add(all, "spill", &O::spill, {false});
    add(all, "rematerialization", &O::rematerialization, {true, false});
    add(all, "recompute", &O::recompute, {false});
    add(all, "search_sections", &O::search_sections, {true});
    add(all, "search_psum_banks", &O::search_psum_banks, {true});
    add(all, "weights_region", &O::weights_region, {1});
    add(all, "weight_regions", &O::weight_regions, {1, 2});
    add(all, "activations_region", &O::activations_region, {1});
    for (const char* pass : {"order", "replicate", "stem", "prefetch", "spill", "rematerialize"})
        all.push_back({std::string("without pass ") + pass, [pass](O& o) { o.skip_passes = {pass}; }});
    for (const std::string& pass : compiler::optional_pass_names())
        all.push_back({"with pass " + pass, [pass](O& o) { o.optional_passes = {pass}; }});
    return all;
}

/// A stem, residual stages with a projection, branches that come together: something for every option.
graph::Graph network() {
    Net net("every option");
    TensorId x = net.input({1, 3, 33, 29});
    x = net.max_pool(net.relu(net.conv(x, 48, Window::square(7, 2, 3))), Window::square(3, 2, 1));
    x = bottleneck(net, x, 16, 1, true, true);
    x = bottleneck(net, x, 16, 1, true, false);
    x = bottleneck(net, x, 32, 2, true, true);
    x = net.clip(net.conv(x, 128, Window::square(3, 1, 1), true, 128), 0, 6);
    x = net.concat({net.conv(x, 40, Window::square(1)), net.conv(x, 24, Window::square(3, 1, 1))}, 1);
    return net.finish({net.dense(net.flatten(net.unary(graph::Op::global_max_pool, x)), 10)});
}

/// The numbers of every variant of `base`. How many of them moved buffers to device DRAM and back.
int check_all(const CompileOptions& base, std::int64_t resident_bytes, const Outputs& right, const Data& data,
              int batch) {
    int computed = 0, refused = 0, spilled = 0;
    for (const Variant& v : variants(resident_bytes)) {
        CompileOptions options = base;
        v.change(options);
        INFO(v.what << ", budget " << options.state_buffer_budget);
        const auto c = checked(network(), default_chip(), batch, options);
        if (!c) {
            ++refused;
            continue;
        }
        ++computed;
        spilled += c->memory.spill_save_bytes > 0;
        CHECK(difference(run(network(), c->program, data), right) == 0);
    }
    CHECK(computed > 3 * refused);
    return spilled;
}

}  // namespace

TEST_CASE("no option changes a number, with room for everything and without") {
    constexpr int kBatch = 3;
    const Data data = make_data(network(), kBatch, 23, Numbers::small_integers);
    const auto plain = checked(network(), default_chip(), kBatch, {});
    REQUIRE(plain.has_value());
    const Outputs right = run(network(), plain->program, data);
    const graph::Graph graph = network();
    Reference reference(graph, data.constants);
    for (std::size_t image = 0; image < kBatch; ++image)
        REQUIRE(difference(right[image][0], reference.run(data.inputs[image])[0].values) == 0);
    const std::int64_t resident = plain->memory.lower_bound_bytes;
    CompileOptions tight, spilling;
    tight.state_buffer_budget = spilling.state_buffer_budget = resident * 4 / 10;
    spilling.rematerialization = false;
    CHECK(check_all({}, resident, right, data, kBatch) == 0);
    CHECK(check_all(tight, resident, right, data, kBatch) > 20);
    CHECK(check_all(spilling, resident, right, data, kBatch) > 20);
}
