// Private to the limits: what is asked of the compiler about batches of one request, again and again.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "flow/limits/limits.hpp"

namespace infsim::flow {

/// The request with another batch.
PointRequest with_batch(PointRequest request, int batch);

/// A request whose batches are compiled, and how progress calls it.
struct Variant {
    PointRequest request;
    bool spill = true;
    std::string label;
};

/// Compiles each request once.
class BatchQuestions {
public:
    explicit BatchQuestions(const LimitsTools& tools) : tools_(tools) {}

    const std::optional<compiler::DoesNotFit>& refusal(const PointRequest& request, const std::string& label);
    bool fits(const Variant& v, int batch) { return !refusal(with_batch(v.request, batch), v.label); }
    /// Whether a changed request compiles; one that makes no sense (a size the chip file refuses) does not.
    bool works(const PointRequest& request, const std::string& name);
    /// What a batch may give; empty where it does not fit.
    const std::optional<Prospect>& prospect(const PointRequest& request);
    /// Why a batch that does not fit does not.
    Certificate certificate(const Variant& v, int batch);

private:
    compiler::DoesNotFit explained(const Variant& v, int batch);

    const LimitsTools& tools_;
    std::map<std::string, std::optional<compiler::DoesNotFit>> answers_;
    std::map<std::string, std::optional<Prospect>> prospects_;
};

}  // namespace infsim::flow
