// Tensors between the state buffer and device DRAM.
#pragma once

#include "compiler/emit/context.hpp"
#include "compiler/emit/transfer_walk.hpp"

namespace infsim::compiler {

/// Where the planes of an image are, or those of its rows that one buffer holds: offsets in elements, `base` of row 0.
struct Residence {
    ValueId value;
    ImageId image;
    BufferId buffer;
    DType dtype;
    std::int64_t group_step, base;
    RowRange rows;
};
/// Of an image that is in one buffer.
Residence residence(const EmitContext& c, ValueId v, ImageId image);
/// Of every buffer that holds rows of the image: one, or its bands.
std::vector<Residence> residences(const EmitContext& c, ValueId v, ImageId image);
/// A buffer laid out as `like`, of another element type.
Residence staged(EmitContext& c, const Where& at, const Residence& like, DType dtype, const char* suffix,
                 program::Purpose purpose);
/// Slots of `view` from one element type to another, by ACT.
void convert(EmitContext& c, const Where& at, const Residence& from, const Residence& to, const View& view);

enum class Direction { load, store };
/// The rows that `here` holds, of a tensor that lies in `view` on chip and is `there` in DRAM; see transfer_walk() for
/// `box`, whose starts and steps count.
struct ImageTransfer {
    const View& view;
    const FetchBox& box;
    DramTensor there;
    Direction direction = Direction::load;
    Ring ring = Ring::others;
};
void transfer_rows(EmitContext& c, const Where& at, const ImageTransfer& what, const Residence& here);
/// What of a walk over whole planes lies in the rows that `here` holds; the walk has kept its rows where that is not
/// all.
std::vector<TransferWalk> resident_part(const EmitContext& c, const TransferWalk& walk, const Residence& here);
/// Whether `here` holds all rows of its value.
bool holds_all_rows(const EmitContext& c, const Residence& here);
/// Every run of the walk, in DRAM from `offset` elements of `segment` on.
void transfer(EmitContext& c, const Where& at, const TransferWalk& walk, const Residence& here, std::uint32_t segment,
              std::int64_t offset, Direction direction, Ring ring);

/// Rows [rows.lo, rows.hi) of a graph input, into the place of the image (or of a band of it).
void load_input_rows(EmitContext& c, const Where& at, ValueId v, RowRange rows, const Place& into);
/// Brings an image of a graph input, unless it is there; does nothing for other values.
void load_input(EmitContext& c, const Where& at, ValueId v);
/// Sends the graph outputs that are complete after `at.layer`.
void store_outputs(EmitContext& c, const Where& at);

}  // namespace infsim::compiler
