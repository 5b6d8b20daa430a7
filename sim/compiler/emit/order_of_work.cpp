#include "compiler/emit/order_of_work.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "compiler/emit/stripes.hpp"
#include "compiler/emit/transfers.hpp"

namespace infsim::compiler {

namespace {

bool has_weights(const EmitContext& c, LayerId layer) { return std::holds_alternative<ConvOp>(c.layer(layer).op); }

void forget_weights(EmitContext& c, LayerId first, LayerId last) {
    c.constants.forget(first, last);
    c.weights.forget(first, last);
}

/// Values that are the same for all images are fetched again for image `next`, instead of staying until the last image.
void forget_fetched(EmitContext& c, const Section& section, ImageId next) {
    for (LayerId l(section.first); l.value() < section.last; ++l) {
        if (!std::holds_alternative<FetchOp>(c.layer(l).op)) continue;
        for (int image = next.value(); image < c.input.batch; ++image)
            c.storage.set_whole(c.layer(l).output.value, ImageId(image), {});
    }
}

void emit_layer_for_image(EmitContext& c, const Where& at) {
    naming_layer(c.input, at.layer, [&] {
        for (const Part& in : c.layer(at.layer).inputs) load_input(c, at, in.value);
        emit_layer(c, at);
        store_outputs(c, at);
    });
}

/// A layer with weights, on a group of images at once.
void emit_weighted(EmitContext& c, LayerId layer, ImageSpan images) {
    naming_layer(c.input, layer, [&] {
        const Layer& l = c.layer(layer);
        for (const ImageId i : images.ids())
            for (const Part& in : l.inputs) load_input(c, {layer, i}, in.value);
        emit_conv(c, layer, images, {0, c.phys(l.output).rows});
        for (const ImageId i : images.ids()) store_outputs(c, {layer, i});
    });
}

/// Layers [first, end), of which only the first may have weights, on one group of images after the other. Those without
/// weights run image by image, directly after their producer.
void emit_run(EmitContext& c, LayerId first, LayerId end, ImageSpan images) {
    const bool weighted = has_weights(c, first);
    const int group = weighted ? std::min(image_group(c.input, c.plan, first), images.count) : images.count;
    for (int done = 0; done < images.count; done += group) {
        const ImageSpan now{images.first.next(done), std::min(group, images.count - done)};
        if (weighted) emit_weighted(c, first, now);
        for (const ImageId image : now.ids())
            for (const LayerId l : IdRange<LayerId>(weighted ? first.next() : first, end))
                emit_layer_for_image(c, {l, image});
    }
}

void emit_section(EmitContext& c, const Section& section, ImageSpan images) {
    if (section.stripe_rows > 0) return emit_fused(c, images, section);
    LayerId next(section.first);
    const LayerId last(section.last);
    if (const int stem = c.input.network.stem_layers; section.first == 0 && stem > 0) {
        emit_stem(c, images);
        next = LayerId(stem);
    }
    while (next.value() < last.value()) {
        LayerId end = next.next();
        while (end.value() < last.value() && !has_weights(c, end)) ++end;
        emit_run(c, next, end, images);
        next = end;
    }
}

/// Runs a section, and before it the sections that it needs, until it has finished `images` of the batch.
void run_until(EmitContext& c, std::size_t index, int images, std::vector<int>& done) {
    const Section& section = c.plan.sections[index];
    const int step = section.images_of(c.input.batch), pass = c.plan.images_of_a_pass(c.input.batch);
    while (done[index] < images) {
        const int end = std::min((done[index] / pass + 1) * pass, c.input.batch);
        const int now = std::min(step, end - done[index]);
        if (index > 0) run_until(c, index - 1, done[index] + now, done);
        // Without passes that drop and reload what DRAM holds, weights are read for every group of images.
        const bool anew = section.weights_for > 0 && done[index] % pass % section.weights_for == 0;
        if (!c.input.options.rematerialization || anew)
            forget_weights(c, LayerId(section.first), LayerId(section.last));
        if (anew) forget_fetched(c, section, ImageId(done[index]));
        emit_section(c, section, {ImageId(done[index]), now});
        done[index] += now;
    }
}

}  // namespace

int image_group(const EmitInput& input, const Plan& plan, LayerId layer) {
    const int wanted = plan.image_group[layer.index()];
    return wanted > 0 ? std::min(wanted, input.batch) : input.batch;
}

DoesNotFit step_refusal(const EmitInput& input, LayerId layer, const StepTooLong& step) {
    const std::string& name = input.network.layers[layer].name;
    const std::string what = fmt::format("a step or count of {} elements; the instruction set holds at most {}",
                                         step.wanted, step.available);
    DoesNotFit no;
    no.resource = resource::access_pattern;
    no.unit = "elements";
    no.layer = name;
    no.wanted_bytes = step.wanted;
    no.available_bytes = step.available;
    no.text = fmt::format("layer {} needs {}", name, what);
    return no;
}

void emit_all(EmitContext& c) {
    const int layers = static_cast<int>(c.input.network.layers.size()), batch = c.input.batch;
    if (!c.input.options.batching) {  // one image after the other, each with its own weights
        for (int i = 0; i < batch; ++i) {
            forget_weights(c, LayerId(0), LayerId(layers));
            emit_section(c, {0, layers, 1}, {ImageId(i), 1});
        }
        return;
    }
    if (c.plan.sections.empty()) return emit_section(c, {0, layers, batch}, {ImageId(0), batch});
    std::vector<int> done(c.plan.sections.size(), 0);
    run_until(c, c.plan.sections.size() - 1, batch, done);
}

}  // namespace infsim::compiler
