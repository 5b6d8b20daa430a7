#include "explore/sweep_file.hpp"

#include <algorithm>
#include <filesystem>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "explore/assign.hpp"
#include "flow/neuron_flags.hpp"

namespace infsim::explore {

using flow::Setting;

namespace {

constexpr std::size_t kMaxPoints = 100'000;

/// The scenario file, or a value in it.
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
    axis.key = reader.string("key");
    if (!axis.key.empty() && !known_key(axis.key)) reader.problem("key", unknown_key(axis.key));
    for (const json::Cursor& value : reader.array("values")) {
        axis.values.push_back(value.value());
        axis.pointers.push_back(value.pointer());
    }
    if (reader.has("values") && axis.values.empty()) reader.problem("values", "must hold at least one value");
    reader.finish();
    return axis;
}

void check_keys(const Sweep& sweep, Problems& problems) {
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
        const std::string& key = sweep.axes[i].key;
        const std::string place = "/axes/" + std::to_string(i) + "/key";
        for (std::size_t j = 0; j < i; ++j)
            if (sweep.axes[j].key == key) problems.add(sweep.file, place, "'" + key + "' is an axis already");
        for (const Setting& s : sweep.base)
            if (s.key == key) problems.add(sweep.file, place, "'" + key + "' is in the base as well");
    }
    std::size_t points = 1;
    for (const Axis& axis : sweep.axes) points *= std::max<std::size_t>(axis.values.size(), 1);
    if (points > kMaxPoints)
        problems.add(
            sweep.file, "/axes",
            "make " + std::to_string(points) + " points; at most " + std::to_string(kMaxPoints) + " are allowed");
}

/// A sweep of scenarios has the scenario's keys and those that reach into files, nothing else.
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
        check(sweep.axes[a].key, sweep.file, "/axes/" + std::to_string(a) + "/key");
    if (!has_scenario) problems.add(sweep.file, "/base", "'scenario' is missing, into which keys reach");
}

/// Puts a value from the command line in the place of what the file says.
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
            if (axis.values.empty()) problems.add(setting.file, setting.where, "gives an axis no value");
            return;
        }
    const auto same =
        std::find_if(sweep.base.begin(), sweep.base.end(), [&](const Setting& s) { return s.key == setting.key; });
    if (same != sweep.base.end()) *same = setting;
    else sweep.base.push_back(setting);
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
                                Problems& problems) {
    Problems found;
    Sweep sweep;
    sweep.file = document.file;
    sweep.name = std::filesystem::path(document.file).stem().string();
    json::ObjectReader reader(json::Cursor(document, found));
    sweep.question = reader.string("question");
    if (const auto base = reader.required("base")) sweep.base = read_base(*base);
    for (const json::Cursor& axis : reader.array("axes")) sweep.axes.push_back(read_axis(axis));
    reader.finish();
    check_keys(sweep, found);
    for (const Setting& setting : overrides) override_value(sweep, setting, found);
    // Values are checked even where keys are wrong, so that one report holds everything.
    if (is_serving(sweep)) check_serving_keys(sweep, found);
    else expand(sweep, found);
    for (const Problem& p : found.list()) problems.add(p);
    return found.empty() ? std::optional{std::move(sweep)} : std::nullopt;
}

std::vector<SweepPoint> expand(const Sweep& sweep, Problems& problems) {
    Problems found;
    std::vector<SweepPoint> points(1);
    bool has_model = false;
    for (const Setting& s : sweep.base) {
        assign(points.front().request, s, sweep.file, found);
        has_model = has_model || s.key == "model";
    }
    for (const Axis& axis : sweep.axes) {
        has_model = has_model || axis.key == "model";
        if (points.size() * axis.values.size() > kMaxPoints) break;  // reported by check_keys
        std::vector<SweepPoint> crossed;
        // Each value is checked once, not once per point.
        std::vector<bool> good;
        for (std::size_t v = 0; v < axis.values.size(); ++v) {
            flow::PointRequest scratch;
            good.push_back(assign(scratch, {axis.key, axis.values[v], axis.file, axis.pointers[v]}, sweep.file, found));
        }
        Problems reported_already;
        for (const SweepPoint& point : points)
            for (std::size_t v = 0; v < axis.values.size(); ++v) {
                if (!good[v]) continue;
                SweepPoint next = point;
                assign(next.request, {axis.key, axis.values[v], axis.file, axis.pointers[v]}, sweep.file,
                       reported_already);
                next.axis_values.push_back(value_text(axis.values[v]));
                crossed.push_back(std::move(next));
            }
        points = std::move(crossed);
    }
    if (!has_model) found.add(sweep.file, "/base", "'model' is missing");
    for (const Problem& p : found.list()) problems.add(p);
    return points;
}

Setting parse_setting(const std::string& text, const std::string& option, Problems& problems) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        problems.add("", option, "'" + text + "' must be key=value");
        return {};
    }
    return {text.substr(0, equals), json::from_argument(text.substr(equals + 1)), "", option + " " + text};
}

std::optional<Setting> source_of(const Sweep& sweep, const SweepPoint& point, const std::string& key) {
    for (const Setting& s : sweep.base)
        if (s.key == key) return s;
    for (std::size_t a = 0; a < sweep.axes.size() && a < point.axis_values.size(); ++a) {
        const Axis& axis = sweep.axes[a];
        for (std::size_t v = 0; v < axis.values.size() && axis.key == key; ++v)
            if (value_text(axis.values[v]) == point.axis_values[a])
                return Setting{key, axis.values[v], axis.file, axis.pointers[v]};
    }
    return std::nullopt;
}

std::string value_text(const json::Value& value) {
    return value.is_string() ? value.as_string() : json::dump(value, 0);
}

}  // namespace infsim::explore
