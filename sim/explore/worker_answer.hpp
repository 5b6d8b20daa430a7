// What all answers of workers have in common: they may say instead what is wrong with the input.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::explore {

/// An answer that says what only the compiler found wrong with the input.
std::string refusal_text(const std::vector<Problem>& problems);

struct Answer {
    json::Document document;        ///< an object
    std::vector<Problem> problems;  ///< where there are any, the document holds nothing else
};

/// Empty after having added to `problems` for text that no worker writes.
std::optional<Answer> read_answer(const std::string& text, Problems& problems);

}  // namespace infsim::explore
