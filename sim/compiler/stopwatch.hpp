// Wall time of passes.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// Times the passes of one compilation.
class Stopwatch {
public:
    void lap(std::vector<PassReport>& reports, std::string pass, std::string summary) {
        const auto now = std::chrono::steady_clock::now();
        reports.push_back({std::move(pass), std::chrono::duration<double>(now - last_).count(), std::move(summary)});
        last_ = now;
    }

private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace infsim::compiler
