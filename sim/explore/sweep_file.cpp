#include "explore/sweep_file.hpp"

#include <algorithm>
#include <filesystem>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "explore/axis_values.hpp"
#include "explore/expander.hpp"
#include "explore/offers.hpp"
#include "explore/open_batch.hpp"
#include "flow/point/neuron_flags.hpp"

namespace infsim::explore {

using flow::Setting;

namespace {

constexpr std::size_t kMaxPoints = 100'000;

/// Whether a key names the scenario file or a value in it.
bool serving_key(const std::string& key) { return key == "scenario" || key.rfind("scenario.", 0) == 0; }

bool known_key(const std::string& key) {
    const auto& own = point_keys();
    return std::find(own.begin(), own.end(), key) != own.end() || serving_key(key) || flow::is_extents_key(key) ||
           key.rfind("chip.", 0) == 0 || key.rfind("compiler.", 0) == 0 || flow::is_neuron_key(key);
}

std::string unknown_key(const std::string& key) {
    std::vector<std::string> known = point_keys();
    known.emplace_back("dims");
    known.emplace_back("inputs");
    for (const flow::NeuronFlag& flag : flow::neuron_flags()) known.emplace_back(flag.key);
    return "'" + key + "' is no key of a point" + suggestion(key, known) +
           "; keys that reach into files start with 'chip.' or 'compiler.'";
}

std::vector<Setting> read_base(const json::Cursor& cursor) {
    std::vector<Setting> base;
    if (!cursor.is_object()) {
        cursor.problem("must be an object, and is " + std::string(cursor.value().kind()));
        return base;
    }
    for (const auto& [key, value] : cursor.value().as_object()) {
        const json::Cursor place = cursor.member(key, value);
        if (!known_key(key)) place.problem(unknown_key(key));
        else base.push_back({key, value, cursor.file(), place.pointer()});
    }
    return base;
}

Axis read_axis(const json::Cursor& cursor) {
    json::ObjectReader reader(cursor);
    Axis axis;
    axis.file = cursor.file();
    axis.where = cursor.pointer();
    axis.key = reader.string("key");
    if (!axis.key.empty() && !known_key(axis.key)) reader.problem("key", unknown_key(axis.key));
    if (const auto values = reader.required("values")) {
        const bool open = axis.key == "batch" && is_to_limit(values->value());
        axis.values = open ? json::Array{values->value()} : axis_values(*values);
        for (std::size_t v = 0; v < axis.values.size(); ++v)
            axis.pointers.push_back(values->value().is_array() ? json::pointer_to(values->pointer(), v)
                                                               : values->pointer());
    }
    reader.finish();
    return axis;
}

/// One axis, or the axes of {"zip": [...]}.
void read_axes(const json::Cursor& cursor, std::vector<Axis>& axes) {
    if (!cursor.value().is_object() || cursor.value().as_object().find("zip") == nullptr) {
        axes.push_back(read_axis(cursor));
        return;
    }
    json::ObjectReader reader(cursor);
    const auto zipped = reader.array("zip");
    if (zipped.size() < 2) reader.problem("zip", "must hold at least two axes that move together");
    for (const json::Cursor& axis : zipped) {
        axes.push_back(read_axis(axis));
        axes.back().zipped = &axis != &zipped.front();
    }
    reader.finish();
}

/// Number of points of the axes, or more than kMaxPoints.
std::size_t count_points(const Sweep& sweep) {
    std::size_t points = 1;
    for (const Axis& axis : sweep.axes)
        if (!axis.zipped && points <= kMaxPoints) points *= std::max<std::size_t>(axis.values.size(), 1);
    return points;
}

void check_keys(const Sweep& sweep, Problems& problems) {
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
        const std::string& key = sweep.axes[i].key;
        const std::string place = sweep.axes[i].where + "/key";
        for (std::size_t j = 0; j < i; ++j)
            if (sweep.axes[j].key == key) problems.add(sweep.file, place, "'" + key + "' is an axis already");
        for (const Setting& s : sweep.base)
            if (s.key == key) problems.add(sweep.file, place, "'" + key + "' is in the base as well");
    }
    if (const std::size_t points = count_points(sweep); points > kMaxPoints)
        problems.add(
            sweep.file, "/axes",
            "make " + std::to_string(points) + " points; at most " + std::to_string(kMaxPoints) + " are allowed");
}

/// Axes that move together must have equally many values, also after overrides.
void check_zips(const Sweep& sweep, Problems& problems) {
    for (std::size_t a = 1; a < sweep.axes.size(); ++a) {
        const Axis &axis = sweep.axes[a], &before = sweep.axes[a - 1];
        if (!axis.zipped || axis.values.empty() || before.values.empty()) continue;
        if (axis.values.size() != before.values.size())
            problems.add(sweep.file, axis.where,
                         "moves together with '" + before.key + "' and has " + std::to_string(axis.values.size()) +
                             " values for its " + std::to_string(before.values.size()));
    }
}

/// A sweep of scenarios may only have scenario keys and keys that reach into files.
void check_serving_keys(const Sweep& sweep, Problems& problems) {
    bool has_scenario = false;
    const auto check = [&](const std::string& key, const std::string& file, const std::string& where) {
        has_scenario = has_scenario || key == "scenario";
        if (!serving_key(key) && key.rfind("chip.", 0) != 0 && key.rfind("compiler.", 0) != 0)
            problems.add(file, where,
                         "'" + key + "' is no key of a sweep of scenarios; 'scenario." +
                             (key == "seed" ? "" : "server.") + key + "' reaches into the scenario");
    };
    for (const Setting& s : sweep.base) check(s.key, s.file, s.where);
    for (std::size_t a = 0; a < sweep.axes.size(); ++a)
        check(sweep.axes[a].key, sweep.file, sweep.axes[a].where + "/key");
    if (!has_scenario) problems.add(sweep.file, "/base", "'scenario' is missing, but keys reach into it");
}

/// Replaces a value of the file by one from the command line.
void override_value(Sweep& sweep, const Setting& setting, Problems& problems) {
    if (!known_key(setting.key)) {
        problems.add(setting.file, setting.where, unknown_key(setting.key));
        return;
    }
    for (Axis& axis : sweep.axes)
        if (axis.key == setting.key) {
            axis.values = setting.value.is_array() ? setting.value.as_array() : json::Array{setting.value};
            axis.pointers.assign(axis.values.size(), setting.where);
            axis.file = setting.file;
            if (axis.values.empty()) problems.add(setting.file, setting.where, "gives an axis no values");
            return;
        }
    const auto same =
        std::find_if(sweep.base.begin(), sweep.base.end(), [&](const Setting& s) { return s.key == setting.key; });
    if (same != sweep.base.end()) *same = setting;
    else sweep.base.push_back(setting);
}

/// The value of `key` for these values of the axes.
const json::Value* value_at(const Sweep& sweep, const Choice& choice, const std::string& key) {
    for (std::size_t a = 0; a < choice.size(); ++a)
        if (sweep.axes[a].key == key) return &sweep.axes[a].values[choice[a]];
    for (const Setting& s : sweep.base)
        if (s.key == key) return &s.value;
    return nullptr;
}

/// Whether every condition holds. A condition that cannot be decided is a problem, reported once.
bool is_asked(const Sweep& sweep, const Choice& choice, Problems* problems) {
    bool all = true;
    for (const Condition& condition : sweep.conditions) {
        std::string why;
        const auto held = holds(
            condition, [&](const std::string& key) { return value_at(sweep, choice, key); }, why);
        if (!held && problems != nullptr) problems->add(sweep.file, condition.where, why);
        all = all && held.value_or(false);
    }
    return all;
}

/// Every choice, ignoring conditions; none if there would be too many.
std::vector<Choice> crossed(const Sweep& sweep) {
    if (count_points(sweep) > kMaxPoints) return {};
    std::vector<Choice> all(1);
    for (const Axis& axis : sweep.axes) {
        std::vector<Choice> next;
        for (const Choice& choice : all)
            for (std::size_t v = 0; v < axis.values.size(); ++v) {
                if (axis.zipped && choice.back() != v) continue;
                next.push_back(choice);
                next.back().push_back(v);
            }
        all = std::move(next);
    }
    return all;
}

/// Checks that conditions can be decided everywhere and leave at least one point.
void check_conditions(const Sweep& sweep, Problems& problems) {
    if (sweep.conditions.empty()) return;
    bool any = false;
    for (const Choice& choice : crossed(sweep)) {
        Problems here;
        any = is_asked(sweep, choice, &here) || any;
        if (here.empty()) continue;
        problems.add(here.list().front());
        return;
    }
    if (!any) problems.add(sweep.file, "/where", "leaves no points");
}

}  // namespace

