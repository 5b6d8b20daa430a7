#include "flow/limits.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "base/text.hpp"
#include "flow/compiling.hpp"
#include "flow/run_point.hpp"

namespace infsim::flow {

namespace {

constexpr const char* kSpillKey = "compiler.spill.spill";
constexpr const char* kSectionsKey = "compiler.search.sections";
constexpr std::int64_t kSizeStep = 1024;  ///< of the state buffer that a lever asks for
constexpr std::int64_t kMostGrowth = 16;  ///< times the demand, beyond which a lever is no help
constexpr int kThroughputWindow = 2;
constexpr double kWorthIt = 1.03;           ///< gain in throughput for which a batch of twice the size is simulated
constexpr double kEstimateMayBeLow = 1.02;  ///< beside another batch
constexpr double kNextMayBeLow = 1.06;      ///< where the batch is the next one up or down

PointRequest at(PointRequest request, int batch) {
    request.batch = batch;
    return request;
}

/// A request whose batches are compiled, and how progress calls it.
struct Variant {
    PointRequest request;
    bool spill = true;
    std::string label;
};

class Search {
public:
    Search(const PointRequest& request, const Point& point, const LimitsOptions& options, const LimitsTools& tools)
        : request_(in_own_spelling(request)),
          point_(point),
          options_(options),
          tools_(tools),
          compiling_(tools),
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
            limits.best_throughput = answered(
                "best throughput", best_throughput(limits.any, limits.sub_batched ? limits.resident.batch : 0));
            if (options_.latency_ms) limits.latency = answered("within the latency", latency(limits.any));
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
    Compiling compiling_;
    Variant sub_batched_, resident_, any_;
    std::map<int, record::RunRecord> records_;
    std::map<int, double> estimates_;  ///< items/s, of batches that are cut up

    bool fits(const Variant& v, int batch) { return !compiling_.refusal(at(v.request, batch), v.label); }

    /// A limit is told as soon as it is known.
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

