// Private to limits: the limits that need simulations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "flow/limits/batch_questions.hpp"

namespace infsim::flow {

/// Limits of throughput and latency; each batch is simulated once.
class SimulatedLimits {
public:
    /// `any`: what fits at all, which is simulated; `most`: no batch above it is tried.
    SimulatedLimits(const LimitsTools& tools, BatchQuestions& questions, const Point& point, const Variant& any,
                    int most)
        : tools_(tools), questions_(questions), point_(point), any_(any), most_(most) {}

    /// `any`: the limit of what fits at all; `whole`: the largest batch of any size that is not split, 0 if there is
    /// none.
    Limit best_throughput(const Limit& any, int whole);
    /// The largest batch whose 99th percentile is at most `bound_ms`.
    Limit latency(const Limit& any, double bound_ms);

private:
    void simulate(const std::vector<int>& batches);
    const record::RunRecord* record_at(int batch);
    Limit simulated_limit(int batch);
    int nearest(int batch, int whole);
    std::optional<double> estimated_at(int batch, int whole);
    std::optional<double> bound_at(int batch, int whole);
    std::string and_larger(int best, double throughput) const;
    Certificate less_throughput(int best, int whole);
    double least_latency_ms(int batch);

    const LimitsTools& tools_;
    BatchQuestions& questions_;
    const Point& point_;
    const Variant& any_;
    int most_;
    std::map<int, record::RunRecord> records_;
    std::map<int, double> estimates_;  ///< items/s of split batches
};

}  // namespace infsim::flow
