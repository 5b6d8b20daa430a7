// Private to limits: changes that were shown to make a batch fit.
#pragma once

#include <vector>

#include "flow/limits/batch_questions.hpp"

namespace infsim::flow {

/// The inputs for proving the levers of one network.
struct LeverProof {
    BatchQuestions& questions;
    const Point& point;
    const Variant& any;  ///< what fits at all
    int most;            ///< no batch above it is tried
};

/// Levers for the refusal `why` of `batch` that were compiled and work; of several sizes of one lever, the first that
/// works. `any`: the limit of what fits at all.
std::vector<ProvenLever> proven_levers(const LeverProof& proof, const Variant& v, int batch,
                                       const compiler::DoesNotFit& why, const Limit& any);

}  // namespace infsim::flow
