#include "serving/pace.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace infsim::serving {

namespace {
/// Chips with at most this many cores keep their service times in an array of cores x sets.
constexpr int kFewCores = 8;

/// The link's traffic at an instant is one flow, in which every burst waits separately.
Course over_link(Duration wire, const Shares& share) {
    double sum = 0;
    for (const double s : share) sum += s;
    Shares delay;
    for (const double s : share) delay.push_back(sum > 0 ? s * s / sum : 0);
    return {{{wire, {}, {}, share, delay}}, {}};
}

}  // namespace

Paces::Paces(ServiceTimes& times, int cores) : times_(times), cores_(cores), slow_downs_(times.channels()) {}

Paces::Known& Paces::ask(int program) {
    const auto p = static_cast<std::size_t>(program);
    if (programs_.size() <= p) programs_.resize(p + 1);
    programs_[p] = std::make_unique<Known>();
    Known& k = *programs_[p];
    const Transfers t = times_.transfers(program);
    k.transfers = {t.input_fixed, t.output_fixed, over_link(t.input_wire, t.input_share),
                   over_link(t.output_wire, t.output_share)};
    if (cores_ <= kFewCores) k.few.resize(static_cast<std::size_t>(cores_) << cores_);
    else k.many.resize(static_cast<std::size_t>(cores_));
    k.courses = {times_.course(program)};
    k.even = k.courses.front().pieces.empty();
    if (k.even) k.courses.assign(static_cast<std::size_t>(cores_), {});
    return k;
}

const Paces::Entry& Paces::entry(int program, int core, CoreSet busy) {
    Known& k = known(program);
    const auto c = static_cast<std::size_t>(core);
    Entry& e = cores_ <= kFewCores ? k.few[(c << cores_) | busy] : k.many[c][busy];
    if (e.service == Duration{0}) {
        e = {times_.service(program, core, busy), times_.factor(program, core, busy)};
        INFSIM_CHECK(e.service > Duration{0}, "a batch takes no time");
    }
    return e;
}

const Course& Paces::course(int program, int core) {
    Known& k = known(program);
    if (!k.even) return k.courses.front();
    Course& course = k.courses[static_cast<std::size_t>(core)];
    if (course.pieces.empty()) course.pieces = {{service(program, core, CoreSet{1} << core), {}, {}, {}, {}}};
    return course;
}

double Paces::slow_down(const Moving& moving, CoreSet busy, const SlowDown& slow) {
    if (slow.shared == 1) return slow.met;
    const double factor = moving.program < 0 ? 1 : entry(moving.program, moving.core, busy).factor;
    return std::max(1 + factor * (slow.shared - 1), slow.met);
}

void Paces::find(const std::vector<Moving>& moving, CoreSet busy, std::vector<std::int64_t>& paces) {
    paces.assign(moving.size(), kUnit);
    if (moving.size() > 1) slow_downs_.find(moving, slow_);
    for (std::size_t i = 0; i < moving.size(); ++i) {
        const Moving& m = moving[i];
        if (m.even) paces[i] = service(m.program, m.core, busy).count();
        else if (moving.size() > 1) paces[i] = std::llround(static_cast<double>(kUnit) * slow_down(m, busy, slow_[i]));
    }
}

}  // namespace infsim::serving
