// Prospects: how tensors will lie once they are brought on chip, asked without doing it.
#pragma once

#include <optional>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// How a tensor lies on chip or would lie there: what rules ask before they decide.
struct Prospect {
    View view;      ///< its value is kNoValue while the tensor is not there
    Physical full;  ///< of the whole value
    DType dtype = DType::fp16;

    /// The slots of the view alone.
    Physical phys() const;
    bool fills_value() const { return view.slots == full.slots(); }
};

/// Of a tensor that fills a value of its own.
Prospect prospect_of(const Layout& layout, DType dtype);
Prospect prospect_of(const Lowering& low, const View& view);

/// How `view_of` would show the tensor; nothing where it would refuse.
std::optional<Prospect> look(const Lowering& low, graph::TensorId id);
/// Where `strided_of` would find the tensor (a scratch value that is yet to be made has no index); nothing where it
/// would refuse.
std::optional<Strided> look_in_dram(const Lowering& low, graph::TensorId id);
/// The tensor with lanes and columns of every head exchanged; nothing where the PE array cannot do that.
std::optional<Prospect> transposed(const Prospect& from, int heads, int width);
/// Whether `tokens_of` turns the tensor: its last axis is all columns, the one before lies on partitions.
bool turns_to_tokens(const Prospect& from);
/// How `tokens_of` would show the tensor.
std::optional<Prospect> look_at_tokens(const Lowering& low, graph::TensorId id);

/// Whether the tensor lies in device DRAM in whatever order the chip wants.
bool is_packed(const Lowering& low, const Strided& s);
/// Element type of a tensor in device DRAM.
DType dtype_of(const Lowering& low, const Strided& s);

}  // namespace infsim::compiler
