// search: which layers run together on how many images, so that weights are rarely read again and everything fits.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/dtype.hpp"
#include "compiler/ir/fused_layers.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/options.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// The layers between which a value is alive; a graph input is born where it is first read.
struct ValueSpan {
    LayerId born, dies;
};

/// Bytes per partition of tensors: some take them for every image, others for every two, which lie in different halves
/// of the partitions.
struct ImageBytes {
    std::int64_t each = 0, pair = 0;
    std::int64_t of(int images) const { return each * images + pair * ((images + 1) / 2); }
    ImageBytes& operator+=(const ImageBytes& o) {
        each += o.each;
        pair += o.pair;
        return *this;
    }
};

/// What layers take that run fused, in stripes of rows. Bytes are per partition.
struct StripeCosts {
    std::int64_t windows = 0;  ///< all windows, each twice, because rows move from one to the next
    std::int64_t weights = 0;  ///< of all layers: they stay until the last image
    /// What the layers read, what they make and leave, and what is merely alive meanwhile.
    ImageBytes in, out, through;
    double compute = 0;  ///< seconds per image
    double copies = 0;   ///< seconds per image to move rows from window to window
    /// Like NetworkCosts::peak(), on `images`, one after the other.
    std::int64_t peak(int images) const;
};

/// What the search knows about a network without emitting code: bytes per partition and image that are alive, and the
/// time of a layer, from the cost formulas of cost/ (see its README) for the tiles that emission would make. The
/// network must outlive it.
class NetworkCosts {
public:
    NetworkCosts(const Network& network, const hw::ChipSpec& spec, DType dtype, const CompileOptions& options);

    /// One past the last layer.
    LayerId end() const { return compute_.next_id(); }
    /// Bytes per partition of so many images that layers before `cut` write and layers after it read.
    std::int64_t crossing(LayerId cut, int images) const { return crossing_[cut].of(images); }
    /// Most bytes per partition that are alive while layers [first, last) run on `images`, layer by layer.
    std::int64_t peak(LayerId first, LayerId last, int images) const { return range(first, last, images).peak; }
    /// Whether layers [first, last) can run fused, in stripes of rows.
    bool fuses(LayerId first, LayerId last) const;
    /// What such layers take in stripes of `stripe_rows` rows of the last one's output; see Section::recompute_halo.
    const StripeCosts& stripes(LayerId first, LayerId last, int stripe_rows, bool recompute_halo) const;
    /// Seconds that PE, ACT or POOL, whichever takes longest, spends on a layer for `images` images.
    double compute(LayerId layer, int images) const;
    /// Seconds to read the weights of a layer with a core's share of device DRAM.
    double weights(LayerId layer) const { return weights_[layer]; }
    /// Bytes per partition of the weights of layers [first, last) together.
    std::int64_t resident_weights(LayerId first, LayerId last) const;
    /// Seconds of layers [first, last) for `batch` images, `images` at a time, if weights are read once for
    /// `weights_for` images: they arrive while earlier layers compute, and the longer of the two counts.
    double seconds(LayerId first, LayerId last, int images, int batch, int weights_for) const;
    /// The same for layers in stripes.
    double striped_seconds(LayerId first, LayerId last, int weights_for, int batch, const StripeCosts& stripes) const;

private:
    struct Alive {
        ImageBytes through, dying, made;
    };
    /// Layers on so many images, layer by layer.
    struct Range {
        std::int64_t peak = 0;
        double compute = 0;  ///< seconds for all of the images
    };
    struct Compute {
        double loads = 0;
        std::int64_t plane = 0;
        std::int64_t weight_bytes = 0;  ///< per partition
        int slots = 1;
        bool conv = false;
    };
    IdVector<LayerId, ImageBytes> crossing_;  ///< before the layer; one more than there are layers
    IdVector<ValueId, ValueSpan> spans_;
    IdVector<LayerId, Alive> alive_;
    IdVector<LayerId, Compute> compute_;
    IdVector<LayerId, double> weights_;
    std::vector<double> weights_before_{0};             ///< sums of `weights_`
    std::vector<std::int64_t> weight_bytes_before_{0};  ///< and of their bytes per partition
    const Network& network_;
    NetworkRows rows_;
    SlotGeometry slots_;
    hw::ChipSpec spec_;
    int banks_ = 1, most_ = 1, small_ = 0, passes_ = 1;
    bool overlap_stripes_ = false, pairs_ = false;
    // The answers to all questions so far: the same layers come up again for other room, and for other sections.
    mutable std::map<std::tuple<LayerId, LayerId, int, bool>, StripeCosts> stripes_;
    mutable std::map<std::pair<LayerId, LayerId>, bool> fuses_;
    mutable std::unordered_map<std::uint64_t, Range> ranges_;

    const Range& range(LayerId first, LayerId last, int images) const;

    double tiles_seconds(const Compute& c, std::int64_t tiles, double elements) const;
    ImageBytes image_bytes(const Value& value) const;
    double rows_seconds(LayerId layer, int rows) const;
    double weights_seconds(LayerId first, LayerId last, int batch, int weights_for) const;
    void add_whole_values(StripeCosts& costs, const FusedLayers& fused) const;
    StripeCosts stripes_of(LayerId first, LayerId last, int stripe_rows, bool recompute_halo) const;
    void measure_memory(const Network& network, const CompileOptions& options);
    void measure_value(const Value& value, ValueSpan span, int stem_layers);
    void measure_layer(const Network& network, const Layer& layer, DType dtype, bool skips_zeros);
};

/// Bytes of the weights of a layer in device DRAM; 0 for layers without.
double weight_bytes(const Network& network, const Layer& layer, DType dtype);

/// What layers were found to need beyond need_at() when they run on that many images at a time, layer by layer or
/// (true) in stripes, in bytes per partition: weights in use, constants, gaps between buffers.
using LearntNeeds = std::map<std::tuple<LayerId, int, bool>, std::int64_t>;

/// Shares of the state buffer that live activations may take; the rest is for weights and for loads in progress.
inline constexpr std::array kRoomShares = {1.0, 0.85, 0.7, 0.5};

/// Sections, and their time according to NetworkCosts.
struct SectionList {
    std::vector<Section> sections;
    double seconds = 0;
};
/// Section lists worth trying, best first by their own estimate, for each of the shares. Dynamic programming from the
/// last layer to the first over (cut, images of the next section, bytes held by tensors between later sections and by
/// their weights). May be empty.
std::vector<SectionList> section_candidates(const NetworkCosts& costs, int stem_layers, int batch,
                                            std::int64_t capacity);

/// What becomes of weights while a section waits for its next turn.
enum class Weights : std::uint8_t {
    planned,  ///< those of a section stay or are read again, as its weights_for says
    evicted,  ///< they are evicted and loaded again where room is short
};

/// The best of them if live activations may take `room`, given what is known of the layers' needs; empty if there is
/// none, or if the plain compiler's way is best.
std::optional<SectionList> best_sections(const NetworkCosts& costs, int stem_layers, int batch, std::int64_t room,
                                         const LearntNeeds& learnt, Weights weights = Weights::planned);

/// Merges consecutive sections on equally many images whose weights stay equally long: a cut between them costs nothing
/// in the estimate, and means nothing.
std::vector<Section> joined(const std::vector<Section>& sections);

/// Bytes per partition that the sections' tensors take, and the weights that stay from turn to turn, by NetworkCosts,
/// while `layer` runs on the last images of its section.
std::int64_t need_at(const NetworkCosts& costs, const std::vector<Section>& sections, int batch, LayerId layer);

}  // namespace infsim::compiler
