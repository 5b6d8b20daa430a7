// The common part of all answers of workers: an answer may instead hold problems with the input.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::explore {

/// An answer with problems of the input that only the compiler finds.
std::string refusal_text(const std::vector<Problem>& problems);

struct Answer {
    json::Document document;        ///< an object
    std::vector<Problem> problems;  ///< if there are any, the document holds nothing else
};

/// Empty, with an entry in `problems`, for text that no worker writes.
std::optional<Answer> read_answer(const std::string& text, Problems& problems);

}  // namespace infsim::explore
