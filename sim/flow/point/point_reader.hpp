// Points of which many name the same files, read without reading these again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "flow/point/point.hpp"

namespace infsim::flow {

/// Reads points like flow::resolve. Chip and compiler files with the same settings are read once, as far as the last
/// few hundred ones go, and taken as they were then.
class PointReader {
public:
    explicit PointReader(ModelCache& models);
    ~PointReader();

    std::optional<Point> point(const PointRequest& request, Problems& problems);
    /// The same but for the graph, which stays empty: what identity and the prepared part of a record need.
    std::optional<Point> without_graph(const PointRequest& request, Problems& problems);

private:
    struct Chip;
    struct Compiler;
    struct Parts;
    const Chip& chip(const PointRequest& request);
    const Compiler& compiler(const PointRequest& request, const std::vector<Setting>& settings);
    std::optional<Parts> parts(const PointRequest& request, Problems& problems);
    static Point made(const PointRequest& request, const Parts& parts);

    ModelCache& models_;
    std::unordered_map<std::string, std::unique_ptr<Chip>> chips_;
    std::unordered_map<std::string, std::unique_ptr<Compiler>> compilers_;
};

}  // namespace infsim::flow
