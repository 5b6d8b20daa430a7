#include "compiler/pipeline.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "compiler/back_end.hpp"
#include "compiler/lower/drop_unread.hpp"
#include "compiler/lower/fuse_clips.hpp"
#include "compiler/lower/lower.hpp"
#include "compiler/lower/replicate.hpp"
#include "compiler/lower/stem.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/memory/placement.hpp"
#include "compiler/reports.hpp"
#include "compiler/schedule/head_by_head.hpp"
#include "compiler/schedule/insert_waits.hpp"
#include "compiler/schedule/order.hpp"
#include "compiler/search/fit_memory.hpp"
#include "compiler/search/plans.hpp"
#include "compiler/search/search.hpp"
#include "compiler/search/static_weights.hpp"

namespace infsim::compiler {

namespace {

using Refusal = std::optional<DoesNotFit>;
using Attempts = std::vector<Attempt>;

Refusal run_lower(Compilation& c, Attempts&) {
    c.network = lower(c.graph, c.dtype, slot_geometry(c.target), c.options);
    if (c.network.layers.size() > 65535) throw InputError(c.graph.name, "", "more than 65535 layers");
    return std::nullopt;
}
std::string report_lower(const Compilation& c) {
    return fmt::format("{} nodes to {} layers", c.graph.nodes.size(), c.network.layers.size());
}

Refusal run_drop_unread(Compilation& c, Attempts&) {
    drop_unread(c.network);
    return std::nullopt;
}
std::string report_drop_unread(const Compilation& c) { return fmt::format("{} layers stay", c.network.layers.size()); }

Refusal run_fuse_clips(Compilation& c, Attempts&) {
    fuse_clips(c.network);
    return std::nullopt;
}
bool may_fuse_clips(const Compilation& c) { return c.options.fuse_clips && has_clips(c.network); }
std::string report_fuse_clips(const Compilation& c) {
    const auto limited = std::count_if(c.network.layers.begin(), c.network.layers.end(), [](const Layer& l) {
        const auto* conv = std::get_if<ConvOp>(&l.op);
        return conv && conv->limit;
    });
    return fmt::format("{} convolutions clip", limited);
}

Refusal run_order(Compilation& c, Attempts&) {
    reorder(c.network, c.batch, c.options.in_place_add);
    return std::nullopt;
}

Refusal run_heads(Compilation& c, Attempts&) {
    run_head_by_head(c.network, c.options.attention_bytes);
    return std::nullopt;
}
bool has_large_attention(const Compilation& c) {
    return c.options.attention_bytes > 0 && has_chains_of_heads(c.network, c.options.attention_bytes);
}
std::string report_heads(const Compilation& c) { return fmt::format("{} layers now", c.network.layers.size()); }

Refusal run_replicate(Compilation& c, Attempts&) {
    replicate_inputs(c.network, c.options.whole_copies ? c.spec.dma.full_row().count() : 0);
    return std::nullopt;
}
std::string report_replicate(const Compilation& c) {
    const auto copies = std::count_if(c.network.layers.begin(), c.network.layers.end(),
                                      [](const Layer& l) { return std::holds_alternative<ReplicateOp>(l.op); });
    return fmt::format("{} inputs copied", copies);
}

Refusal run_stem(Compilation& c, Attempts&) {
    c.network.stem_layers = stem_length(c.network);
    return std::nullopt;
}
std::string report_stem(const Compilation& c) { return fmt::format("{} layers in stripes", c.network.stem_layers); }

Refusal try_fit(Compilation& c, Attempts& attempts, FitMemory* memory = nullptr) {
    const auto all = c.plans.empty() ? plans(c.network, c.target, c.batch, c.dtype, c.options) : c.plans;
    auto outcome = fit(all, emission_of(c), layer_infos(c.network), fit_options(c), memory);
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
    c.decision = std::move(std::get<Decision>(outcome));
    attempts = std::exchange(c.decision->attempts, {});
    return std::nullopt;
}

/// The final refusal of a compilation. If steps are too long even at batch 1, no option can help.
Refusal last_word(const Compilation& c, Refusal no) {
    if (no && c.batch == 1 && no->resource == resource::access_pattern) throw InputError(c.graph.name, "", no->text);
    return no;
}

Refusal run_fit(Compilation& c, Attempts& attempts) { return last_word(c, try_fit(c, attempts)); }
std::string report_fit(const Compilation& c) {
    return fmt::format("{} evictions, at least {} B", c.decision->evictions.size(), c.decision->allocation.lower_bound);
}

Refusal run_emit(Compilation& c, Attempts&) {
    auto& kept = c.decision->code;
    c.code = kept ? std::move(*kept) : emission_of(c).code(c.decision->plan);
    kept.reset();
    return std::nullopt;
}
std::string report_code(const Compilation& c) {
    return fmt::format("{} instructions on {} buffers", c.code.instructions.size(), c.code.buffers.size());
}

bool has_evictions(const Compilation& c) { return !c.decision->evictions.empty(); }
Refusal run_evict(Compilation& c, Attempts&) {
    Spilled spilled =
        apply_evictions(std::move(c.code), c.decision->dry_run, c.decision->evictions, c.options.activations_region);
    c.decision->allocation.move_to(spilled.position);
    c.code = std::move(spilled.code);
    c.spills = std::move(spilled.report);
    const DramNeeds needs = dram_needs(c.code.segments, c.code.instructions.size());
    INFSIM_CHECK(needs == c.decision->dram, "evictions take as much device DRAM as was known when they were chosen");
    return dram_shortage(needs, c.target);
}

Refusal run_allocate(Compilation& c, Attempts&) {
    c.decision->dry_run = {};  // large, and of no further use
    c.placement = placement_of(c.code, std::move(c.decision->allocation));
    return std::nullopt;
}
std::string report_allocate(const Compilation& c) {
    return fmt::format("{} buffers, peak {} B, at least {} B", c.code.buffers.size(), c.placement.peak,
                       c.placement.lower_bound);
}

Refusal run_insert_waits(Compilation& c, Attempts&) {
    program::Program& p = c.program;
    p.model = c.graph.name;
    p.batch = c.batch;
    p.dtype = c.dtype;
    p.io_dtype = c.io_dtype;
    p.target = c.target;
    p.layers = layer_infos(c.network);
    insert_waits(std::move(c.code), c.placement, p);
    add_weight_bytes(p);
    return dram_shortage(dram_needs(p.segments, program::instruction_count(p)), c.target);
}
std::string report_insert_waits(const Compilation& c) {
    return fmt::format("{} instructions", program::instruction_count(c.program));
}

Refusal run_lay_out_dram(Compilation& c, Attempts&) {
    lay_out_dram(c.program);
    return std::nullopt;
}
std::string report_lay_out_dram(const Compilation& c) { return fmt::format("{} segments", c.program.segments.size()); }

/// A candidate of the search: runs the later passes, as far as the Program's time depends on them. Keeps everything of
/// the decision but its code.
std::variant<Built, DoesNotFit> build(const Compilation& network, const Trial& trial, FitMemory& memory) {
    Compilation c = network;
    c.plans = trial.plans;
    c.batch = trial.batch;
    c.may_spill = trial.spill;
    c.may_evict = trial.evict;
    c.keeps_code = trial.likely;
    c.rotation = trial.rotation;
    Attempts attempts;
    if (auto no = try_fit(c, attempts, &memory)) return std::move(*no);
    Built built;
    if (c.first_that_fits) {
        if (auto no = shortage_of(*c.decision, c.target)) return std::move(*no);
        built.decision = std::move(*c.decision);
        return built;
    }
    if (!trial.program || c.decision->dry_run.liveness.layer.size() > trial.most_instructions) {
        built.decision = std::move(*c.decision);
        return built;
    }
    if (auto no = run_emit(c, attempts)) return std::move(*no);
    built.decision = *c.decision;
    if (has_evictions(c))
        if (auto no = run_evict(c, attempts)) return std::move(*no);
    if (auto no = run_allocate(c, attempts)) return std::move(*no);
    if (auto no = run_insert_waits(c, attempts)) return std::move(*no);
    MemoryReport traffic;
    add_scratch_bytes(c.program, traffic);
    built.to_dram = traffic.spill_save_bytes + traffic.relayout_write_bytes > 0;
    built.program = std::move(c.program);
    return built;
}

SearchInput search_input(const Compilation& c) {
    return {c.network, c.spec, c.target, c.batch, c.dtype, c.options, c.budget.bytes, c.first_that_fits};
}

bool wants_search(const Compilation& c) { return c.options.search_sections || c.options.search_psum_banks; }
Refusal run_search(Compilation& c, Attempts& attempts) {
    const SearchInput input = search_input(c);
    FitMemory memory;
    const auto builder = [&](const Trial& trial) { return build(c, trial, memory); };
    auto outcome = search(input, builder, attempts);
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return last_word(c, std::move(*no));
    c.decision = std::move(std::get<Decision>(outcome));
    return std::nullopt;
}
std::string report_search(const Compilation& c) {
    return fmt::format("{} sections", std::max<std::size_t>(1, c.decision->plan.sections.size()));
}

bool wants_static_weights(const Compilation& c) { return c.options.static_weights && !c.first_that_fits; }
Refusal run_keep_weights(Compilation& c, Attempts& attempts) {
    const SearchInput input = search_input(c);
    FitMemory memory;
    const auto builder = [&](const Trial& trial) { return build(c, trial, memory); };
    if (auto better = with_static_weights(input, *c.decision, builder, attempts)) c.decision = std::move(*better);
    return std::nullopt;
}
std::string report_keep_weights(const Compilation& c) {
    const std::vector<int>& kept = c.decision->plan.static_weights;
    return fmt::format("weights of {} layers stay on chip", std::count(kept.begin(), kept.end(), 1));
}

std::string nothing(const Compilation&) { return ""; }

}  // namespace

const std::vector<Pass>& pipeline() {
    using O = CompileOptions;
    // clang-format off
    static const std::vector<Pass> passes{
        // name, the form it needs, the form it leaves, run, report, left out by name, whether there is something to do
        {"lower", Form::graph, Form::network, run_lower, report_lower},
        {"drop_unread", Form::network, Form::network, run_drop_unread, report_drop_unread, {}, nullptr,
         Presence::optional},
        {"fuse_clips", Form::network, Form::network, run_fuse_clips, report_fuse_clips, {}, may_fuse_clips},
        {"order", Form::network, Form::network, run_order, nothing, {{"order", &O::reorder_layers}}},
        {"head_by_head", Form::network, Form::network, run_heads, report_heads, {}, has_large_attention},
        {"replicate", Form::network, Form::network, run_replicate, report_replicate, {{"replicate", &O::replication}}},
        {"stem", Form::network, Form::network, run_stem, report_stem, {{"stem", &O::stream_stem}}},
        {"search", Form::network, Form::decision, run_search, report_search, {}, wants_search},
        // The search has already decided everything.
        {"fit", Form::network, Form::decision, run_fit, report_fit,
         {{"prefetch", &O::prefetch}, {"spill", &O::spill}, {"rematerialize", &O::rematerialization}}},
        {"keep_weights", Form::decision, Form::decision, run_keep_weights, report_keep_weights, {}, wants_static_weights},
        {"emit", Form::decision, Form::code, run_emit, report_code},
        {"evict", Form::code, Form::code, run_evict, report_code, {}, has_evictions},
        {"allocate", Form::code, Form::placement, run_allocate, report_allocate},
        {"insert_waits", Form::placement, Form::queues, run_insert_waits, report_insert_waits},
        {"lay_out_dram", Form::queues, Form::program, run_lay_out_dram, report_lay_out_dram},
    };
    // clang-format on
    return passes;
}

std::vector<std::string> pass_names() {
    std::vector<std::string> names;
    for (const Pass& pass : pipeline()) names.emplace_back(pass.name);
    return names;
}

std::vector<std::string> optional_pass_names() {
    std::vector<std::string> names;
    for (const Pass& pass : pipeline())
        if (pass.presence == Presence::optional) names.emplace_back(pass.name);
    return names;
}

std::vector<Skip> all_skips() {
    std::vector<Skip> skips;
    for (const Pass& pass : pipeline()) skips.insert(skips.end(), pass.skips.begin(), pass.skips.end());
    return skips;
}

}  // namespace infsim::compiler
