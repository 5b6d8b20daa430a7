#include "flow/point/neuron_flags.hpp"

#include <algorithm>
#include <optional>

#include "base/counts.hpp"
#include "base/text.hpp"

namespace infsim::flow {

namespace {

constexpr const char* kSpillGroup = "compiler.spill.";
constexpr const char* kSpillSwitch = "compiler.spill.spill";
constexpr std::int64_t kMostSbSize = 1 << 20;

const NeuronFlag* find_flag(const std::string& key) {
    for (const NeuronFlag& f : neuron_flags())
        if (key == f.key) return &f;
    return nullptr;
}

const RefusedFlag* find_refused(const std::string& key) {
    for (const RefusedFlag& f : refused_neuron_flags())
        if (key == f.key) return &f;
    return nullptr;
}

/// true, false, or their Python spelling as text.
std::optional<bool> truth_of(const json::Value& value) {
    if (value.is_bool()) return value.as_bool();
    if (!value.is_string()) return std::nullopt;
    if (value.as_string() == "True" || value.as_string() == "true") return true;
    if (value.as_string() == "False" || value.as_string() == "false") return false;
    return std::nullopt;
}

/// The value that the flag's option gets; empty after adding a problem.
std::optional<json::Value> option_value(const NeuronFlag& flag, const Setting& s, Problems& problems) {
    if (flag.value == NeuronFlag::Value::count) {
        const std::string wrong = problem_with(s.value, {1, kMostSbSize});
        if (wrong.empty()) return s.value;
        problems.add(
            s.file, s.where,
            s.key + " " + wrong + " (the scheduler's budget, read in units of the profile's place.sb_size_unit)");
        return std::nullopt;
    }
    const auto truth = truth_of(s.value);
    if (!truth) {
        problems.add(s.file, s.where, s.key + " must be True or False, and is " + shown(s.value));
        return std::nullopt;
    }
    return json::Value{*truth == flag.when_given};
}

bool is_false(const json::Value& value) { return value.is_bool() && !value.as_bool(); }

/// The first setting that forbids spilling. One that a later value of the same key replaces counts, too: a user who
/// gives both must say which is meant.
const Setting* spill_ban(const std::vector<Setting>& settings) {
    for (const Setting& s : settings) {
        const bool neuron = s.key == "spill_dis" && truth_of(s.value).value_or(false);
        if (neuron || (s.key == kSpillSwitch && is_false(s.value))) return &s;
    }
    return nullptr;
}

void check_contradictions(const std::vector<Setting>& settings, Problems& problems) {
    const Setting* ban = spill_ban(settings);
    if (ban == nullptr) return;
    const std::string name = ban->key == "spill_dis" ? "spill_dis" : ban->where;
    for (const Setting& s : settings) {
        if (s.key.rfind(kSpillGroup, 0) != 0 || (s.key == kSpillSwitch && is_false(s.value))) continue;
        problems.add(s.file, s.where, "contradicts " + name + ", which forbids spilling; leave out one of the two");
    }
}

}  // namespace

const std::vector<NeuronFlag>& neuron_flags() {
    using V = NeuronFlag::Value;
    static const std::vector<NeuronFlag> flags{
        {"batching_en", V::none, "batch.batching", true, "read each layer's weights once for all images"},
        {"rematerialization_en", V::none, "rematerialize.rematerialization", true,
         "load or compute operands again instead of keeping them"},
        {"spill_dis", V::none, "spill.spill", false, "never spill intermediates to DRAM"},
        {"sb_size", V::count, "place.sb_size", true,
         "state buffer that the compiler may use, read in units of the compiler profile's place.sb_size_unit (1KiB "
         "per partition)"},
        {"enable-replication", V::truth, "replicate.replication", true,
         "copy low-channel inputs to idle partitions (True or False)"},
    };
    return flags;
}

const std::vector<RefusedFlag>& refused_neuron_flags() {
    static const std::vector<RefusedFlag> flags{
        {"sb_watermark_low",
         "is not supported: Neuron's scheduler began and ended spilling between two levels of the state buffer, this "
         "compiler plans against one budget; give that with sb_size"},
        {"sb_watermark_high",
         "is not supported: Neuron's scheduler began and ended spilling between two levels of the state buffer, this "
         "compiler plans against one budget; give that with sb_size"},
        {"arith_intensity_target",
         "is not supported: what is loaded again instead of kept is chosen by comparing costs, not by a threshold; "
         "rematerialization_en and its opposite switch the choice on and off"},
        {"spill_depth_limit",
         "is not supported: victims of spilling are chosen by next use and cost, not by depth; spill_dis forbids "
         "spilling"},
    };
    return flags;
}

bool is_neuron_key(const std::string& key) {
    return find_flag(key) != nullptr || find_refused(key) != nullptr || key == "enable_replication";
}

std::vector<Setting> translated(const std::vector<Setting>& settings, Problems& problems) {
    std::vector<Setting> neuron, own;
    for (Setting s : settings) {
        if (s.key == "enable_replication") s.key = "enable-replication";  // the spelling of a JSON key
        if (const RefusedFlag* refused = find_refused(s.key)) {
            problems.add(s.file, s.where, s.key + " " + refused->why);
        } else if (const NeuronFlag* flag = find_flag(s.key)) {
            if (auto value = option_value(*flag, s, problems))
                neuron.push_back({std::string("compiler.") + flag->option, std::move(*value), s.file, s.where});
        } else {
            own.push_back(std::move(s));
        }
    }
    check_contradictions(settings, problems);
    neuron.insert(neuron.end(), own.begin(), own.end());
    return neuron;
}

}  // namespace infsim::flow
