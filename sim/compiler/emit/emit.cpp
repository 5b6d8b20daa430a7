#include "compiler/emit/emit.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "compiler/emit/order_of_work.hpp"
#include "compiler/emit/value_facts.hpp"

namespace infsim::compiler {

namespace {

using Outcome = std::variant<WatchedCode, BufferTooLarge, DoesNotFit>;

int rings_of(const EmitInput& input) {
    const bool room = kFirstRing + input.target.dma_engines * kAllRings <= input.target.max_queues;
    return input.options.own_rings && room ? kAllRings : kFewRings;
}

Outcome run(const EmitInput& input, const Plan& plan, CodeBuilder builder) {
    try {
        EmitContext context(input, plan, std::move(builder));
        emit_all(context);
        const bool whole = context.builder.keeps();
        return WatchedCode{context.builder.take(), whole, context.dram.scratch_places()};
    } catch (EmissionEnds& e) {
        if (std::holds_alternative<BufferTooLarge>(e.why)) return BufferTooLarge{};
        auto* no = std::get_if<DoesNotFit>(&e.why);
        INFSIM_CHECK(no, "a step that is too long is a layer's");
        return std::move(*no);
    }
}

bool same_facts(const ValueFacts& a, const ValueFacts& b) {
    return a.pairable == b.pairable && a.small == b.small && a.passing == b.passing &&
           a.array_images == b.array_images && a.band_rows == b.band_rows && a.last_reader == b.last_reader;
}

Code code_of(Outcome&& outcome) {
    auto* made = std::get_if<WatchedCode>(&outcome);
    INFSIM_CHECK(made, "a plan that was watched to its end has a code");
    return std::move(made->code);
}

}  // namespace

Outcome emit_watched(const EmitInput& input, const Plan& plan, CodeSink& watcher, std::int64_t capacity, bool keep) {
    const auto kept = keep ? CodeBuilder::Keep::short_codes : CodeBuilder::Keep::none;
    return run(input, plan, CodeBuilder(input.target, capacity, &watcher, kept, rings_of(input)));
}

bool same_code(const EmitInput& input, const Plan& a, const Plan& b) {
    const bool by_themselves = a.sections == b.sections && a.psum_banks == b.psum_banks &&
                               a.slab_bytes == b.slab_bytes && a.constants_bytes == b.constants_bytes &&
                               a.weight_part_bytes == b.weight_part_bytes && a.static_weights == b.static_weights &&
                               a.scratch_images == b.scratch_images;
    const bool stripes = input.network.stem_layers == 0 || a.stem_stripe_rows == b.stem_stripe_rows;
    if (!by_themselves || !stripes) return false;
    for (const LayerId l : input.network.layers.ids())
        if (image_group(input, a, l) != image_group(input, b, l)) return false;
    const auto facts_a = value_facts(input, a), facts_b = value_facts(input, b);
    return std::equal(facts_a.begin(), facts_a.end(), facts_b.begin(), facts_b.end(), same_facts);
}

Code emit(const EmitInput& input, const Plan& plan) {
    return code_of(
        run(input, plan, CodeBuilder(input.target, INT64_MAX, nullptr, CodeBuilder::Keep::all, rings_of(input))));
}

}  // namespace infsim::compiler
