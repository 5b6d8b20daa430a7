#include "compiler/emit/emit.hpp"

#include <utility>

#include "base/check.hpp"
#include "compiler/emit/order_of_work.hpp"

namespace infsim::compiler {

namespace {

using Outcome = std::variant<WatchedCode, BufferTooLarge, DoesNotFit>;

Outcome run(const EmitInput& input, const Plan& plan, CodeBuilder builder) {
    try {
        EmitContext context(input, plan, std::move(builder));
        emit_all(context);
        const bool whole = context.builder.keeps();
        return WatchedCode{context.builder.take(), whole};
    } catch (EmissionEnds& e) {
        if (std::holds_alternative<BufferTooLarge>(e.why)) return BufferTooLarge{};
        auto* no = std::get_if<DoesNotFit>(&e.why);
        INFSIM_CHECK(no, "a step that is too long is a layer's");
        return std::move(*no);
    }
}

Code code_of(Outcome&& outcome) {
    auto* made = std::get_if<WatchedCode>(&outcome);
    INFSIM_CHECK(made, "a plan that was watched to its end has a code");
    return std::move(made->code);
}

}  // namespace

Outcome emit_watched(const EmitInput& input, const Plan& plan, CodeSink& watcher, std::int64_t capacity) {
    return run(input, plan, CodeBuilder(input.target, capacity, &watcher, CodeBuilder::Keep::short_codes));
}

Code emit(const EmitInput& input, const Plan& plan) {
    return code_of(run(input, plan, CodeBuilder(input.target, INT64_MAX, nullptr, CodeBuilder::Keep::all)));
}

}  // namespace infsim::compiler
