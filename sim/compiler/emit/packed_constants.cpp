#include "compiler/emit/packed_constants.hpp"

namespace infsim::compiler {

namespace {

bool is_one_run(const std::vector<FreeStep>& free) {
    return free.empty() || (free.size() == 1 && free[0].there == 1 && free[0].here == 1);
}

/// Splits the box of a tensor's elements into boxes of one number each, along the dimensions in which the number
/// changes.
void add_literals(const program::RecipeBox& box, const std::vector<float>& literal, std::size_t dim,
                  std::vector<program::RecipeBox>& recipe) {
    if (dim == box.count.size()) {
        program::RecipeBox one = box;
        one.tensor = program::kLiteral;
        one.literal = literal.at(static_cast<std::size_t>(box.tensor_offset));
        one.tensor_offset = 0;
        one.tensor_step = {};
        if (one.literal != 0) recipe.push_back(one);  // anything outside all boxes is zero
        return;
    }
    if (box.tensor_step[dim] == 0) return add_literals(box, literal, dim + 1, recipe);
    program::RecipeBox part = box;
    part.count[dim] = 1;
    for (std::int64_t i = 0; i < box.count[dim]; ++i) {
        part.segment_offset = box.segment_offset + i * box.segment_step[dim];
        part.tensor_offset = box.tensor_offset + i * box.tensor_step[dim];
        add_literals(part, literal, dim + 1, recipe);
    }
}

}  // namespace

std::optional<PackedConstant> packed(const TransferWalk& walk, int element, const std::vector<float>* literal) {
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
        if (literal != nullptr) add_literals(box, *literal, 0, out.recipe);
        else out.recipe.push_back(box);
        out.walk.runs[r].there = out.elements;
        out.walk.runs[r].lane_there = plane;
        out.elements += plane * from.lanes;
    }
    return out;
}

}  // namespace infsim::compiler
