// What a fuzzer of an importer does with any bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "graph/check.hpp"
#include "support/temp_folder.hpp"

namespace infsim::test {

/// Reads the bytes as a file of this name, because models refer to files beside them: a graph that the verifier takes,
/// or one InputError.
template <class Import>
int import_any(const char* name, const std::uint8_t* data, std::size_t size, Import import) {
    static const TempFolder folder;
    try {
        const auto path = folder.write(name, std::string(reinterpret_cast<const char*>(data), size));
        const graph::Graph graph = import(path);
        if (graph.host && graph.nodes.empty()) return 0;  // all of it runs on the host: who wants to run it refuses it
        const Problems problems = graph::check(graph);
        INFSIM_CHECK(problems.empty(), "the verifier refuses an imported graph: " + to_text(problems.list().front()));
    } catch (const InputError&) {}
    return 0;
}

}  // namespace infsim::test
