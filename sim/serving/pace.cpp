#include "serving/pace.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace infsim::serving {

namespace {
/// Chips of so many cores keep their service times in an array of cores x sets.
constexpr int kFewCores = 8;
}  // namespace

Paces::Paces(ServiceTimes& times, int cores) : times_(times), cores_(cores), slow_downs_(times.channels()) {}

Paces::Known& Paces::known(int program) {
    const auto p = static_cast<std::size_t>(program);
    if (programs_.size() <= p) programs_.resize(p + 1);
    Known& k = programs_[p];
    if (k.asked) return k;
    k.asked = true;
    k.course = times_.course(program);
    k.edges = {0};
    for (const Piece& piece : k.course) k.edges.push_back(k.edges.back() + piece.ticks);
    if (k.course.empty()) k.edges.push_back(1);
    if (cores_ <= kFewCores) k.few.resize(static_cast<std::size_t>(cores_) << cores_);
    else k.many.resize(static_cast<std::size_t>(cores_));
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

Duration Paces::piece(int program, int core, int number) {
    const auto& edges = known(program).edges;
    const auto n = static_cast<std::size_t>(number);
    const auto at = [&](std::size_t i) {
        return static_cast<std::int64_t>(static_cast<Int128>(alone(program, core).count()) * edges[i] / edges.back());
    };
    return Duration{at(n + 1) - at(n)};
}

Duration Paces::alone(int program, int core) { return entry(program, core, CoreSet{1} << core).service; }

void Paces::paces(const std::vector<Running>& running, CoreSet busy, std::vector<Duration>& result) {
    result.clear();
    asking_.clear();
    bool slowed = false;
    for (const Running& r : running) {
        const Course& course = known(r.program).course;
        asking_.push_back({r.core, course.empty() ? nullptr : &course[static_cast<std::size_t>(r.piece)]});
        slowed = entry(r.program, r.core, busy).factor != kEven || slowed;
    }
    if (slowed) slow_downs_.find(asking_, slow_);
    for (std::size_t i = 0; i < running.size(); ++i) {
        const Running& r = running[i];
        const Entry& e = entry(r.program, r.core, busy);
        if (e.factor == kEven) {
            result.push_back(e.service);
            continue;
        }
        const auto time = static_cast<double>(alone(r.program, r.core).count());
        result.push_back(Duration{static_cast<std::int64_t>(std::llround(time * (1 + e.factor * (slow_[i] - 1))))});
    }
}

}  // namespace infsim::serving
