#include "compiler/emit/conv_tiles.hpp"

namespace infsim::compiler {

namespace {

/// Tiles of as many small images as fit in a bank, in equal shares.
std::vector<Tile> array_tiles(const EmitContext& c, const Layer& layer, ImageSpan images) {
    const Physical& out = c.phys(layer.output);
    // Paired input images lie in different partitions: one matmul cannot read two neighbours.
    const bool paired = c.storage.facts(layer.inputs[0].value).pairable;
    const int together = paired ? 1 : static_cast<int>(most_moving(c) / out.plane());
    const int count = (images.count + together - 1) / together;
    std::vector<Tile> list;
    for (int t = 0, done = 0; t < count; ++t) {
        const int share = (images.count - done + count - t - 1) / (count - t);
        list.push_back({images.first.next(done), share, {0, out.rows, 1, 0, out.cols, 1}});
        done += share;
    }
    return list;
}

}  // namespace

std::vector<Tile> conv_tiles(const EmitContext& c, const Layer& layer, ImageSpan images, RowRange rows) {
    const Physical& out = c.phys(layer.output);
    const int most = most_moving(c);
    if (c.storage.is_array(layer.output.value) && rows.count() == out.rows && out.plane() <= most)
        return array_tiles(c, layer, images);
    const int col_tiles = (out.cols + most - 1) / most;
    const int row_tile = std::max(1, most / out.cols);
    const int row_tiles = (rows.count() + row_tile - 1) / row_tile;
    std::vector<Tile> list;
    for (const ImageId image : images.ids())
        for (int r = 0, row = 0; r < row_tiles; ++r) {
            const int share = (rows.count() - row + row_tiles - r - 1) / (row_tiles - r);
            for (int k = 0, col = 0; k < col_tiles; ++k) {
                const int width = (out.cols - col + col_tiles - k - 1) / (col_tiles - k);
                list.push_back({image, 1, {rows.lo + row, share, 1, col, width, 1}});
                col += width;
            }
            row += share;
        }
    return list;
}

}  // namespace infsim::compiler
