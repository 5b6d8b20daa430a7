// The output of infsim sensitivity.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/elasticity.hpp"
#include "base/json.hpp"
#include "flow/limits/limit_search.hpp"
#include "record/record.hpp"

namespace infsim::cli {

/// The point with one value of one constant.
struct Measured {
    std::string value;  ///< of the constant, with its unit
    record::RunRecord record;
    std::optional<flow::LargestBatch> resident;  ///< if limits were requested
};

/// A constant, and the point with a smaller and with a larger value of it.
struct Sensitivity {
    std::string key, grade, value;
    Measured less, more;

    /// ln(more / less), of the values that the chip actually had.
    double log_ratio() const;
    std::optional<analysis::Elasticity> throughput() const;
    std::optional<analysis::Elasticity> limit() const;  ///< also empty if a limit is the end of the search
};

struct SensitivityReport {
    record::RunRecord base;
    double share = 0.1;
    std::vector<Sensitivity> list;                          ///< the largest elasticity of throughput first
    std::vector<std::pair<std::string, std::string>> left;  ///< keys that are not varied, with the reason
};

void sort_by_elasticity(std::vector<Sensitivity>& list);

std::string sensitivity_text(const SensitivityReport& report);
json::Value sensitivity_json(const SensitivityReport& report);
/// A line per constant.
std::string sensitivity_csv(const SensitivityReport& report);

}  // namespace infsim::cli
