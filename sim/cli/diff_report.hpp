// What infsim diff prints.
#pragma once

#include <string>
#include <vector>

#include "analysis/compare.hpp"
#include "base/json.hpp"
#include "explore/layer_table.hpp"
#include "record/record.hpp"

namespace infsim::cli {

/// One of the two points.
struct DiffSide {
    std::string name;  ///< as the user named it
    record::RunRecord record;
    std::vector<explore::LayerLine> layers;
    std::vector<std::pair<std::string, std::string>> passes;  ///< what each pass of the compiler did, if known
};

/// Both points and their differences; both have results.
struct Difference {
    DiffSide a, b;
    std::vector<analysis::Change> layers, engines, bytes;

    Difference(DiffSide first, DiffSide second);
};

/// `all`: also the layers, engines and purposes that hardly differ.
std::string diff_text(const Difference& difference, bool all);
json::Value diff_json(const Difference& difference);

}  // namespace infsim::cli
