#include <algorithm>

#include "serving/device.hpp"

namespace infsim::serving {

namespace {

/// Sum of squared differences that joining two pieces makes.
double change(const Piece& a, const Piece& b) {
    const double weight = static_cast<double>(a.ticks) * b.ticks / (a.ticks + b.ticks);
    double sum = 0;
    for (std::size_t c = 0; c < a.share.size(); ++c) sum += (a.share[c] - b.share[c]) * (a.share[c] - b.share[c]);
    return weight * sum;
}

Piece joint(const Piece& a, const Piece& b) {
    Piece piece{a.ticks + b.ticks, a.share};
    for (std::size_t c = 0; c < a.share.size(); ++c)
        piece.share[c] = (a.share[c] * a.ticks + b.share[c] * b.ticks) / piece.ticks;
    return piece;
}

}  // namespace

Course joined(Course course, std::size_t most) {
    while (course.size() > std::max<std::size_t>(most, 1)) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < course.size(); ++i)
            if (change(course[i], course[i + 1]) < change(course[best], course[best + 1])) best = i;
        course[best] = joint(course[best], course[best + 1]);
        course.erase(course.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    return course;
}

}  // namespace infsim::serving
