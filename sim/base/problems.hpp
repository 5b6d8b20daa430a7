// Input problems: collected while reading, reported together, each with the place where it was found.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace infsim {

/// One thing that is wrong in an input. `where` is a JSON pointer, a line, a node name or an option;
/// `what` says what is wrong and what would be right.
struct Problem {
    std::string file;
    std::string where;
    std::string what;
};

/// "file:where: what", without empty parts.
std::string to_text(const Problem& problem);

/// Collects problems; readers continue after the first, so that a user sees all of them at once.
class Problems {
public:
    void add(std::string file, std::string where, std::string what) {
        list_.push_back({std::move(file), std::move(where), std::move(what)});
    }
    void add(Problem problem) { list_.push_back(std::move(problem)); }
    bool empty() const { return list_.empty(); }
    const std::vector<Problem>& list() const { return list_; }
    /// Throws InputError with everything collected, if there is anything.
    void throw_if_any() const;

private:
    std::vector<Problem> list_;
};

/// Wrong input: exit status 2. what() is the whole report, one problem per line.
class InputError : public std::runtime_error {
public:
    explicit InputError(std::vector<Problem> problems);
    InputError(std::string file, std::string where, std::string what);
    const std::vector<Problem>& problems() const { return problems_; }

private:
    std::vector<Problem> problems_;
};

}  // namespace infsim
