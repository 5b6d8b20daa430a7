#include "flow/model_file.hpp"

#include "graph/model.hpp"

namespace infsim::flow {

std::optional<graph::Graph> read_model(const std::string& path, Problems& problems) {
    try {
        return graph::load_model(path);
    } catch (const InputError& e) {
        for (const Problem& p : e.problems()) problems.add(p);
        return std::nullopt;
    }
}

}  // namespace infsim::flow
