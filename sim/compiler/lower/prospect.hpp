// Prospects: how tensors will lie once they are on chip, without bringing them there.
#pragma once

#include <optional>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// How a tensor lies on chip or would lie there: rules look at this before they decide.
struct Prospect {
    View view;      ///< its value is kNoValue while the tensor is not there
    Physical full;  ///< of the whole value
    DType dtype = DType::fp16;

    /// Only the slots of the view.
    Physical phys() const;
    bool fills_value() const { return view.slots == full.slots(); }
};

/// For a tensor that fills a value of its own.
Prospect prospect_of(const Layout& layout, DType dtype);
Prospect prospect_of(const Lowering& low, const View& view);

/// What `view_of` would return for the tensor; empty if it would refuse.
std::optional<Prospect> look(const Lowering& low, graph::TensorId id);
/// What `strided_of` would return for the tensor (a scratch value yet to be created has no index); empty if it would
/// refuse.
std::optional<Strided> look_in_dram(const Lowering& low, graph::TensorId id);
/// The tensor with lanes and columns of every head exchanged; empty if the PE array cannot do that.
std::optional<Prospect> transposed(const Prospect& from, int heads, int width);
/// Whether `tokens_of` transposes the tensor: its last axis is all columns, the one before lies on partitions.
bool turns_to_tokens(const Prospect& from);
/// What `tokens_of` would return for the tensor.
std::optional<Prospect> look_at_tokens(const Lowering& low, graph::TensorId id);

/// Whether the tensor is stored in device DRAM in whatever order the chip wants.
bool is_packed(const Lowering& low, const Strided& s);
/// Element type of a tensor in device DRAM.
DType dtype_of(const Lowering& low, const Strided& s);

}  // namespace infsim::compiler
