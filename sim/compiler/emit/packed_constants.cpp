#include "compiler/emit/packed_constants.hpp"

namespace infsim::compiler {

namespace {

bool is_one_run(const std::vector<FreeStep>& free) {
    return free.empty() || (free.size() == 1 && free[0].there == 1 && free[0].here == 1);
}

}  // namespace

std::optional<PackedConstant> packed(const TransferWalk& walk, int element) {
    constexpr std::size_t lane_dim = 0, first_free = 1;
    const std::size_t dims = program::RecipeBox{}.count.size();
    if (is_one_run(walk.free) || walk.free.size() + first_free > dims) return std::nullopt;
    PackedConstant out{walk, {}, 0};
    std::int64_t plane = 1;
    for (auto f = out.walk.free.rbegin(); f != out.walk.free.rend(); ++f) {
        f->there = plane;
        plane *= f->count;
    }
    for (std::size_t r = 0; r < walk.runs.size(); ++r) {
        const LaneRun& from = walk.runs[r];
        program::RecipeBox box;
        box.segment_offset = out.elements * element;
        box.tensor_offset = from.there;
        box.count[lane_dim] = from.lanes;
        box.segment_step[lane_dim] = plane * element;
        box.tensor_step[lane_dim] = from.lane_there;
        for (std::size_t d = 0; d < walk.free.size(); ++d) {
            box.count[first_free + d] = walk.free[d].count;
            box.segment_step[first_free + d] = out.walk.free[d].there * element;
            box.tensor_step[first_free + d] = walk.free[d].there;
        }
        out.recipe.push_back(box);
        out.walk.runs[r].there = out.elements;
        out.walk.runs[r].lane_there = plane;
        out.elements += plane * from.lanes;
    }
    return out;
}

}  // namespace infsim::compiler
