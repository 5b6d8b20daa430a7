// The order of work: sections of layers over groups of images, layer by layer inside.
#include <algorithm>

#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

void Emitter::run_sections() {
    const int layers = static_cast<int>(net_.layers.size());
    if (!options_.batching) {  // one image after the other, with weights of its own
        for (int i = 0; i < batch_; ++i) {
            forget_weights(0, layers);
            run_images({0, layers, 1}, i, 1);
        }
        return;
    }
    if (plan_.sections.empty()) return run_images({0, layers, batch_}, 0, batch_);
    std::vector<int> done(plan_.sections.size(), 0);
    run_until(plan_.sections.size() - 1, batch_, done);
}

/// Runs a section, and before it those that it needs, until it has finished `images` of the batch.
void Emitter::run_until(std::size_t index, int images, std::vector<int>& done) {
    const Section& section = plan_.sections[index];
    const int step = section.images > 0 ? section.images : batch_;
    while (done[index] < images) {
        const int now = std::min(step, batch_ - done[index]);
        if (index > 0) run_until(index - 1, done[index] + now, done);
        // Without passes that drop and issue again what DRAM holds, weights are read for every group of images.
        if (!options_.rematerialization) forget_weights(section.first, section.last);
        run_images(section, done[index], now);
        done[index] += now;
    }
}

/// A layer with weights, on one group of images after the other, each followed by the layers without weights behind it:
/// those run image by image.
void Emitter::run_weighted(int layer, int first, int count) {
    layer_ = layer;
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    for (int i = first; i < first + count; ++i)
        for (const Part& in : l.inputs) emit_input(in.value, i);
    emit_conv(layer, first, count, 0, value(l.output.value).phys.rows);
    for (int i = first; i < first + count; ++i) store_outputs(layer, i);
}

void Emitter::run_images(const Section& section, int first, int count) {
    if (section.stripe_rows > 0) {
        const ValueId in = net_.layers[static_cast<std::size_t>(section.first)].inputs[0].value;
        for (int image = first; image < first + count; ++image) {
            layer_ = section.first;
            emit_input(in, image);
            emit_stem(image, section);
        }
        return;
    }
    int l = section.first;
    if (l == 0 && net_.stem_layers > 0) {
        emit_stem_of(first, count);
        l = net_.stem_layers;
    }
    const auto has_weights = [&](int layer) {
        return std::holds_alternative<ConvOp>(net_.layers[static_cast<std::size_t>(layer)].op);
    };
    while (l < section.last) {
        const bool weighted = has_weights(l);
        const int rest = l + (weighted ? 1 : 0);
        int end = rest;
        while (end < section.last && !has_weights(end)) ++end;
        const int group = weighted ? std::min(image_group(l), count) : count;
        for (int i = first; i < first + count; i += group) {
            const int now = std::min(group, first + count - i);
            if (weighted) run_weighted(l, i, now);
            for (int image = i; image < i + now; ++image)
                for (int w = rest; w < end; ++w) emit_layer_for_image(w, image);
        }
        l = end;
    }
}

}  // namespace infsim::compiler
