#include "hw/spec.hpp"

#include <algorithm>

namespace infsim::hw {

Bytes DmaSpec::row_cost(Bytes run) const {
    if (rows.empty() || run >= rows.back().bytes) return run;
    const auto above = std::upper_bound(rows.begin(), rows.end(), run,
                                        [](Bytes bytes, const RowCost& row) { return bytes < row.bytes; });
    if (above == rows.begin()) return above->cost;
    const RowCost &low = *(above - 1), &high = *above;
    const std::int64_t rise = (high.cost - low.cost).count(), width = (high.bytes - low.bytes).count();
    return Bytes{low.cost.count() + ((run - low.bytes).count() * rise + width - 1) / width};
}

}  // namespace infsim::hw
