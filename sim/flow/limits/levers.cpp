#include "flow/limits/levers.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "flow/point/neuron_flags.hpp"
#include "flow/point/paths.hpp"

namespace infsim::flow {

namespace {

namespace resource = compiler::resource;

std::string argument_text(const json::Value& value) {
    return value.is_string() ? value.as_string() : json::dump(value, 0);
}

Lever setting_lever(const PointRequest& request, const char* name, const std::string& key, const json::Value& value) {
    return {name, "--set " + key + "=" + argument_text(value), with_setting(request, key, value)};
}

/// Switches of the compiler that may save space in the other position.
void add_switches(std::vector<Lever>& levers, const PointRequest& request, const compiler::CompileOptions& o) {
    const auto add = [&](bool useful, const char* name, const char* flag, const char* key, bool value) {
        if (useful) levers.push_back({name, flag, with_setting(request, key, value)});
    };
    add(!o.spill, "spilling", "--spill", "compiler.spill.spill", true);
    add(!o.rematerialization, "rematerialization", "--rematerialization", "compiler.rematerialize.rematerialization",
        true);
    add(o.rematerialization && !o.recompute, "recompute", "--recompute", "compiler.rematerialize.recompute", true);
    add(o.replication, "no replication", "--no-replication", "compiler.replicate.replication", false);
    add(o.batching, "no batching: weights again for every image", "--no-batching", "compiler.batch.batching", false);
    const auto set = [&](bool useful, const char* name, const char* key, bool value) {
        if (useful) levers.push_back(setting_lever(request, name, key, value));
    };
    set(!o.stream_stem, "first layers in stripes", "compiler.stem.stream", true);
    set(!o.stream_converted_input && o.stream_stem, "converted inputs in stripes",
        "compiler.stem.stream_converted_input", true);
    set(!o.in_place_add, "residual adds in place", "compiler.place.in_place_add", true);
    set(!o.pair_images, "two images of narrow tensors side by side", "compiler.place.pair_images", true);
    set(!o.weights_in_parts, "weights in parts where a layer's own are too large", "compiler.place.weights_in_parts",
        true);
    set(!o.stripe_groups, "convolutions in groups in stripes with their neighbours", "compiler.groups.stripes", true);
    set(!o.fuse_clips, "ReLU6 while sums leave PSUM", "compiler.tile.fuse_clips", true);
    set(!o.skip_zero_blocks, "no weights between the groups of a convolution", "compiler.groups.skip_zero_blocks",
        true);
    if (o.attention_bytes == 0)
        levers.push_back(setting_lever(request, "attention some heads at a time", "compiler.order.attention_bytes",
                                       json::Value("8KiB")));
    set(!o.reorder_layers, "layers ordered for the smallest peak", "compiler.order.reorder_layers", true);
}

/// The profile that searches; the pinned profiles do not.
void add_search(std::vector<Lever>& levers, const PointRequest& request, const Point& point) {
    if (point.compiler.search_sections) return;
    PointRequest other = request;
    other.compiler = "default";
    levers.push_back({"parts of the network on some of the images", "--compiler default", other});
}

/// Whether data in `to` may take less room than in `from`, or save the conversion to `other`.
bool may_save(DType from, DType to, DType other) {
    return to != from && (dtype_bytes(to) < dtype_bytes(from) || to == other);
}

void add_dtypes(std::vector<Lever>& levers, const PointRequest& request, const Point& point) {
    for (DType t : {DType::fp16, DType::bf16, DType::fp32}) {
        const std::string name{dtype_name(t)};
        PointRequest other = request;
        other.dtype = t;
        other.io_dtype = point.io_dtype;
        if (may_save(point.dtype, t, point.io_dtype))
            levers.push_back({"computing in " + name, "--dtype " + name, other});
        other = request;
        other.io_dtype = t;
        if (may_save(point.io_dtype, t, point.dtype))
            levers.push_back({"inputs and outputs in " + name, "--io-dtype " + name, other});
    }
}

void add_dram(std::vector<Lever>& levers, const PointRequest& request, const Point& point,
              const compiler::DoesNotFit& why) {
    for (int cores = point.chip.cores / 2; cores >= 1; cores /= 2) {
        Lever fewer = setting_lever(request, "fewer cores per chip", "chip.cores", std::int64_t{cores});
        fewer.request.cores = std::min(request.cores, cores);
        levers.push_back(std::move(fewer));
    }
    for (int region = 0; region < point.chip.dram.channels; ++region)
        if (region != point.compiler.weights_region)
            levers.push_back(setting_lever(request, "weights in another DRAM region", "compiler.place.weights_region",
                                           std::int64_t{region}));
    const std::int64_t regions = std::int64_t{point.chip.dram.channels} * point.chip.cores;
    const std::int64_t wanted =
        why.resource == resource::instruction_count ? why.wanted_bytes * program::kInstructionBytes : why.wanted_bytes;
    levers.push_back(setting_lever(request, "more device DRAM", "chip.dram.capacity",
                                   to_text(Bytes{(wanted + 4095) / 4096 * 4096 * regions})));
}

}  // namespace

PointRequest with_setting(PointRequest request, const std::string& key, json::Value value) {
    auto& s = request.settings;
    s.erase(std::remove_if(s.begin(), s.end(), [&](const Setting& old) { return old.key == key; }), s.end());
    s.push_back({key, std::move(value), "", "lever " + key});
    return request;
}

PointRequest in_own_spelling(PointRequest request) {
    Problems problems;
    request.settings = translated(request.settings, problems);
    problems.throw_if_any();
    return request;
}

std::optional<Lever> more_state_buffer(const PointRequest& request, const Point& point, const compiler::DoesNotFit& why,
                                       std::int64_t bytes) {
    const std::int64_t physical = point.chip.state_buffer.partition_bytes.count();
    if (why.binding == "sb_size") {
        const std::int64_t unit = point.compiler.sb_size_unit, size = (bytes + unit - 1) / unit;
        if (bytes > physical) return std::nullopt;
        PointRequest other = with_setting(request, "compiler.place.sb_size", size);
        return Lever{"a larger sb_size", "--sb_size " + number_text(size), std::move(other)};
    }
    if (why.binding == "state_buffer_budget") {
        if (bytes > physical) return std::nullopt;
        const std::string text = to_text(Bytes{bytes});
        return Lever{"a larger budget", "--state-buffer-budget " + text,
                     with_setting(request, "compiler.place.state_buffer_budget", text)};
    }
    // Both forms at once are refused, so the lever uses the request's form.
    constexpr const char* kTotal = "chip.state_buffer.bytes";
    const bool in_total = std::any_of(request.settings.begin(), request.settings.end(),
                                      [&](const Setting& s) { return s.key == kTotal; });
    if (in_total)
        return setting_lever(request, "more state buffer", kTotal,
                             to_text(Bytes{bytes} * point.chip.state_buffer.partitions));
    return setting_lever(request, "more state buffer", "chip.state_buffer.partition_bytes", to_text(Bytes{bytes}));
}

std::vector<Lever> levers_for(const PointRequest& request, const Point& point, const compiler::DoesNotFit& why) {
    std::vector<Lever> levers;
    if (why.resource == resource::semaphores) {
        levers.push_back(setting_lever(request, "more semaphores", "chip.sync.max_queues", why.wanted_bytes));
        return levers;
    }
    if (why.resource == resource::psum) {
        Lever banks =
            setting_lever(request, "larger PSUM banks", "chip.psum.bank_bytes", to_text(Bytes{why.wanted_bytes}));
        banks.request = with_setting(banks.request, "chip.pe.max_moving", why.wanted_bytes / 4);
        banks.change += " --set chip.pe.max_moving=" + number_text(why.wanted_bytes / 4);
        levers.push_back(std::move(banks));
    }
    if (why.resource == resource::device_dram || why.resource == resource::instruction_count)
        add_dram(levers, request, point, why);
    add_switches(levers, request, point.compiler);
    add_search(levers, request, point);
    add_dtypes(levers, request, point);
    return levers;
}

}  // namespace infsim::flow
