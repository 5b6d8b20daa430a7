#include "calibration/judge.hpp"

#include <algorithm>
#include <cmath>

namespace infsim::calibration {

namespace {

constexpr int kSteps = 4;           // with the same slopes
constexpr int kRounds = 4;          // of new slopes
constexpr double kClose = 0.03;     // change of a constant below which the slopes stay valid
constexpr double kHardly = 0.9;     // remaining share of the prior's spread
constexpr double kTogether = 0.85;  // correlation from which two constants are determined only together

std::vector<double> as_shares(const std::vector<double>& logarithms) {
    std::vector<double> shares;
    for (const double e : logarithms) shares.push_back(std::expm1(e));
    return shares;
}

bool close(const Values& a, const Values& b) {
    for (std::size_t c = 0; c < a.size(); ++c)
        if (std::abs(std::log(a[c] / b[c])) > kClose) return false;
    return true;
}

LeftOut leave_out(const Fit& fit, Remembering& model, const Values& best, const Slopes& slopes,
                  const std::vector<std::pair<std::string, Rows>>& groups) {
    LeftOut out;
    out.errors.resize(slopes.size());
    for (const auto& [name, rows] : groups) {
        Rows rest;
        for (std::size_t r = 0; r < slopes.size(); ++r)
            if (std::find(rows.begin(), rows.end(), r) == rows.end()) rest.push_back(r);
        const Values there = fit.step(best, rest, slopes, 0);
        const std::vector<double> errors = as_shares(model(there));
        for (const std::size_t r : rows) out.errors[r] = errors[r];
        out.constants.emplace_back(name, there);
    }
    out.mean = mean_absolute(out.errors);
    return out;
}

std::vector<std::pair<std::string, Rows>> by_model(const std::vector<Row>& rows) {
    std::vector<std::pair<std::string, Rows>> groups;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto at = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == rows[r].model; });
        if (at == groups.end()) at = groups.insert(groups.end(), {rows[r].model, {}});
        at->second.push_back(r);
    }
    return groups;
}

std::vector<Told> told_of(const FreeConstants& free, const Fit::Certainty& certainty) {
    std::vector<Told> told;
    for (std::size_t i = 0; i < free.constants.size(); ++i) {
        Told t;
        t.spread = certainty.spread[i];
        t.cannot_tell = t.spread > kHardly * free.constants[i].spread;
        for (std::size_t j = 0; j < free.constants.size(); ++j)
            if (i != j && std::abs(certainty.correlation[i][j]) > kTogether) t.with.push_back(j);
        told.push_back(std::move(t));
    }
    return told;
}

}  // namespace

double mean_absolute(const std::vector<double>& errors) {
    double sum = 0;
    for (const double e : errors) sum += std::abs(e);
    return errors.empty() ? 0 : sum / static_cast<double>(errors.size());
}

Calibration calibrate(const FreeConstants& free, const std::vector<Row>& rows, const Values& before,
                      const Model& asked) {
    Remembering model(free.constants, asked);
    const Fit fit(free, model);
    Calibration out;
    Rows all(rows.size());
    std::vector<std::pair<std::string, Rows>> each;
    for (std::size_t r = 0; r < rows.size(); ++r) all[r] = r, each.emplace_back(rows[r].id, Rows{r});
    out.before = before;
    out.errors_before = as_shares(model(before));
    out.after = before;
    for (int round = 0; round < kRounds; ++round) {
        const Values from = out.after;
        out.slopes = fit.slopes(from);
        out.after = fit.run(from, all, out.slopes, kSteps);
        if (close(from, out.after)) break;
    }
    if (out.after != before) out.slopes = fit.slopes(out.after);
    out.errors_after = as_shares(model(out.after));
    if (rows.size() > 1) out.rows = leave_out(fit, model, out.after, out.slopes, each);
    if (const auto models = by_model(rows); models.size() > 1)
        out.models = leave_out(fit, model, out.after, out.slopes, models);
    out.told = told_of(free, fit.certainty(out.slopes));
    return out;
}

}  // namespace infsim::calibration
