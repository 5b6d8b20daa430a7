#include "compiler/ir/code_text.hpp"

#include <ostream>
#include <sstream>

#include <fmt/format.h>

#include "program/names.hpp"
#include "program/text.hpp"

namespace infsim::compiler {

namespace {

const char* half_name(Half half) {
    switch (half) {
        case Half::both: return "both";
        case Half::lower: return "lower";
        case Half::upper: return "upper";
    }
    return "?";
}

std::string buffer_text(BufferId id, const Buffer& buffer) {
    const auto& [name, bytes, half, purpose, layer, images, rotates, lingers, is_static] = buffer;
    return fmt::format("buffer b{} {} bytes={} half={} purpose={} layer={} images={}{}{}{}", id.value(),
                       program::quoted(name), bytes, half_name(half), program::name(purpose), layer, images,
                       rotates ? " rotates" : "", lingers ? " lingers" : "", is_static ? " static" : "");
}

std::string instruction_text(std::size_t position, const VirtualInstruction& in) {
    const auto place = [&](program::Space space, int operand) {
        if (space == program::Space::psum) return std::string(program::name(space));
        return fmt::format("b{}", BufferId(in.buffer[static_cast<std::size_t>(operand)]).value());
    };
    std::string text = fmt::format("{} q{} l{} i{} | {}", position, in.queue, in.layer, in.image,
                                   program::operation_text(in.op, place));
    const LoadId load(in.load);
    return load.exists() ? text + fmt::format(" | load {}", load.value()) : text;
}

/// A list by layer, with equal neighbours combined: "l0..4=2 l5=4".
template <class T>
std::string runs_text(const std::vector<T>& list, char of = 'l') {
    std::string text;
    for (std::size_t first = 0; first < list.size();) {
        std::size_t end = first + 1;
        while (end < list.size() && list[end] == list[first]) ++end;
        text += end - first == 1 ? fmt::format(" {}{}={}", of, first, list[first])
                                 : fmt::format(" {}{}..{}={}", of, first, end - 1, list[first]);
        first = end;
    }
    return text;
}

std::string section_text(const Section& section) {
    const auto& [first, last, images, stripe_rows, recompute_halo, weights_for] = section;
    std::string text = fmt::format("section l{}..{} images={}", first, last - 1, images);
    if (stripe_rows > 0) text += fmt::format(" stripe_rows={}{}", stripe_rows, recompute_halo ? " recompute_halo" : "");
    if (weights_for > 0) text += fmt::format(" weights_for={}", weights_for);
    return text + "\n";
}

}  // namespace

void write_text(const Code& code, std::ostream& out) {
    const auto& [buffers, instructions, loads, static_loads, queues, segments] = code;
    out << fmt::format("code instructions={} buffers={} loads={}\n", instructions.size(), buffers.size(), loads.size());
    for (std::size_t q = 0; q < queues.size(); ++q)
        out << fmt::format("queue {} engine={} index={} ring={}\n", q, program::name(queues[q].engine),
                           queues[q].engine_index, queues[q].ring);
    for (const program::Segment& segment : segments) program::write_segment(segment, out);
    BufferId buffer(0);
    for (const Buffer& b : buffers) {
        out << buffer_text(buffer, b) << '\n';
        ++buffer;
    }
    std::size_t load = 0;
    for (const auto& [of, stream, earliest] : loads)
        out << fmt::format("load {} b{} stream={} earliest={}\n", load++, BufferId(of).value(), stream, earliest);
    for (const auto& [op, of] : static_loads) {
        const auto place = [b = BufferId(of)](program::Space, int) { return fmt::format("b{}", b.value()); };
        out << fmt::format("static {}\n", program::operation_text(op, place));
    }
    std::size_t position = 0;
    for (const VirtualInstruction& in : instructions) out << instruction_text(position++, in) << '\n';
}

std::string to_text(const Code& code) {
    std::ostringstream out;
    write_text(code, out);
    return out.str();
}

std::string to_text(const Plan& plan) {
    const auto& [sections, psum_banks, image_group, resident_weight_bytes, slab_bytes, constants_bytes,
                 share_small_images, stem_stripe_rows, band_bytes, weight_part_bytes, scratch_images, static_weights] =
        plan;
    std::string text = fmt::format(
        "plan slab_bytes={} resident_weight_bytes={} share_small_images={} stem_stripe_rows={} band_bytes={}\n",
        slab_bytes, resident_weight_bytes, share_small_images, stem_stripe_rows, band_bytes);
    if (constants_bytes > 0) text += fmt::format("constants_bytes={}\n", constants_bytes);
    if (weight_part_bytes > 0) text += fmt::format("weight_part_bytes={}\n", weight_part_bytes);
    for (const Section& section : sections) text += section_text(section);
    if (!psum_banks.empty()) text += "psum_banks" + runs_text(psum_banks) + "\n";
    if (!static_weights.empty()) text += "static_weights" + runs_text(static_weights) + "\n";
    if (!scratch_images.empty()) text += "scratch_images" + runs_text(scratch_images, 'v') + "\n";
    if (!image_group.empty()) text += "image_group" + runs_text(image_group) + "\n";
    return text;
}

std::string to_text(const Placement& placement) {
    const auto& [offset, order, queue_length, first, last, peak, lower_bound] = placement;
    std::string text = fmt::format("placement peak={} lower_bound={}\n", peak, lower_bound);
    for (BufferId b : offset.ids())
        if (last[b] >= 0) text += fmt::format("b{} @{} s{}..{}\n", b.value(), offset[b], first[b], last[b]);
    for (std::size_t q = 0; q < queue_length.size(); ++q)
        if (queue_length[q] > 0) text += fmt::format("queue {} instructions={}\n", q, queue_length[q]);
    for (std::size_t from = 0; from < order.size();) {
        std::size_t end = from + 1;
        while (end < order.size() && order[end] == order[end - 1] + 1) ++end;
        text += end - from == 1 ? fmt::format("order {}\n", order[from])
                                : fmt::format("order {}..{}\n", order[from], order[end - 1]);
        from = end;
    }
    return text;
}

}  // namespace infsim::compiler
