// Selections by lists of indices: boxes of equal steps.
#include <utility>

#include "compiler/ir/strided.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Shape;

namespace {

/// Consecutive indices in equal steps: one box of a fetch.
struct Run {
    std::int64_t at = 0, first = 0, count = 1, step = 1;
};

/// Splits a list of indices into runs; negative indices mean "nothing there" and belong to no run.
std::vector<Run> runs_of(const std::vector<std::int64_t>& indices) {
    std::vector<Run> runs;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const std::int64_t at = static_cast<std::int64_t>(i), index = indices[i];
        if (index < 0) continue;
        if (!runs.empty()) {
            Run& r = runs.back();
            const bool adjacent = r.at + r.count == at;
            if (adjacent && r.count == 1) {
                r.step = index - r.first;
                r.count = 2;
                continue;
            }
            if (adjacent && r.first + r.count * r.step == index) {
                ++r.count;
                continue;
            }
        }
        runs.push_back({at, index, 1, 1});
    }
    return runs;
}

/// How many times each index is repeated in a row; 0 if the list does not have that form.
std::int64_t repeats(const std::vector<std::int64_t>& indices, std::int64_t extent) {
    const auto n = static_cast<std::int64_t>(indices.size());
    if (extent == 0 || n % extent != 0) return 0;
    const std::int64_t times = n / extent;
    for (std::int64_t i = 0; i < n; ++i)
        if (indices[static_cast<std::size_t>(i)] != i / times) return 0;
    return times;
}

/// The most pieces in one fetch.
constexpr std::size_t kMostPieces = 4096;

/// The boxes of a selection: every combination of runs of the axes; empty (and a note) if there are too many.
std::vector<FetchBox> boxes_of(Lowering& low, const Strided& source, const std::vector<std::vector<Run>>& runs) {
    std::vector<FetchBox> boxes = {{source, {}, {}}};
    for (std::size_t a = 0; a < runs.size(); ++a) {
        std::vector<FetchBox> next;
        for (const FetchBox& box : boxes)
            for (const Run& r : runs[a]) {
                FetchBox part{sliced(low, box.from, a, r.first, r.count, r.step), box.start, box.step};
                part.start.push_back(r.at);
                part.step.push_back(1);
                next.push_back(std::move(part));
            }
        boxes = std::move(next);
        if (boxes.size() > kMostPieces) {
            low.refuse("a selection of more than 4096 pieces");
            return {};
        }
    }
    return boxes;
}

}  // namespace

View gathered(Lowering& low, const Strided& s, const std::vector<std::vector<std::int64_t>>& indices,
              std::optional<float> fill) {
    const Shape from = shape_of(s);
    Shape to;
    Strided source = s;
    std::vector<std::vector<Run>> runs;
    for (std::size_t a = 0; a < indices.size(); ++a) {
        to.push_back(static_cast<std::int64_t>(indices[a].size()));
        const std::int64_t times = repeats(indices[a], from[a]);
        if (times > 0) {
            source = repeat_elements(source, a, times);
            runs.push_back({{0, 0, to[a], 1}});
        } else {
            runs.push_back(runs_of(indices[a]));
        }
    }
    std::vector<FetchBox> boxes = boxes_of(low, source, runs);
    if (boxes.empty() && !fill) low.refuse("a selection of nothing");
    return fetched(low, std::move(boxes), default_layout(to, low.source.columns), dtype_of(low, s), fill);
}

}  // namespace infsim::compiler
