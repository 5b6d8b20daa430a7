#include "serving/course.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/check.hpp"

namespace infsim::serving {

namespace {

/// Weight of a piece's length against the blur of joining it; a tenth to three times as much gives the same accuracy.
constexpr double kWorkWeight = 0.3;

double count(Duration d) { return static_cast<double>(d.count()); }

double difference(const Piece& a, const Piece& b) {
    const double work = count(a.work + b.work);
    double sum = count(b.available - a.available) + count(b.needed - a.needed) + kWorkWeight * work;
    if (work > 0)
        for (std::size_t c = 0; c < a.share.size(); ++c)
            sum += std::abs(a.share[c] - b.share[c]) * count(a.work) * count(b.work) / work;
    return sum;
}

Duration rounded(double ps) { return Duration{std::llround(ps)}; }

Piece joint(const Piece& a, const Piece& b) {
    const double work = count(a.work + b.work), of_a = work > 0 ? count(a.work) / work : 0.5, of_b = 1 - of_a;
    Piece piece{a.work + b.work, rounded(of_a * count(a.available) + of_b * count(b.available)),
                rounded(of_a * count(a.needed) + of_b * count(b.needed)), a.share, a.delay};
    for (std::size_t c = 0; c < a.share.size(); ++c) {
        piece.share[c] = of_a * a.share[c] + of_b * b.share[c];
        piece.delay[c] = of_a * a.delay[c] + of_b * b.delay[c];
    }
    return piece;
}

}  // namespace

Duration alone_time(const Course& course) {
    Duration time{}, computed{};
    for (const Piece& piece : course.pieces) {
        const Duration wait = std::max(piece.available - computed, Duration{0});
        time += wait + piece.work;
        computed = std::min(computed + wait + piece.work, piece.needed);
    }
    return time + course.computation - computed;
}

Course joined(Course course, std::size_t most) {
    auto& pieces = course.pieces;
    std::vector<double> differences;  // between a piece and the next
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) differences.push_back(difference(pieces[i], pieces[i + 1]));
    while (pieces.size() > std::max<std::size_t>(most, 1)) {
        const auto least = std::min_element(differences.begin(), differences.end());
        const auto i = static_cast<std::size_t>(least - differences.begin());
        pieces[i] = joint(pieces[i], pieces[i + 1]);
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        differences.erase(least);
        if (i > 0) differences[i - 1] = difference(pieces[i - 1], pieces[i]);
        if (i < differences.size()) differences[i] = difference(pieces[i], pieces[i + 1]);
    }
    return course;
}

Course stretched(Course course, Duration alone) {
    INFSIM_CHECK(!course.pieces.empty() && alone_time(course) > Duration{0},
                 "a course without time cannot be stretched");
    const double by = count(alone) / count(alone_time(course));
    const auto stretch = [by](Duration& d) { d = rounded(count(d) * by); };
    for (Piece& piece : course.pieces) {
        stretch(piece.work);
        stretch(piece.available);
        stretch(piece.needed);
        // Alone it is not slowed, so it uses at most all of a channel.
        for (double& share : piece.share) share = std::min(share / by, 1.0);
    }
    stretch(course.computation);
    // Distributes the rounding error, to the picosecond.
    Piece& last = course.pieces.back();
    last.work = std::max(last.work + alone - alone_time(course), Duration{0});
    course.computation += alone - alone_time(course);
    INFSIM_CHECK(alone_time(course) == alone && course.computation >= last.needed, "a course was not stretched");
    return course;
}

}  // namespace infsim::serving
