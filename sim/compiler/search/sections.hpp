// search: which layers run together on how many images, so that weights are rarely read again and everything fits.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/dtype.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/options.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// What the search knows about a network without emitting code: bytes per partition and image that are alive, and the
/// time of a layer, from the cost formulas of cost/ (see its README) for the tiles that emission would make.
class NetworkCosts {
public:
    NetworkCosts(const Network& network, const hw::ChipSpec& spec, DType dtype, const CompileOptions& options);

    /// One past the last layer.
    LayerId end() const { return compute_.next_id(); }
    /// Bytes per partition and image that layers before `cut` write and layers after it read.
    std::int64_t crossing(LayerId cut) const { return crossing_[cut]; }
    /// Most bytes per partition that are alive while layers [first, last) run on `images`, layer by layer.
    std::int64_t peak(LayerId first, LayerId last, int images) const;
    /// Whether layers [first, last) are two or more convolutions and pools, each reading the whole output of the
    /// previous one, which nobody else reads: they can run fused, in stripes of rows.
    bool chain(LayerId first, LayerId last) const;
    /// Like peak(), for a chain in stripes of `stripe_rows` rows of its last layer, image after image.
    std::int64_t striped_peak(LayerId first, LayerId last, int images, int stripe_rows) const;
    /// Extra seconds per image for a chain in stripes: {rows copied from window to window, rows recomputed}.
    std::pair<double, double> halo(LayerId first, LayerId last, int stripe_rows) const;
    /// Seconds that PE, ACT or POOL, whichever takes longest, spends on a layer for `images` images.
    double compute(LayerId layer, int images) const;
    /// Seconds to read the weights of a layer with a core's share of device DRAM.
    double weights(LayerId layer) const { return weights_[layer]; }
    /// Seconds of layers [first, last) for `batch` images, `images` at a time: weights arrive while earlier layers
    /// compute, and the longer of the two counts.
    double seconds(LayerId first, LayerId last, int images, int batch) const;

private:
    struct Alive {
        std::int64_t through = 0, dying = 0, made = 0;
    };
    struct Compute {
        double loads = 0;
        std::int64_t plane = 0;
        int slots = 1;
        bool conv = false;
    };
    struct Rows {
        int out = 1, kernel = 1, stride = 1;
        std::int64_t row_bytes = 0, row_elements = 0;
        bool follows = false;
    };
    IdVector<LayerId, std::int64_t> crossing_;  ///< before the layer; one more than there are layers
    IdVector<LayerId, Rows> rows_;              ///< of its output
    IdVector<LayerId, std::int64_t> input_bytes_;
    IdVector<LayerId, Alive> alive_;
    IdVector<LayerId, Compute> compute_;
    IdVector<LayerId, double> weights_;
    SlotGeometry slots_;
    hw::ChipSpec spec_;
    int banks_ = 1, most_ = 1, small_ = 0, passes_ = 1;

    void measure_rows(const Network& network);
    Rows rows_of(const Layer& layer, const Value& out) const;
    void measure_memory(const Network& network, const CompileOptions& options);
    void measure_value(const Value& value, LayerId born, LayerId dies, int stem_layers);
    void measure_layer(const Network& network, const Layer& layer, DType dtype, bool skips_zeros);
};

/// Bytes of the weights of a layer in device DRAM; 0 for layers without.
double weight_bytes(const Network& network, const Layer& layer, DType dtype);

/// What layers were found to need beyond NetworkCosts::peak() when they run on that many images at a time, in bytes per
/// partition: weights in use, constants, windows, gaps between buffers.
using LearntNeeds = std::map<std::pair<LayerId, int>, std::int64_t>;

/// Sections, and their time according to NetworkCosts.
struct SectionList {
    std::vector<Section> sections;
    double seconds = 0;
};
/// Section lists worth trying, best first by their own estimate, for several shares of the state buffer that live
/// activations may take (the rest is for weights and for loads in progress). Dynamic programming from the last layer to
/// the first over (cut, images of the next section, bytes held by tensors between later sections). May be empty.
std::vector<SectionList> section_candidates(const NetworkCosts& costs, int stem_layers, int batch,
                                            std::int64_t capacity);

/// The best of them if live activations may take `room`, given what is known of the layers' needs; empty if there is
/// none, or if the plain compiler's way is best.
std::optional<SectionList> best_sections(const NetworkCosts& costs, int stem_layers, int batch, std::int64_t room,
                                         const LearntNeeds& learnt);

/// Bytes per partition that the sections' tensors take, by NetworkCosts, while `layer` runs on the last images of its
/// section.
std::int64_t need_at(const NetworkCosts& costs, const std::vector<Section>& sections, int batch, LayerId layer);

}  // namespace infsim::compiler
