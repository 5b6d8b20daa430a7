// Private to limits: repeated questions to the compiler about batches of one request.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "flow/limits/limits.hpp"

namespace infsim::flow {

/// The request at another batch.
PointRequest with_batch(PointRequest request, int batch);

/// A request whose batches are compiled, with its name for progress.
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
    /// Whether a changed request compiles; an invalid one (such as a size that the chip file refuses) does not.
    bool works(const PointRequest& request, const std::string& name);
    /// The estimated throughput of a batch; empty if it does not fit.
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
