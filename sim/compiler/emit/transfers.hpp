// Tensors between the state buffer and device DRAM.
#pragma once

#include "compiler/emit/context.hpp"
#include "compiler/emit/transfer_walk.hpp"

namespace infsim::compiler {

/// Where the planes of an image are, or the rows that one buffer holds: offsets in elements, `base` is that of row 0.
struct Residence {
    ValueId value;
    ImageId image;
    BufferId buffer;
    DType dtype;
    std::int64_t group_step, base;
    RowRange rows;
};
/// For an image in one buffer.
Residence residence(const EmitContext& c, ValueId v, ImageId image);
/// For every buffer that holds rows of the image: one, or its bands.
std::vector<Residence> residences(const EmitContext& c, ValueId v, ImageId image);
/// A buffer with the layout of `like` and another element type.
Residence staged(EmitContext& c, const Where& at, const Residence& like, DType dtype, const char* suffix,
                 program::Purpose purpose);
/// Converts slots of `view` from one element type to another, by ACT.
void convert(EmitContext& c, const Where& at, const Residence& from, const Residence& to, const View& view);

enum class Direction { load, store };
/// The rows that `here` holds, of a tensor that lies in `view` on chip and is `there` in DRAM; see transfer_walk() for
/// `box`, of which starts and steps are used.
struct ImageTransfer {
    const View& view;
    const FetchBox& box;
    DramTensor there;
    Direction direction = Direction::load;
    Ring ring = Ring::others;
};
void transfer_rows(EmitContext& c, const Where& at, const ImageTransfer& what, const Residence& here);
/// The parts of a walk over whole planes that lie in the rows that `here` holds; unless that is all rows, the walk must
/// have been made with `keep_rows`.
std::vector<TransferWalk> resident_part(const EmitContext& c, const TransferWalk& walk, const Residence& here);
/// Whether `here` holds all rows of its value.
bool holds_all_rows(const EmitContext& c, const Residence& here);
/// Transfers every run of the walk, in DRAM from `offset` elements of `segment` on.
void transfer(EmitContext& c, const Where& at, const TransferWalk& walk, const Residence& here, std::uint32_t segment,
              std::int64_t offset, Direction direction, Ring ring);

/// Loads rows [rows.lo, rows.hi) of a graph input into the place of the image (or of one of its bands).
void load_input_rows(EmitContext& c, const Where& at, ValueId v, RowRange rows, const Place& into);
/// Loads an image of a graph input unless it is there; does nothing for other values.
void load_input(EmitContext& c, const Where& at, ValueId v);
/// Stores the graph outputs that are complete after `at.layer`.
void store_outputs(EmitContext& c, const Where& at);

}  // namespace infsim::compiler