bool is_serving(const Sweep& sweep) {
    return std::any_of(sweep.base.begin(), sweep.base.end(), [](const Setting& s) { return serving_key(s.key); }) ||
           std::any_of(sweep.axes.begin(), sweep.axes.end(), [](const Axis& a) { return serving_key(a.key); });
}

const std::vector<std::string>& point_keys() {
    static const std::vector<std::string> keys{"model", "batch",   "dtype", "io_dtype",    "chip",      "compiler",
                                               "cores", "workers", "seed",  "offset_sets", "inferences"};
    return keys;
}

std::optional<Sweep> read_sweep(const std::string& path, const std::vector<Setting>& overrides, Problems& problems) {
    const auto document = json::parse_file(path, problems);
    return document ? read_sweep(*document, overrides, problems) : std::nullopt;
}

std::optional<Sweep> read_sweep(const json::Document& document, const std::vector<Setting>& overrides,
                                Problems& problems, json::KeyLog* log) {
    Problems found;
    Sweep sweep;
    sweep.file = document.file;
    sweep.name = std::filesystem::path(document.file).stem().string();
    json::ObjectReader reader(json::Cursor(document, found, log));
    sweep.question = reader.string("question");
    if (const auto base = reader.required("base")) sweep.base = read_base(*base);
    for (const json::Cursor& axis : reader.array("axes")) read_axes(axis, sweep.axes);
    for (const json::Cursor& condition : reader.array_or_empty("where"))
        if (auto read = read_condition(condition)) sweep.conditions.push_back(std::move(*read));
    sweep.objectives = read_objectives(reader);
    sweep.method = read_method(reader);
    const auto max_batch = reader.optional("max_batch");
    reader.finish();
    check_keys(sweep, found);
    for (const Setting& setting : overrides) override_value(sweep, setting, found);
    check_zips(sweep, found);
    settle_batch(sweep, max_batch, found);
    check_objectives(sweep, found);
    check_method(sweep, found);
    if (found.empty()) check_conditions(sweep, found);
    // Values are checked even if keys are wrong, so that one report has all problems.
    if (is_serving(sweep)) check_serving_keys(sweep, found);
    else Expander(sweep, found);
    for (const Problem& p : found.list()) problems.add(p);
    return found.empty() ? std::optional{std::move(sweep)} : std::nullopt;
}

std::vector<Choice> choices(const Sweep& sweep) {
    std::vector<Choice> all = crossed(sweep);
    if (sweep.conditions.empty()) return all;
    const auto unasked = [&](const Choice& choice) { return !is_asked(sweep, choice, nullptr); };
    all.erase(std::remove_if(all.begin(), all.end(), unasked), all.end());
    return all;
}

std::string label_of(const Sweep& sweep, const std::vector<std::string>& axis_values) {
    std::vector<std::string> parts;
    for (std::size_t a = 0; a < axis_values.size(); ++a) parts.push_back(sweep.axes[a].key + "=" + axis_values[a]);
    return parts.empty() ? sweep.name : join(parts, " ");
}

Setting setting_of(const Axis& axis, std::size_t value) {
    return {axis.key, axis.values[value], axis.file, axis.pointers[value]};
}

Setting parse_setting(const std::string& text, const std::string& option, Problems& problems) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        problems.add("", option, "'" + text + "' must be key=value");
        return {};
    }
    return {text.substr(0, equals), json::from_argument(text.substr(equals + 1)), "", option + " " + text};
}

}  // namespace infsim::explore
