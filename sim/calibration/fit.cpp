#include "calibration/fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <Eigen/Dense>

namespace infsim::calibration {

namespace {

constexpr double kDifference = 0.12;  // of a finite difference: far above the error of a measurement
constexpr double kLongest = 0.5;      // step of a logarithm

Values rounded(const std::vector<FreeConstant>& constants, const Values& values) {
    Values out;
    for (std::size_t c = 0; c < constants.size(); ++c) out.push_back(constants[c].rounded(values[c]));
    return out;
}

double from_prior(const FreeConstant& constant, double x) { return std::log(x / constant.prior) / constant.spread; }

/// J'J / error^2 + 1 / spread^2 over these rows.
Eigen::MatrixXd curvature(const FreeConstants& free, const Slopes& slopes, const Rows& rows) {
    const auto n = static_cast<Eigen::Index>(free.constants.size());
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(n, n);
    for (const std::size_t r : rows) {
        const Eigen::Map<const Eigen::VectorXd> slope(slopes[r].data(), n);
        normal += slope * slope.transpose() / (free.error * free.error);
    }
    for (Eigen::Index c = 0; c < n; ++c) {
        const double spread = free.constants[static_cast<std::size_t>(c)].spread;
        normal(c, c) += 1 / (spread * spread);
    }
    return normal;
}

}  // namespace

Remembering::Remembering(const std::vector<FreeConstant>& constants, Model model)
    : constants_(constants), model_(std::move(model)) {}

const std::vector<double>& Remembering::operator()(const Values& values) {
    const Values key = rounded(constants_, values);
    for (const auto& [at, errors] : known_)
        if (at == key) return errors;
    known_.emplace_back(key, model_(key));
    return known_.back().second;
}

Slopes Fit::slopes(const Values& at) const {
    const std::vector<double> here = model_(at);
    Slopes slopes(here.size(), std::vector<double>(at.size()));
    for (std::size_t c = 0; c < at.size(); ++c) {
        const FreeConstant& constant = free_.constants[c];
        Values there = at;
        const bool up = at[c] * (1 + kDifference) <= constant.high;
        there[c] = constant.rounded(at[c] * (up ? 1 + kDifference : 1 - kDifference));
        if (there[c] == at[c]) continue;  // a range of one step: no choice
        const std::vector<double> moved = model_(there);
        for (std::size_t r = 0; r < here.size(); ++r) slopes[r][c] = (moved[r] - here[r]) / std::log(there[c] / at[c]);
    }
    return slopes;
}

Values Fit::step(const Values& from, const Rows& rows, const Slopes& slopes, double damping) const {
    const auto n = static_cast<Eigen::Index>(from.size());
    Eigen::MatrixXd normal = curvature(free_, slopes, rows);
    const Eigen::VectorXd diagonal = normal.diagonal();
    normal.diagonal() += damping * diagonal;
    const std::vector<double> errors = model_(from);
    Eigen::VectorXd downhill(n);
    for (Eigen::Index c = 0; c < n; ++c) {
        const auto k = static_cast<std::size_t>(c);
        double slope = from_prior(free_.constants[k], from[k]) / free_.constants[k].spread;
        for (const std::size_t r : rows) slope += slopes[r][k] * errors[r] / (free_.error * free_.error);
        downhill(c) = -slope;
    }
    const Eigen::VectorXd move = normal.ldlt().solve(downhill);
    Values there;
    for (std::size_t c = 0; c < from.size(); ++c)
        there.push_back(from[c] * std::exp(std::clamp(move(static_cast<Eigen::Index>(c)), -kLongest, kLongest)));
    return rounded(free_.constants, there);
}

double Fit::cost(const Values& values, const Rows& rows) const {
    const std::vector<double> errors = model_(values);
    double sum = 0;
    for (const std::size_t r : rows) sum += errors[r] * errors[r] / (free_.error * free_.error);
    for (std::size_t c = 0; c < values.size(); ++c) {
        const double off = from_prior(free_.constants[c], values[c]);
        sum += off * off;
    }
    return sum;
}

Values Fit::run(const Values& start, const Rows& rows, const Slopes& slopes, int steps) const {
    Values best = rounded(free_.constants, start);
    double damping = 0;
    for (int i = 0; i < steps; ++i) {
        const Values there = step(best, rows, slopes, damping);
        if (there == best) break;
        if (cost(there, rows) < cost(best, rows)) best = there, damping /= 3;
        else damping = std::max(damping, 0.2) * 5;
    }
    return best;
}

Fit::Certainty Fit::certainty(const Slopes& slopes) const {
    Rows all(slopes.size());
    for (std::size_t r = 0; r < all.size(); ++r) all[r] = r;
    const Eigen::MatrixXd covariance = curvature(free_, slopes, all).inverse();
    const auto n = covariance.rows();
    Certainty certainty;
    for (Eigen::Index i = 0; i < n; ++i) {
        certainty.spread.push_back(std::sqrt(covariance(i, i)));
        certainty.correlation.emplace_back();
        for (Eigen::Index j = 0; j < n; ++j)
            certainty.correlation.back().push_back(covariance(i, j) / std::sqrt(covariance(i, i) * covariance(j, j)));
    }
    return certainty;
}

}  // namespace infsim::calibration
