#include "serving/series.hpp"

#include <algorithm>

namespace infsim::serving {

void Series::merge() {
    const std::size_t half = (bins_.size() + 1) / 2;
    for (std::size_t i = 0; i < half; ++i) {
        Bin bin = bins_[2 * i];
        if (2 * i + 1 < bins_.size()) {
            bin.integral += bins_[2 * i + 1].integral;
            bin.max = std::max(bin.max, bins_[2 * i + 1].max);
        }
        bins_[i] = bin;
    }
    bins_.resize(half);
    width_ *= 2;
}

void Series::extend(TimePoint now) {
    while (now.time_since_epoch() / width_ >= static_cast<std::int64_t>(kBins)) merge();
    integral_ += static_cast<Int128>(value_) * (now - at_).count();
    while (at_ < now) {
        const auto index = static_cast<std::size_t>(at_.time_since_epoch() / width_);
        const TimePoint bin_end{width_ * static_cast<std::int64_t>(index + 1)};
        const TimePoint to = std::min(now, bin_end);
        if (bins_.size() <= index) bins_.resize(index + 1);
        bins_[index].integral += static_cast<Int128>(value_) * (to - at_).count();
        bins_[index].max = std::max(bins_[index].max, value_);
        at_ = to;
    }
    const auto last = static_cast<std::size_t>(now.time_since_epoch() / width_);
    if (bins_.size() <= last) bins_.resize(last + 1);
}

double Series::mean(double from, double to, TimePoint until) const {
    const auto last = static_cast<double>(until.time_since_epoch() / width_);
    const auto first_bin = static_cast<std::size_t>(from * last);
    const auto end_bin = std::min(bins_.size(), std::max(static_cast<std::size_t>(to * last), first_bin + 1));
    double sum = 0;
    for (std::size_t i = first_bin; i < end_bin; ++i) sum += static_cast<double>(bins_[i].integral);
    return end_bin > first_bin ? sum / (static_cast<double>(width_.count()) * static_cast<double>(end_bin - first_bin))
                               : 0;
}

}  // namespace infsim::serving
