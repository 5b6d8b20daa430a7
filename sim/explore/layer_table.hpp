// layers.csv of a stored point, read back.
#pragma once

#include <string>
#include <vector>

namespace infsim::explore {

/// The columns of layers.csv that programs read, for one layer.
struct LayerLine {
    std::string layer, bound, main_stall;
    double start_ms = 0, end_ms = 0;
};

/// The rows of layers.csv, columns found by name; no rows for an empty text. Throws InputError naming `file` for text
/// that no simulation wrote.
std::vector<LayerLine> parse_layers(const std::string& layers_csv, const std::string& file);

}  // namespace infsim::explore
