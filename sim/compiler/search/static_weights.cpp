#include "compiler/search/static_weights.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/search/estimate.hpp"
#include "compiler/search/sections.hpp"
#include "compiler/search/tried.hpp"

namespace infsim::compiler {

namespace {

struct Weighted {
    LayerId layer;
    double bytes = 0, macs_per_byte = 0;
};

/// The layers with weights; those whose weights are used least come first.
std::vector<Weighted> by_intensity(const SearchInput& in) {
    std::vector<Weighted> list;
    for (const LayerId l : in.network.layers.ids()) {
        const Layer& layer = in.network.layers[l];
        if (!std::holds_alternative<ConvOp>(layer.op)) continue;
        const double bytes = weight_bytes(in.network, layer, in.dtype);
        if (bytes > 0) list.push_back({l, bytes, static_cast<double>(layer.macs) / bytes});
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const Weighted& a, const Weighted& b) { return a.macs_per_byte < b.macs_per_byte; });
    return list;
}

class Keeper {
public:
    Keeper(const SearchInput& in, const Decision& plain, const BuildProgram& build, std::vector<Attempt>& attempts)
        : in_(in), plain_(plain), build_(build), attempts_(attempts), layers_(by_intensity(in)) {}

    std::optional<Decision> run() {
        const std::size_t most = most_that_fit();
        if (most == 0) return std::nullopt;
        for (const double share : {1.0, 0.75, 0.5, 0.25, 0.0}) try_layers(holding(share, most));  // fewest bytes first
        if (!best_ || best_->plan.static_weights.empty()) return std::nullopt;
        attempts_[best_attempt_].taken = true;
        return std::move(best_);
    }

private:
    const SearchInput& in_;
    const Decision& plain_;
    const BuildProgram& build_;
    std::vector<Attempt>& attempts_;
    std::vector<Weighted> layers_;
    std::optional<Decision> best_;
    Duration best_time_{};
    std::size_t best_attempt_ = 0;
    std::vector<std::size_t> tried_;

    /// The plain plan with the weights of the first `count` layers static.
    Trial trial(std::size_t count, bool program) const {
        Plan plan = plain_.plan;
        plan.static_weights.assign(count > 0 ? in_.network.layers.size() : 0, 0);
        for (std::size_t i = 0; i < count; ++i) plan.static_weights[layers_[i].layer.index()] = 1;
        return {{std::move(plan)}, in_.batch, false, false, program};
    }

    /// How many layers can keep their weights while everything else fits as it is, by bisection.
    std::size_t most_that_fit() const {
        std::size_t fits = 0, beyond = layers_.size() + 1;
        while (beyond - fits > 1) {
            const std::size_t middle = fits + (beyond - fits) / 2;
            (std::holds_alternative<Built>(build_(trial(middle, false))) ? fits : beyond) = middle;
        }
        return fits;
    }

    /// The number of layers, of the first `most`, that hold this share of their bytes.
    std::size_t holding(double share, std::size_t most) const {
        double all = 0, sum = 0;
        for (std::size_t i = 0; i < most; ++i) all += layers_[i].bytes;
        std::size_t count = 0;
        while (count < most && sum + layers_[count].bytes <= share * all * (1 + 1e-9)) sum += layers_[count++].bytes;
        return count;
    }

    void try_layers(std::size_t count) {
        if (std::find(tried_.begin(), tried_.end(), count) != tried_.end()) return;
        tried_.push_back(count);
        const Timer timer;
        auto outcome = build_(trial(count, true));
        Attempt attempt{fmt::format("weights of {} of {} layers", count, layers_.size()), "does not fit"};
        if (auto* built = std::get_if<Built>(&outcome)) {
            const Duration time = expected_service(built->program, in_.spec);
            attempt.detail = fmt::format("estimate {:.3f} ms", milliseconds(time));
            if (!best_ || time < best_time_) {
                best_ = std::move(built->decision);
                best_time_ = time;
                best_attempt_ = attempts_.size();
            }
        }
        attempt.seconds = timer.seconds();
        attempts_.push_back(std::move(attempt));
    }
};

}  // namespace

std::optional<Decision> with_static_weights(const SearchInput& input, const Decision& plain, const BuildProgram& build,
                                            std::vector<Attempt>& attempts) {
    if (!plain.evictions.empty()) {
        attempts.push_back({"static weights", "no space: the batch does not fit as it is"});
        return std::nullopt;
    }
    return Keeper(input, plain, build, attempts).run();
}

}  // namespace infsim::compiler
