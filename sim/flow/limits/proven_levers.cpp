#include "flow/limits/proven_levers.hpp"

#include <algorithm>

namespace infsim::flow {

namespace {

constexpr std::int64_t kSizeStep = 1024;  ///< of state buffer sizes in levers
constexpr std::int64_t kMostGrowth = 16;  ///< most growth of a useful lever, times the demand

bool same(const PointRequest& a, const PointRequest& b) {
    return json::dump(to_json(a), 0) == json::dump(to_json(b), 0);
}

std::optional<ProvenLever> prove(const LeverProof& proof, const Lever& lever, int batch, const Limit& any) {
    const auto good = [&](int b) { return proof.questions.works(with_batch(lever.request, b), lever.name); };
    if (!good(batch)) return std::nullopt;
    if (same(lever.request, proof.any.request) && any.batch >= batch)  // the change leads to another limit
        return ProvenLever{lever.name, lever.change, any.batch, any.open};
    const LargestBatch reached = find_largest_from(batch, good, proof.most);
    return ProvenLever{lever.name, lever.change, reached.batch, reached.open};
}

/// The smallest size, in steps of 1 KiB, at which `batch` compiles: doubles the step from the demand on, then bisects.
std::optional<Lever> smallest_state_buffer(BatchQuestions& questions, const PointRequest& request, const Point& point,
                                           int batch, const compiler::DoesNotFit& why) {
    const auto lever = [&](std::int64_t steps) { return more_state_buffer(request, point, why, steps * kSizeStep); };
    const auto good = [&](std::int64_t steps) {
        const auto l = lever(steps);
        return l && questions.works(with_batch(l->request, batch), l->change);
    };
    const std::int64_t from = std::max<std::int64_t>(1, why.available_bytes / kSizeStep);
    std::int64_t low = from, step = std::max<std::int64_t>(1, (why.wanted_bytes + kSizeStep - 1) / kSizeStep - from);
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

}  // namespace

std::vector<ProvenLever> proven_levers(const LeverProof& proof, const Variant& v, int batch,
                                       const compiler::DoesNotFit& why, const Limit& any) {
    std::vector<ProvenLever> proven;
    Point point = proof.point;
    point.compiler.spill = v.spill;
    if (why.resource == compiler::resource::state_buffer)
        if (const auto lever = smallest_state_buffer(proof.questions, v.request, point, batch, why))
            if (auto good = prove(proof, *lever, batch, any)) proven.push_back(std::move(*good));
    for (const Lever& lever : levers_for(v.request, point, why)) {
        // Of several sizes of one lever, the first that works is enough.
        const bool there =
            std::any_of(proven.begin(), proven.end(), [&](const ProvenLever& p) { return p.name == lever.name; });
        if (there) continue;
        if (auto good = prove(proof, lever, batch, any)) proven.push_back(std::move(*good));
    }
    return proven;
}

}  // namespace infsim::flow
