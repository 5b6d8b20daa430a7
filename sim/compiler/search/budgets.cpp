#include "compiler/search/budgets.hpp"

namespace infsim::compiler {

std::vector<std::int64_t> budget_ladder(std::int64_t capacity) {
    std::vector<std::int64_t> rungs;
    std::int64_t unit = 1;
    while (unit * 8 <= capacity) unit *= 2;
    for (; unit >= 1 && rungs.size() < 12; unit /= 2)
        for (std::int64_t n = 7; n >= 4 && rungs.size() < 12; --n)
            if (n * unit <= capacity) rungs.push_back(n * unit);
    return rungs;
}

std::vector<std::int64_t> budgets_between(std::int64_t capacity) {
    std::vector<std::int64_t> budgets{capacity};
    std::int64_t unit = 1;
    while (unit * 32 <= capacity) unit *= 2;
    for (std::int64_t n = 31; n >= 16; --n)
        if (n * unit < capacity && n % 4 != 0) budgets.push_back(n * unit);
    return budgets;
}

std::vector<std::int64_t> budget_octaves(std::int64_t capacity) {
    std::vector<std::int64_t> octaves;
    for (std::int64_t budget : budget_ladder(capacity))
        if ((budget & (budget - 1)) == 0) octaves.push_back(budget);
    return octaves;
}

}  // namespace infsim::compiler
