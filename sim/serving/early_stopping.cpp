#include "serving/early_stopping.hpp"

#include "base/check.hpp"
#include "serving/confidence.hpp"

namespace infsim::serving {

bool passes_early_stopping(std::int64_t queries, std::int64_t over, double percentile) {
    INFSIM_CHECK(over >= 0 && over <= queries && percentile > 0 && percentile < 100, "early stopping of nothing");
    return queries > over && binomial_at_most(queries, 1 - percentile / 100, over) < 1 - kEarlyStoppingConfidence;
}

std::int64_t queries_to_pass(std::int64_t over, double percentile) {
    std::int64_t fails = over, passes = kMostQueries;
    while (passes - fails > 1) {
        const std::int64_t middle = fails + (passes - fails) / 2;
        (passes_early_stopping(middle, over, percentile) ? passes : fails) = middle;
    }
    return passes;
}

std::int64_t early_stopping_rank(std::int64_t queries, double percentile) {
    if (queries < 1 || !passes_early_stopping(queries, 1, percentile)) return 0;
    std::int64_t passes = 1, fails = queries;
    while (fails - passes > 1) {
        const std::int64_t middle = passes + (fails - passes) / 2;
        (passes_early_stopping(queries, middle, percentile) ? passes : fails) = middle;
    }
    return passes;
}

}  // namespace infsim::serving
