// The arbiter that the chip file selects: plain C++, forwards each call to it.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "chip/arbiter.hpp"
#include "chip/fluid_arbiter.hpp"

namespace infsim::chip {

/// For the functions see Arbiter.
class DramArbiter {
public:
    explicit DramArbiter(const ArbiterConfig& config)
        : kind_(config.arbitration == hw::Arbitration::fluid ? Kind(std::in_place_type<FluidArbiter>, config)
                                                             : Kind(std::in_place_type<Arbiter>, config)) {}

    bool request(TimePoint at, const Transfer& transfer) {
        return std::visit([&](auto& arbiter) { return arbiter.request(at, transfer); }, kind_);
    }
    std::optional<TimePoint> next_completion(TimePoint limit = TimePoint::max()) {
        return std::visit([&](auto& arbiter) { return arbiter.next_completion(limit); }, kind_);
    }
    void take_finished(TimePoint at, std::vector<FinishedTransfer>& finished) {
        std::visit([&](auto& arbiter) { arbiter.take_finished(at, finished); }, kind_);
    }
    void forget_turns(TimePoint at) {
        std::visit([&](auto& arbiter) { arbiter.forget_turns(at); }, kind_);
    }
    std::vector<Ddr4Channel::Counts> ddr4_counts() const {
        return std::visit([](const auto& arbiter) { return arbiter.ddr4_counts(); }, kind_);
    }

private:
    using Kind = std::variant<Arbiter, FluidArbiter>;
    Kind kind_;
};

}  // namespace infsim::chip
