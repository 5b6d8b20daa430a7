#include "serving/confidence.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace infsim::serving {

namespace {

constexpr int kBlocks = 30;
constexpr double kStudent29 = 2.045;

/// P(X = k) of the binomial distribution for k around its mode, by ratios outwards from the mode. This needs no
/// logarithm, whose last bit differs between hosts. Probabilities beyond `weights` are below 1e-18.
struct Binomial {
    std::int64_t first = 0;
    std::vector<double> weights;

    Binomial(std::int64_t n, double q) {
        const auto mode = std::min<std::int64_t>(n, static_cast<std::int64_t>(static_cast<double>(n + 1) * q));
        std::vector<double> below, above;
        double w = 1;
        for (std::int64_t k = mode; k > 0 && w > 1e-20; --k)
            below.push_back(w *= static_cast<double>(k) / static_cast<double>(n - k + 1) * ((1 - q) / q));
        w = 1;
        for (std::int64_t k = mode; k < n && w > 1e-20; ++k)
            above.push_back(w *= static_cast<double>(n - k) / static_cast<double>(k + 1) * (q / (1 - q)));
        first = mode - static_cast<std::int64_t>(below.size());
        weights.assign(below.rbegin(), below.rend());
        weights.push_back(1);
        weights.insert(weights.end(), above.begin(), above.end());
        double sum = 0;
        for (double x : weights) sum += x;
        for (double& x : weights) x /= sum;
    }
};

}  // namespace

double percentile_of_sorted(const std::vector<std::int64_t>& sorted, double p) {
    INFSIM_CHECK(!sorted.empty() && p >= 0 && p <= 100, "percentile of nothing or outside 0..100");
    const double rank = p / 100 * static_cast<double>(sorted.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(rank), sorted.size() - 1);
    const auto above = std::min(below + 1, sorted.size() - 1);
    return static_cast<double>(sorted[below]) +
           (rank - static_cast<double>(below)) * static_cast<double>(sorted[above] - sorted[below]);
}

/// With X the number of samples below the percentile, order statistic l (1-based) lies below it when X >= l, order
/// statistic u above it when X <= u - 1; each side may be wrong with half of what `confidence` leaves.
Ranks percentile_ranks(std::int64_t n, double p, double confidence) {
    INFSIM_CHECK(n > 0 && p > 0 && p < 100 && confidence > 0 && confidence < 1, "ranks of nothing");
    const Binomial binomial(n, p / 100);
    const double side = (1 - confidence) / 2;
    Ranks ranks;
    double below = 0;  // P(X < first + i)
    for (std::size_t i = 0; i < binomial.weights.size(); ++i) {
        const std::int64_t k = binomial.first + static_cast<std::int64_t>(i);
        if (below <= side && k >= 1) ranks.lower = k - 1;
        below += binomial.weights[i];
        if (!ranks.upper && below >= 1 - side && k + 1 <= n) ranks.upper = k;
    }
    return ranks;
}

double binomial_at_most(std::int64_t n, double q, std::int64_t k) {
    INFSIM_CHECK(n >= 1 && q > 0 && q < 1, "a binomial distribution of nothing");
    const Binomial binomial(n, q);
    double sum = 0;
    for (std::size_t i = 0; i < binomial.weights.size() && binomial.first + static_cast<std::int64_t>(i) <= k; ++i)
        sum += binomial.weights[i];
    return sum;
}

std::int64_t samples_for_upper_rank(double p, double confidence) {
    // The largest sample is above the percentile unless all are below: q^n must be at most half of what is left.
    const double side = (1 - confidence) / 2;
    std::int64_t n = 1;
    for (double all_below = p / 100; all_below > side; all_below *= p / 100) ++n;
    return n;
}

std::optional<std::pair<double, double>> block_interval(const std::vector<std::int64_t>& in_order, double p,
                                                        std::int64_t least) {
    const std::size_t size = in_order.size() / kBlocks;
    if (static_cast<std::int64_t>(size) < least || size == 0) return std::nullopt;
    std::vector<double> estimates;
    double mean = 0;
    for (int b = 0; b < kBlocks; ++b) {
        const auto begin = in_order.begin() + static_cast<std::ptrdiff_t>(size * static_cast<std::size_t>(b));
        std::vector<std::int64_t> block(begin, begin + static_cast<std::ptrdiff_t>(size));
        std::sort(block.begin(), block.end());
        estimates.push_back(percentile_of_sorted(block, p));
        mean += estimates.back() / kBlocks;
    }
    double variance = 0;
    for (double x : estimates) variance += (x - mean) * (x - mean) / (kBlocks - 1);
    const double half = kStudent29 * std::sqrt(variance / kBlocks);
    return std::pair{mean - half, mean + half};
}

}  // namespace infsim::serving
