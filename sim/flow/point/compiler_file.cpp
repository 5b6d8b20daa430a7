#include "flow/point/compiler_file.hpp"

#include <algorithm>
#include <set>
#include <variant>

#include "base/json_reader.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "compiler/pass_names.hpp"
#include "graph/host_tail.hpp"

namespace infsim::flow {

namespace {

using compiler::CompileOptions;

struct Flag {
    bool CompileOptions::*member;
    bool newer = false;  ///< than the first identities: off, it is no part of them
};
struct Count {
    int CompileOptions::*member;
    int min, max;
};
struct Size {
    std::int64_t CompileOptions::*member;
};
/// A subset of these names.
struct Names {
    std::vector<std::string> CompileOptions::*member;
    const std::vector<std::string>& (*allowed)();
};

constexpr const char* kHost = "host";  ///< the group of changes to the network before any pass

/// One option: the pass it belongs to, its key there, and how it is read.
struct Option {
    const char* pass;
    const char* key;
    std::variant<Flag, Count, Size, Names> kind;
    const char* meaning;
};

const std::vector<Option>& options_table() {  // NOLINT(readability-function-size): a table, a line per option
    using O = CompileOptions;
    static const std::vector<Option> table{
        {"batch", "batching", Flag{&O::batching}, "read each layer's weights once for all images"},
        {"lower", "channel_operands", Flag{&O::channel_operands},
         "treat an operand with one element per channel as a scalar per partition"},
        {"lower", "moves_on_chip", Flag{&O::moves_on_chip},
         "copy on chip if elements only move within their partitions"},
        {"lower", "packed_constants", Flag{&O::packed_constants},
         "store constant operands in device DRAM in the chip's order"},
        {"lower", "turned_transfers", Flag{&O::turned_transfers},
         "transpose a tensor on the PE instead of transferring it element by element"},
        {"lower", "shared_matrices", Flag{&O::shared_matrices},
         "multiply several matrices by a shared one in a single product"},
        {"lower", "masked_rows", Flag{&O::masked_rows}, "keep a Where with a row of conditions on chip"},
        {"order", "reorder_layers", Flag{&O::reorder_layers}, "order layers for the smallest peak"},
        {"order", "attention_bytes", Size{&O::attention_bytes},
         "bytes per partition beyond which attention scores run some heads at a time; 0: all heads together"},
        {"tile", "psum_banks_per_load", Count{&O::psum_banks_per_load, 1, 64},
         "PSUM banks that one stationary load serves"},
        {"tile", "slab_bytes", Size{&O::slab_bytes}, "bytes per partition of a weight slab"},
        {"tile", "constants_bytes", Size{&O::constants_bytes},
         "bytes per partition of constants that several layers load together; 0: separately for each layer"},
        {"tile", "small_image_elements", Count{&O::small_image_elements, 0, 1 << 20},
         "compute several images at a time if they have at most this many elements per channel"},
        {"tile", "fuse_clips", Flag{&O::fuse_clips}, "clip from zero to a number while sums leave PSUM"},
        {"groups", "skip_zero_blocks", Flag{&O::skip_zero_blocks},
         "do not load or multiply weights between groups of a grouped convolution"},
        {"groups", "stripes", Flag{&O::stripe_groups},
         "run a grouped convolution whose input fills most of the state buffer in stripes with its neighbours"},
        {"replicate", "replication", Flag{&O::replication},
         "copy a low-channel input to idle partitions, so that all rows of a filter run in one pass"},
        {"replicate", "whole_copies", Flag{&O::whole_copies},
         "copies of an input hold all its rows if longer runs are faster"},
        {"stem", "stream", Flag{&O::stream_stem}, "run the stem in stripes of rows"},
        {"stem", "stream_converted_input", Flag{&O::stream_converted_input},
         "stream an input that is converted on chip, too; false: convert the whole batch first"},
        {"stem", "overlap_stripes", Flag{&O::overlap_stripes},
         "stripes hold and move only the rows that they need, so that they overlap"},
        {"stem", "stripe_rows", Count{&O::stem_stripe_rows, 1, 1 << 16}, "rows of the stem's last layer per stripe"},
        {"place", "state_buffer_budget", Size{&O::state_buffer_budget},
         "bytes per partition the compiler may use; 0B: all"},
        {"place", "sb_size", Count{&O::sb_size, 0, 1 << 20},
         "the budget as in Neuron's scheduler, in units of sb_size_unit; 0: not given"},
        {"place", "sb_size_unit", Size{&O::sb_size_unit}, "bytes per partition of one unit of sb_size"},
        {"place", "in_place_add", Flag{&O::in_place_add}, "a residual add overwrites its residual input"},
        {"place", "pair_images", Flag{&O::pair_images}, "two images of a narrow tensor share a range of addresses"},
        {"place", "weights_in_parts", Flag{&O::weights_in_parts}, "load weights in parts if no plan can hold them"},
        {"place", "static_weights", Flag{&O::static_weights, true}, "keep weights on chip from inference to inference"},
        {"place", "reuse_scratch", Flag{&O::reuse_scratch, true}, "take turns in scratch space that is too small"},
        {"place", "own_rings", Flag{&O::own_rings, true}, "stores and copies of weights have DMA rings of their own"},
        {"place", "weights_region", Count{&O::weights_region, 0, 63}, "DRAM region of the core for weights"},
        {"place", "weight_regions", Count{&O::weight_regions, 0, 64},
         "number of DRAM regions, from weights_region on, that weights are spread over; 0: all of the core"},
        {"place", "activations_region", Count{&O::activations_region, 0, 63},
         "DRAM region of inputs, outputs and the rest"},
        {"prefetch", "prefetch", Flag{&O::prefetch}, "start loads as early as space and queues allow"},
        {"prefetch", "depth", Count{&O::prefetch_depth, 1, 1 << 20}, "most loads started ahead of their first use"},
        {"spill", "spill", Flag{&O::spill},
         "write live buffers to device DRAM and read them back if they exceed the budget"},
        {"search", "sections", Flag{&O::search_sections},
         "run layers in sections over some of the images at a time if that is faster or the only way to fit"},
        {"search", "only_tight", Flag{&O::search_only_tight}, "sections only for batches that do not fit otherwise"},
        {"search", "psum_banks", Flag{&O::search_psum_banks}, "choose PSUM banks per stationary load for each layer"},
        {"rematerialize", "rematerialization", Flag{&O::rematerialization},
         "drop data that device DRAM still holds and load them again"},
        {"rematerialize", "recompute", Flag{&O::recompute},
         "drop data that ACT and POOL can recompute faster than device DRAM could return them"},
        {kHost, "operators", Names{&O::host_operators, graph::host_operators},
         "operators that run on the host, with all that reads their results; networks with others are refused"},
    };
    return table;
}

void read_names(const Names& names, CompileOptions& options, json::ObjectReader& reader, const char* key) {
    if (!reader.has(key)) return;
    std::set<std::string> given;
    for (const json::Cursor& element : reader.array(key)) {
        const auto name = element.string();
        const auto& allowed = names.allowed();
        if (name && std::find(allowed.begin(), allowed.end(), *name) == allowed.end())
            element.problem("'" + *name + "' is none of " + join(allowed, ", "));
        else if (name) given.insert(*name);
    }
    options.*names.member = {given.begin(), given.end()};
}

struct ReadOption {
    CompileOptions& options;
    json::ObjectReader& reader;
    const char* key;
    void operator()(const Flag& f) const { options.*f.member = reader.boolean_or(key, options.*f.member); }
    void operator()(const Count& c) const {
        options.*c.member = static_cast<int>(reader.integer_or(key, options.*c.member, c.min, c.max));
    }
    void operator()(const Size& s) const {
        const json::Range<Bytes> range{Bytes{0}, Bytes{std::int64_t{1} << 32}};
        options.*s.member = reader.quantity_or<Bytes>(key, Bytes{options.*s.member}, range).count();
    }
    void operator()(const Names& n) const { read_names(n, options, reader, key); }
};

struct OptionValue {
    const CompileOptions& options;
    json::Value operator()(const Flag& f) const { return options.*f.member; }
    json::Value operator()(const Count& c) const { return options.*c.member; }
    json::Value operator()(const Size& s) const { return to_text(Bytes{options.*s.member}); }
    json::Value operator()(const Names& n) const {
        json::Array all;
        for (const std::string& name : options.*n.member) all.emplace_back(name);
        return all;
    }
};

constexpr const char* kPasses = "passes";  ///< the group of optional passes: name to whether it runs

/// The keys of a group, or all groups and top-level keys.
std::vector<std::string> keys_of(const std::string& group, const json::Object& /*there*/) {
    if (group == kPasses) return compiler::optional_pass_names();
    std::vector<std::string> keys;
    if (group.empty()) keys = {"name", "skip_passes", kPasses};
    for (const Option& o : options_table()) {
        const std::string key = group.empty() ? o.pass : o.key;
        const bool wanted = group.empty() || group == o.pass;
        if (wanted && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
    return keys;
}

/// Handles a group that a file leaves out, or an option.
json::Value absent(const std::string& path) {
    const bool is_group = path.find('.') == std::string::npos && path != "name" && path != "skip_passes";
    return is_group ? json::Value{json::Object{}} : json::Value{};
}

void read_optional_passes(json::ObjectReader& top, CompileOptions& options) {
    const auto place = top.optional(kPasses);
    if (!place) return;
    json::ObjectReader reader(*place);
    for (const std::string& pass : compiler::optional_pass_names())
        if (reader.boolean_or(pass, false)) options.optional_passes.push_back(pass);
    reader.finish();
}

}  // namespace

CompileOptions read_compiler(json::Document document, const std::vector<Setting>& settings, Problems& problems,
                             json::KeyLog* log) {
    const json::OverrideRules rules{"a compiler", "compiler.", keys_of, absent, {}, {}};
    json::Overridden overridden;
    for (const Setting& setting : settings) overridden.apply(document.root, setting, rules, problems);
    Problems found;
    CompileOptions options = compiler::default_options();
    json::ObjectReader top(json::Cursor(document, found, log));
    options.name = top.string("name");
    for (const json::Cursor& pass : top.array_or_empty("skip_passes"))
        options.skip_passes.push_back(pass.string().value_or(""));
    std::vector<std::string> groups;
    for (const Option& option : options_table())
        if (std::find(groups.begin(), groups.end(), option.pass) == groups.end()) groups.push_back(option.pass);
    for (const std::string& group : groups) {
        const auto place = top.optional(group);
        if (!place) continue;
        json::ObjectReader reader(*place);
        for (const Option& option : options_table())
            if (group == option.pass) std::visit(ReadOption{options, reader, option.key}, option.kind);
        reader.finish();
    }
    read_optional_passes(top, options);
    top.finish();
    overridden.relocate(found, document.file, problems);
    return options;
}

CompileOptions load_compiler(const std::string& path, const std::vector<Setting>& settings, Problems& problems) {
    auto document = json::parse_file(path, problems);
    return document ? read_compiler(std::move(*document), settings, problems) : compiler::default_options();
}

namespace {

/// Whether a point keeps its identity although the compiler has learnt this option.
bool is_left_out(const Option& option, const CompileOptions& options) {
    const auto* flag = std::get_if<Flag>(&option.kind);
    return flag && flag->newer && !(options.*flag->member);
}

enum class Which { all, identity };

json::Value json_of(const CompileOptions& options, Which which) {
    // One name per member, so that an option which options_table() lacks stops the build here: it would be
    // missing from files and, worse, from the identity of points.
    [[maybe_unused]] const auto& [name, batching, psum_banks_per_load, slab_bytes, small_image_elements, fuse_clips,
                                  state_buffer_budget, sb_size, sb_size_unit, in_place_add, pair_images,
                                  weights_in_parts, static_weights, reuse_scratch, own_rings, skip_zero_blocks,
                                  stripe_groups, replication, stream_stem, stream_converted_input, stem_stripe_rows,
                                  prefetch, prefetch_depth, channel_operands, moves_on_chip, packed_constants,
                                  turned_transfers, shared_matrices, masked_rows, constants_bytes, whole_copies,
                                  overlap_stripes, reorder_layers, attention_bytes, spill, rematerialization, recompute,
                                  search_sections, search_only_tight, search_psum_banks, weights_region, weight_regions,
                                  activations_region, host_operators, optional_passes, skip_passes] = options;
    json::Object top;
    top.set("name", name);
    for (const Option& option : options_table()) {
        // What the host runs is part of the network's identity: two lists with the same effect give one point.
        if (std::string_view(option.pass) == kHost) continue;
        if (which == Which::identity && is_left_out(option, options)) continue;
        if (!top.find(option.pass)) top.set(option.pass, json::Object{});
        top.find(option.pass)->as_object().set(option.key, std::visit(OptionValue{options}, option.kind));
    }
    json::Object passes;
    for (const std::string& pass : optional_passes) passes.set(pass, true);
    // A point keeps its identity when the compiler learns a pass that the point does without.
    if (!optional_passes.empty()) top.set(kPasses, std::move(passes));
    json::Array skipped;
    for (const std::string& pass : skip_passes) skipped.emplace_back(pass);
    top.set("skip_passes", std::move(skipped));
    return top;
}

}  // namespace

json::Value canonical_json(const CompileOptions& options) { return json_of(options, Which::all); }
json::Value identity_json(const CompileOptions& options) { return json_of(options, Which::identity); }

std::map<std::string, std::string> compiler_meanings() {
    std::map<std::string, std::string> meanings{
        {"name", "of the profile, in tables and in the identity of points"},
        {"skip_passes", "passes to leave out, for tests of the compiler itself"}};
    for (const Option& o : options_table()) meanings[std::string(o.pass) + "." + o.key] = o.meaning;
    for (const std::string& pass : compiler::optional_pass_names())
        meanings[kPasses + ("." + pass)] = "whether the optional pass " + pass + " runs";
    return meanings;
}

}  // namespace infsim::flow
