// Reads many points that name the same files, each file only once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "flow/point/point.hpp"

namespace infsim::flow {

/// Reads points like flow::resolve. Chip and compiler files are read once per set of settings; the last few hundred are
/// kept, and later changes of the files are not noticed.
class PointReader {
public:
    explicit PointReader(ModelCache& models);
    ~PointReader();

    std::optional<Point> point(const PointRequest& request, Problems& problems);
    /// The same with an empty graph: enough for the identity and the prepared part of a record.
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