    /// What would help where a compilation was refused; last, because most of the compilations are for levers.
    void add_levers(Limits& limits) {
        const auto add = [&](Limit& limit, const Variant& v) {
            if (limit.certificate && limit.certificate->refusal)
                limit.certificate->levers =
                    proven_levers(v, limit.certificate->batch, *limit.certificate->refusal, limits.any);
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
        const LargestBatch found = find_largest([&](int b) { return fits(v, b); }, most_, options_.window);
        Limit limit;
        limit.batch = found.batch;
        limit.open = found.open;
        limit.holes = found.holes;
        limit.asked = found.asked;
        if (!found.open) limit.certificate = certificate(v, found.batch + 1);
        return limit;
    }

    /// A refusal for want of state buffer can be explained further, at the price of another compilation; so has one
    /// whose words are not known.
    compiler::DoesNotFit explained(const Variant& v, int batch) {
        const auto& known = compiling_.refusal(at(v.request, batch), v.label);
        if (known && !known->text.empty() && known->resource != compiler::resource::state_buffer) return *known;
        return tools_.explain(at(v.request, batch));
    }

    Certificate certificate(const Variant& v, int batch) {
        const compiler::DoesNotFit why = explained(v, batch);
        Certificate c;
        c.batch = batch;
        c.resource = why.resource;
        c.unit = why.unit;
        c.capacity = static_cast<double>(why.available_bytes);
        c.demand = static_cast<double>(why.wanted_bytes);
        c.gap = c.demand - c.capacity;
        c.refusal = why;
        c.text = why.text;
        return c;
    }

    /// Whether a changed request compiles; one that makes no sense (a size the chip file refuses) does not.
    bool works(const PointRequest& request, const std::string& name) {
        try {
            return !compiling_.refusal(request, "lever " + name);
        } catch (const InputError&) {
            return false;
        }
    }

    static bool same(const PointRequest& a, const PointRequest& b) {
        return json::dump(to_json(a), 0) == json::dump(to_json(b), 0);
    }

    /// `any`: what fits at all.
    std::optional<ProvenLever> prove(const Lever& lever, int batch, const Limit& any) {
        const auto good = [&](int b) { return works(at(lever.request, b), lever.name); };
        if (!good(batch)) return std::nullopt;
        if (same(lever.request, any_.request) && any.batch >= batch)  // the change comes to another limit
            return ProvenLever{lever.name, lever.change, any.batch, any.open};
        const LargestBatch reached = find_largest_from(batch, good, most_);
        return ProvenLever{lever.name, lever.change, reached.batch, reached.open};
    }

    std::vector<ProvenLever> proven_levers(const Variant& v, int batch, const compiler::DoesNotFit& why,
                                           const Limit& any) {
        std::vector<ProvenLever> proven;
        Point point = point_;
        point.compiler.spill = v.spill;
        if (why.resource == compiler::resource::state_buffer)
            if (const auto lever = smallest_state_buffer(v.request, point, batch, why))
                if (auto good = prove(*lever, batch, any)) proven.push_back(std::move(*good));
        for (const Lever& lever : levers_for(v.request, point, why)) {
            // Of several sizes of one lever the first that works is enough.
            const bool there =
                std::any_of(proven.begin(), proven.end(), [&](const ProvenLever& p) { return p.name == lever.name; });
            if (there) continue;
            if (auto good = prove(lever, batch, any)) proven.push_back(std::move(*good));
        }
        return proven;
    }

    /// The smallest size, in steps of 1 KiB, with which `batch` compiles: doubles the step from the demand on, then
    /// bisects.
    std::optional<Lever> smallest_state_buffer(const PointRequest& request, const Point& point, int batch,
                                               const compiler::DoesNotFit& why) {
        const auto lever = [&](std::int64_t steps) {
            return more_state_buffer(request, point, why, steps * kSizeStep);
        };
        const auto good = [&](std::int64_t steps) {
            const auto l = lever(steps);
            return l && works(at(l->request, batch), l->change);
        };
        const std::int64_t from = std::max<std::int64_t>(1, why.available_bytes / kSizeStep);
        std::int64_t low = from,
                     step = std::max<std::int64_t>(1, (why.wanted_bytes + kSizeStep - 1) / kSizeStep - from);
        while (!good(low + step)) {
            low += step;
            step *= 2;
            if (low + step > kMostGrowth * why.wanted_bytes / kSizeStep) return std::nullopt;
        }
        std::int64_t high = low + step;
        while (high - low > 1) {
            const std::int64_t middle = low + (high - low) / 2;
            (good(middle) ? high : low) = middle;
        }
        return lever(high);
    }

    /// Simulates what has not been; batches that do not fit are left out.
    void simulate(const std::vector<int>& batches) {
        std::vector<PointRequest> requests;
        for (int b : batches)
            if (records_.count(b) == 0 && fits(any_, b)) requests.push_back(at(any_.request, b));
        if (requests.empty()) return;
        auto records = tools_.simulate(requests);
        for (std::size_t i = 0; i < records.size(); ++i) records_[requests[i].batch] = std::move(records[i]);
    }

    const record::RunRecord* record_at(int batch) {
        simulate({batch});
        const auto found = records_.find(batch);
        return found == records_.end() ? nullptr : &found->second;
    }

    Limit simulated_limit(int batch) {
        Limit limit;
        limit.batch = batch;
        limit.open = batch == most_;
        for (const auto& [b, record] : records_) limit.asked.push_back(b);
        if (const auto* r = batch > 0 ? record_at(batch) : nullptr) limit.record = *r;
        return limit;
    }

    /// The simulated batch that is nearest to this one; `whole` is one.
    int nearest(int batch, int whole) {
        simulate({whole});
        int best = whole;
        for (const auto& [b, record] : records_)
            if (std::abs(b - batch) < std::abs(best - batch)) best = b;
        return best;
    }

    /// Throughput of a batch by the compiler's estimate, beside the estimate of the nearest batch that is simulated;
    /// empty where one of them does not fit.
    std::optional<double> estimated_at(int batch, int whole) {
        const auto& at_batch = compiling_.prospect(at(any_.request, batch));
        const int beside = nearest(batch, whole);
        const auto* known = record_at(beside);
        if (!at_batch || !known) return std::nullopt;
        return known->throughput_avg.value_or(0) * at_batch->expected /
               compiling_.prospect(at(any_.request, beside))->expected;
    }

    /// What `batch` may give by its roofline and, beside `whole`, by the compiler's estimate. Batches that are cut up
    /// are dear to compile and to simulate: those up to twice `whole` and powers of two are considered, and one that is
    /// twice as large as another, and as late, where it gives so much more that it is worth it. The next ones of a
    /// batch that was simulated are what it is held against: they get the benefit of the doubt.
    std::optional<double> bound_at(int batch, int whole) {
        const bool is_power = (batch & (batch - 1)) == 0;
        if (whole > 0 && batch > 2 * whole && !is_power) return 0;
        const auto& prospect = compiling_.prospect(at(any_.request, batch));
        if (!prospect) return std::nullopt;
        if (whole == 0 || batch == whole) return prospect->most;
        const auto estimated = estimated_at(batch, whole);
        if (!estimated) return prospect->most;
        const bool is_next = std::abs(nearest(batch, whole) - batch) == 1;
        const double benefit = is_next ? kNextMayBeLow : kEstimateMayBeLow;
        if (batch < whole) return std::min(prospect->most, *estimated * benefit);
        estimates_[batch] = *estimated;
        const double worth = is_next ? benefit : 1 / std::pow(kWorthIt, std::log2(1.0 * batch / whole));
        return std::min(prospect->most, *estimated * worth);
    }

    /// Where larger batches that were not simulated may give more.
    std::string and_larger(int best, double throughput) const {
        constexpr double kMore = 1.005;
        const auto most = std::max_element(estimates_.upper_bound(best), estimates_.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        if (most == estimates_.end() || most->second < kMore * throughput) return "";
        return fmt::format("; of larger ones B={} about {:.1f} by that estimate", most->first, most->second);
    }

    /// `whole`: the largest batch that is not cut up; 0 where none is, however large.
    Limit best_throughput(const Limit& any, int whole) {
        std::map<int, std::optional<double>> measured;
        const Measure measure = [&](const std::vector<int>& batches) {
            simulate(batches);
            std::vector<std::optional<double>> values;
            for (int b : batches) values.push_back(records_.count(b) > 0 ? records_[b].throughput_avg : std::nullopt);
            return values;
        };
        const Bound bound = [&](int b) { return bound_at(b, whole); };
        const int best = find_best(measure, bound, any.batch, measured);
        Limit limit = simulated_limit(best);
        if (limit.open) return limit;
        if (!fits(any_, best + 1)) {
            limit.certificate = best == any.batch && any.certificate ? *any.certificate : certificate(any_, best + 1);
            return limit;
        }
        Certificate c;
        c.batch = best + 1;
        c.resource = "throughput";
        c.unit = "items/s";
        c.capacity = *limit.record->throughput_avg;
        const char *how = "", *by = "";
        if (records_.count(best + 1) > 0) {
            c.demand = records_[best + 1].throughput_avg.value_or(0);
        } else if (whole > 0) {
            c.demand = estimated_at(best + 1, whole).value_or(0), how = "about ", by = " by the compiler's estimate";
        } else {
            c.demand = bound(best + 1).value_or(0), how = "at most ", by = " by its roofline";
        }
        c.gap = std::max(0.0, c.capacity - c.demand);
        c.text =
            fmt::format("B={} gives {:.1f} items/s, B={} {}{:.1f}{}", best, c.capacity, best + 1, how, c.demand, by) +
            and_larger(best, c.capacity);
        limit.certificate = std::move(c);
        return limit;
    }

    /// What no run of a batch can be below on average: by Little's law its items in flight over the most throughput.
    double least_latency_ms(int batch) {
        const auto& prospect = compiling_.prospect(at(any_.request, batch));
        return prospect ? 1000.0 * point_.cores * point_.workers * batch / prospect->most : 0;
    }

    Limit latency(const Limit& any) {
        const double bound = *options_.latency_ms;
        const auto holds = [&](int b) {
            if (b > any.batch || least_latency_ms(b) > bound) return false;
            const auto* r = record_at(b);
            return r != nullptr && r->latency_ms_p99.value_or(bound + 1) <= bound;
        };
        const LargestBatch found = find_largest(holds, any.batch, kThroughputWindow);
        Limit limit = simulated_limit(found.batch);
        limit.holes = found.holes;
        limit.asked = found.asked;
        if (limit.open) return limit;
        const int next = found.batch + 1;
        if (!fits(any_, next)) {
            limit.certificate =
                found.batch == any.batch && any.certificate ? *any.certificate : certificate(any_, next);
            return limit;
        }
        Certificate c;
        c.batch = next;
        c.resource = "latency";
        c.unit = "ms";
        c.capacity = bound;
        c.demand = *record_at(next)->latency_ms_p99;
        c.gap = c.demand - c.capacity;
        c.text = fmt::format("B={} takes {:.3f} ms (99th percentile), {:.3f} are allowed", next, c.demand, bound);
        limit.certificate = std::move(c);
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
    const auto point = resolve(at(request, 1), models, problems);
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
