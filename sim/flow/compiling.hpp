// Private to limits.cpp: compilations that are asked for again and again.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "flow/limits.hpp"

namespace infsim::flow {

/// Compiles each request once.
class Compiling {
public:
    explicit Compiling(const LimitsTools& tools) : tools_(tools) {}

    const std::optional<compiler::DoesNotFit>& refusal(const PointRequest& request, const std::string& label) {
        const std::string key = json::dump(to_json(request), 0);
        const auto known = answers_.find(key);
        if (known != answers_.end()) return known->second;
        auto answer = tools_.compile(request);
        tools_.say(fmt::format("{}: B={} {}", label, request.batch, answer ? "does not fit" : "fits"));
        return answers_[key] = std::move(answer);
    }
    /// Empty where it does not fit.
    const std::optional<Prospect>& prospect(const PointRequest& request) {
        const std::string key = json::dump(to_json(request), 0);
        const auto known = prospects_.find(key);
        if (known != prospects_.end()) return known->second;
        const auto found = tools_.prospect(request);
        if (found) answers_[key] = std::nullopt;
        tools_.say(
            fmt::format("B={} {}", request.batch,
                        found ? fmt::format("at most {:.0f} items/s", found->most) : std::string("does not fit")));
        return prospects_[key] = found;
    }

private:
    const LimitsTools& tools_;
    std::map<std::string, std::optional<compiler::DoesNotFit>> answers_;
    std::map<std::string, std::optional<Prospect>> prospects_;
};

}  // namespace infsim::flow
