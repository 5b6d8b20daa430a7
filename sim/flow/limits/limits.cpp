#include "flow/limits/limits.hpp"

#include <memory>

#include <fmt/format.h>

#include "flow/limits/batch_questions.hpp"
#include "flow/limits/proven_levers.hpp"
#include "flow/limits/simulated_limits.hpp"

namespace infsim::flow {

namespace {

constexpr const char* kSpillKey = "compiler.spill.spill";
constexpr const char* kSectionsKey = "compiler.search.sections";

class Search {
public:
    Search(const PointRequest& request, const Point& point, const LimitsOptions& options, const LimitsTools& tools)
        : request_(in_own_spelling(request)),
          point_(point),
          options_(options),
          tools_(tools),
          questions_(tools),
          sub_batched_{with_setting(request_, kSpillKey, false), false, "in parts, without spilling"},
          resident_{point.compiler.search_sections ? resident_request(request_) : sub_batched_.request, false,
                    "without spilling"},
          any_{with_setting(request_, kSpillKey, point.compiler.spill), point.compiler.spill, "at all"} {}

    Limits run() {
        Limits limits;
        limits.model = point_.model_name;
        limits.chip = point_.chip.name;
        limits.compiler = point_.compiler.name;
        limits.dtype = point_.dtype;
        limits.io_dtype = point_.io_dtype;
        if (!point_.graph.batchable && options_.most > 1) {
            most_ = 1;
            limits.note = "the network only runs at batch 1: " + point_.graph.why_not_batchable;
        }
        limits.most = most_;
        limits.resident = answered("fits without spilling", compiled_limit(resident_));
        if (point_.compiler.search_sections)
            limits.sub_batched = answered("fits in parts, without spilling", compiled_limit(sub_batched_));
        limits.any = point_.compiler.spill ? answered("fits at all", compiled_limit(any_)) : unspilled(limits);
        if (options_.simulate && limits.any.batch > 0) {
            SimulatedLimits simulated(tools_, questions_, point_, any_, most_);
            limits.best_throughput =
                answered("best throughput",
                         simulated.best_throughput(limits.any, limits.sub_batched ? limits.resident.batch : 0));
            if (options_.latency_ms)
                limits.latency = answered("within the latency", simulated.latency(limits.any, *options_.latency_ms));
        }
        if (options_.levers) add_levers(limits);
        return limits;
    }

private:
    PointRequest request_;
    const Point& point_;
    const LimitsOptions& options_;
    const LimitsTools& tools_;
    int most_ = options_.most;
    BatchQuestions questions_;
    Variant sub_batched_, resident_, any_;

    /// Reports a limit as soon as it is known.
    Limit answered(const char* name, Limit limit) const {
        std::string text = fmt::format("{}: {}", name, limit.batch == 0 ? "none" : fmt::format("B={}", limit.batch));
        if (limit.open) text += " or more";
        if (limit.certificate) text += "; " + limit.certificate->headline();
        tools_.answer(text);
        return limit;
    }

    static const Limit& unspilled(const Limits& limits) {
        return limits.sub_batched ? *limits.sub_batched : limits.resident;
    }

    /// Changes that would help after a refusal; last, because most compilations are for levers.
    void add_levers(Limits& limits) {
        const LeverProof proof{questions_, point_, any_, most_};
        const auto add = [&](Limit& limit, const Variant& v) {
            if (limit.certificate && limit.certificate->refusal)
                limit.certificate->levers =
                    proven_levers(proof, v, limit.certificate->batch, *limit.certificate->refusal, limits.any);
        };
        add(limits.resident, resident_);
        if (limits.sub_batched) add(*limits.sub_batched, sub_batched_);
        if (point_.compiler.spill) add(limits.any, any_);
        else limits.any = unspilled(limits);
        for (auto* limit : {&limits.best_throughput, &limits.latency})
            if (*limit && (*limit)->certificate && limits.any.certificate &&
                (*limit)->certificate->text == limits.any.certificate->text)
                (*limit)->certificate = limits.any.certificate;
    }

    Limit compiled_limit(const Variant& v) {
        const LargestBatch found = find_largest([&](int b) { return questions_.fits(v, b); }, most_, options_.window);
        Limit limit;
        limit.batch = found.batch;
        limit.open = found.open;
        limit.holes = found.holes;
        limit.asked = found.asked;
        if (!found.open) limit.certificate = questions_.certificate(v, found.batch + 1);
        return limit;
    }
};

}  // namespace

PointRequest resident_request(const PointRequest& request) {
    return with_setting(with_setting(in_own_spelling(request), kSpillKey, false), kSectionsKey, false);
}

Limits find_limits(const PointRequest& request, const LimitsOptions& options, const LimitsTools& tools) {
    Problems problems;
    ModelCache models(tools.notice);
    const auto point = resolve(with_batch(request, 1), models, problems);
    problems.throw_if_any();
    return Search(request, *point, options, tools).run();
}

LimitsTools compiling_tools() {
    const auto models = std::make_shared<ModelCache>();
    LimitsTools tools;
    const auto point_of = [models](const PointRequest& request) {
        Problems problems;
        auto point = resolve(request, *models, problems);
        problems.throw_if_any();
        return std::move(*point);
    };
    tools.compile = [point_of](const PointRequest& request) { return quick_refusal_of(point_of(request)); };
    tools.prospect = [point_of](const PointRequest& request) { return prospect_of(point_of(request)); };
    tools.explain = [point_of](const PointRequest& request) {
        compiler::CompileExtras extras;
        extras.explain = true;
        return std::get<compiler::DoesNotFit>(compile_point(point_of(request), extras));
    };
    return tools;
}

}  // namespace infsim::flow
