// What the verifiers of the compiler's forms have found.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace infsim::compiler {

/// Collects messages up to a limit: one mistake of a pass can easily show up a hundred thousand times.
class Violations {
public:
    explicit Violations(std::size_t limit) : limit_(limit) {}
    /// Adds `what` unless `holds`; returns `holds`. `where` names the faulty thing.
    bool require(bool holds, const std::string& where, const std::string& what) {
        if (!holds) add(where + ": " + what);
        return holds;
    }
    void add(std::string text) {
        if (!full()) list_.push_back(std::move(text));
    }
    bool full() const { return list_.size() >= limit_; }
    std::vector<std::string> take() { return std::move(list_); }

private:
    std::size_t limit_;
    std::vector<std::string> list_;
};

}  // namespace infsim::compiler
