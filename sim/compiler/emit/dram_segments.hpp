// Segments of tensors in device DRAM other than weights: graph inputs and outputs, scratch values, operands that a
// fetch reads.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/emit/builder.hpp"
#include "compiler/emit/input.hpp"
#include "compiler/emit/packed_constants.hpp"
#include "compiler/emit/scratch_use.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/ir/scratch_places.hpp"

namespace infsim::compiler {

/// A tensor of every image: image i begins `image_elements` elements after image i - 1 (0: the same for all).
struct DramTensor {
    std::uint32_t segment = 0;
    std::int64_t image_elements = 0;
    int places = 0;  ///< image `places` begins where image 0 does, and so on; 0: every image has its own place

    std::int64_t first_element(ImageId image) const {
        return (places > 0 ? image.value() % places : image.value()) * image_elements;
    }
};

class DramSegments {
public:
    /// Creates the segments of graph inputs and outputs. Throws InputError for an output that no layer writes.
    DramSegments(const EmitInput& input, const Plan& plan, CodeBuilder& builder);

    /// The type of a graph tensor in device DRAM.
    DType dtype(graph::TensorId tensor) const;
    /// By position in the graph's inputs and outputs.
    DramTensor input(std::size_t index) const { return inputs_.at(index); }
    DramTensor output(std::size_t index) const { return outputs_[index]; }
    /// Position in the graph's inputs; -1 for other values.
    int input_index(ValueId v) const { return input_index_[v]; }
    /// Positions of the outputs that are complete after a layer.
    const std::vector<std::size_t>& outputs_of(LayerId layer) const { return outputs_of_[layer]; }

    /// The scratch space of a value, which the next instructions access for `image`.
    DramTensor scratch(ValueId v, ImageId image);
    /// The tensor that `from` walks over, for the same; a constant or literal is stored there as `dtype`.
    DramTensor source(const Strided& from, DType dtype, ImageId image);
    /// The packed copy of the constant or literal `from`, of which one box of a fetch reads a part: by layer and box.
    DramTensor packed_constant(std::pair<LayerId, std::size_t> box, const Strided& from, const PackedConstant& packed,
                               DType dtype);
    /// The scratch space so far whose images may take turns: none, unless the options allow it.
    std::vector<ScratchPlaces> scratch_places() const;

private:
    const EmitInput& input_;
    const Plan& plan_;
    CodeBuilder& builder_;
    std::vector<DramTensor> inputs_, outputs_;
    IdVector<ValueId, int> input_index_;
    IdVector<LayerId, std::vector<std::size_t>> outputs_of_;
    std::map<ValueId, std::uint32_t> scratch_;
    ScratchUse scratch_use_;
    std::map<std::pair<LayerId, std::size_t>, std::uint32_t> packed_;
    std::map<std::tuple<bool, int, DType>, std::uint32_t> operands_;  ///< (literal?, index, type in DRAM)

    DramTensor add(graph::TensorId tensor, program::Purpose purpose);
    LayerId last_writer(const View& output) const;
    int places_of(ValueId v) const;
    std::int64_t scratch_bytes(ValueId v) const;
    program::Segment literal_segment(int index, DType dtype) const;
    program::Segment constant_segment(graph::TensorId tensor, DType dtype) const;
};

}  // namespace infsim::compiler
