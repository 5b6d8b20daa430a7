// How the layers of a network run: what distinguishes attempts to make a batch fit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace infsim::compiler {

/// Consecutive layers that run on some of the images, layer by layer, before the next section takes them. Sections of
/// few images before sections of many are sub-batching: only the tensors between them hold the whole batch.
struct Section {
    int first = 0, last = 0;  ///< layers [first, last)
    int images = 0;           ///< at a time; 0: the batch. A multiple of the previous section's, or the batch
    /// If greater than 0: the layers run fused (see can_fuse()), each image in stripes of this many rows of the last
    /// layer; only the current rows of the tensors in between exist.
    int stripe_rows = 0;
    /// Rows shared by two stripes are recomputed; otherwise they are copied from one stripe's window to the next one's.
    bool recompute_halo = false;
    /// Images of a pass: after them weights are read again, and a turn that has begun ends there. The same in all
    /// sections. 0: weights are needed until the last image, and what has to leave the state buffer in the meantime is
    /// evicted.
    int weights_for = 0;
    int images_of(int batch) const { return images > 0 ? images : batch; }
    bool operator==(const Section& o) const {
        return first == o.first && last == o.last && images == o.images && stripe_rows == o.stripe_rows &&
               recompute_halo == o.recompute_halo && weights_for == o.weights_for;
    }
};

/// What differs between attempts to make a batch fit.
struct Plan {
    /// Ascending, without gaps, none cutting the stem; empty: one section of all layers and images.
    std::vector<Section> sections;
    /// By layer: PSUM banks, and so tiles, that one stationary load serves; empty or 0: as the option says.
    std::vector<int> psum_banks;
    /// Images that a layer computes before it moves on to the next group (all its weights stay resident meanwhile); the
    /// batch means one group. By layer; 0 leaves the choice to the emitter.
    std::vector<int> image_group;
    /// Weights of a layer that runs in several groups may take this many bytes per partition.
    std::int64_t resident_weight_bytes = 16384;
    std::int64_t slab_bytes = 4096;
    /// Constants of nearby layers share a row of at most this many bytes per partition; 0: none do.
    std::int64_t constants_bytes = 0;
    bool share_small_images = true;  ///< images of small tensors lie in one buffer
    int stem_stripe_rows = 8;        ///< rows of the stem's last layer per stripe
    /// Images that take more bytes per partition lie in bands of rows of at most this size, each a buffer of its own
    /// that may be spilled separately; 0: no bands. Only spilling makes use of bands.
    std::int64_t band_bytes = 0;
    /// If weights of 64 outputs take more bytes per partition than this, they arrive in parts, one after the other,
    /// again for every group of tiles; 0: never.
    std::int64_t weight_part_bytes = 0;
    /// By value: images that have a place of their own in device DRAM while they change their layout; later images take
    /// the places of earlier ones. Empty or 0: all have.
    std::vector<int> scratch_images;
    /// By layer, 1: its weights are on the chip before the first inference and stay there; empty: none are.
    std::vector<int> static_weights;
    /// Images that go through all layers before the next ones begin.
    int images_of_a_pass(int batch) const {
        int pass = 0;
        for (const Section& s : sections) {
            if (s.weights_for == 0) return batch;
            pass = std::max(pass, s.weights_for);
        }
        return pass > 0 ? std::min(pass, batch) : batch;
    }
    bool keeps_weights(std::size_t layer) const { return layer < static_weights.size() && static_weights[layer] != 0; }
    bool operator==(const Plan& o) const {
        return sections == o.sections && psum_banks == o.psum_banks && image_group == o.image_group &&
               resident_weight_bytes == o.resident_weight_bytes && slab_bytes == o.slab_bytes &&
               constants_bytes == o.constants_bytes && share_small_images == o.share_small_images &&
               stem_stripe_rows == o.stem_stripe_rows && band_bytes == o.band_bytes &&
               weight_part_bytes == o.weight_part_bytes && scratch_images == o.scratch_images &&
               static_weights == o.static_weights;
    }
};

}  // namespace infsim::compiler
