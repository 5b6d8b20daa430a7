#include "explore/asking.hpp"

#include <algorithm>
#include <numeric>

#include "explore/limit_walk.hpp"
#include "explore/open_batch.hpp"

namespace infsim::explore {

std::vector<AskedPoint> next_round(const std::vector<Cell>& cells) {
    std::vector<AskedPoint> asked;
    for (std::size_t c = 0; c < cells.size(); ++c)
        for (const int batch : next_batches(cells[c].known, cells[c].most))
            asked.push_back({c, at_batch(cells[c].first, batch)});
    return asked;
}

std::vector<std::size_t> table_order(const std::vector<SweepPoint>& points, const std::vector<std::size_t>& cells) {
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (cells[a] != cells[b]) return cells[a] < cells[b];
        return points[a].request.batch < points[b].request.batch;
    });
    return order;
}

}  // namespace infsim::explore
