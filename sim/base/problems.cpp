#include "base/problems.hpp"

namespace infsim {

std::string to_text(const Problem& problem) {
    std::string text;
    for (const std::string* part : {&problem.file, &problem.where})
        if (!part->empty()) text += *part + ": ";
    return text + problem.what;
}

namespace {
std::string report(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems) {
        if (!text.empty()) text += '\n';
        text += to_text(problem);
    }
    return text;
}
}  // namespace

void Problems::throw_if_any() const {
    if (!list_.empty()) throw InputError(list_);
}

InputError::InputError(std::vector<Problem> problems)
    : std::runtime_error(report(problems)), problems_(std::move(problems)) {}

InputError::InputError(std::string file, std::string where, std::string what)
    : InputError(std::vector<Problem>{{std::move(file), std::move(where), std::move(what)}}) {}

}  // namespace infsim
