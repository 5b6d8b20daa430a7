#include "compiler/emit/access.hpp"

#include <array>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "compiler/emit/emission_ends.hpp"

namespace infsim::compiler {

namespace {

/// A stretch longer than one count is split into rows of the largest length that divides it.
std::pair<Step, Step> split_long(const Step& s) {
    std::int64_t rows = (s.count + program::kMostCounted - 1) / program::kMostCounted;
    while (rows < program::kMostCounted && s.count % rows != 0) ++rows;
    return {{s.step * (s.count / rows), rows}, {s.step, s.count / rows}};
}

}  // namespace

std::uint16_t step_or_count(std::int64_t n) {
    if (n < 0 || n > program::kMostCounted) throw EmissionEnds{StepTooLong{n, program::kMostCounted}};
    return static_cast<std::uint16_t>(n);
}

program::AccessPattern make_access(program::Space space, int partition_start, int partition_count, std::int64_t offset,
                                   DType dtype, std::initializer_list<Step> steps) {
    std::array<Step, 8> kept{};
    std::size_t n = 0;
    for (const Step& s : steps) {
        if (s.count == 1) continue;
        if (n > 0 && kept[n - 1].step == s.step * s.count && kept[n - 1].count * s.count <= program::kMostCounted)
            kept[n - 1] = {s.step, kept[n - 1].count * s.count};
        else if (s.count > program::kMostCounted) std::tie(kept[n], kept[n + 1]) = split_long(s), n += 2;
        else kept[n++] = s;
    }
    INFSIM_CHECK(n <= program::kAccessDims, "an access pattern has at most four dimensions");
    program::AccessPattern ap;
    for (std::size_t d = 0; d < n; ++d) {
        const std::size_t at = program::kAccessDims - n + d;
        ap.step[at] = step_or_count(kept[d].step);
        ap.count[at] = step_or_count(kept[d].count);
    }
    if (n == 0) ap.step[program::kAccessDims - 1] = 1;
    ap.offset = static_cast<std::uint32_t>(offset);
    ap.partition_start = static_cast<std::uint16_t>(partition_start);
    ap.partition_count = static_cast<std::uint16_t>(partition_count);
    ap.space = space;
    ap.dtype = dtype;
    return ap;
}

}  // namespace infsim::compiler
