// Sweep files: a base point and axes that are crossed, the last one fastest; some move together.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/key_log.hpp"
#include "base/problems.hpp"
#include "explore/conditions.hpp"
#include "explore/limit_walk.hpp"
#include "explore/method.hpp"
#include "explore/objectives.hpp"
#include "flow/point/point.hpp"

namespace infsim::explore {

/// One swept key. `values` as written; `pointers[i]` is the place of value i in `file`.
struct Axis {
    std::string key;
    std::string file;
    std::vector<json::Value> values;
    std::vector<std::string> pointers;
    std::string where;      ///< the axis in the file, such as "/axes/1" or "/axes/1/zip/0"
    bool zipped = false;    ///< moves together with the previous axis instead of being crossed with it
    bool to_limit = false;  ///< batches are found while the sweep runs; its only value is 1
};

/// A sweep before it is expanded. `base` holds the keys that are the same everywhere.
struct Sweep {
    std::string file;
    std::string name;  ///< file name without folder and extension
    std::string question;
    std::vector<flow::Setting> base;
    std::vector<Axis> axes;
    std::vector<Condition> conditions;  ///< a point satisfies all of them
    Objectives objectives;              ///< may be empty
    Method method;
    int max_batch = kDefaultMaxBatch;  ///< upper end of an axis that goes to the limit
};

/// Which value each axis has, by number.
using Choice = std::vector<std::size_t>;
/// Every choice that is a point, in table order: axes are crossed, the last one fastest, zipped ones move with the
/// previous axis, and every condition holds. None if there would be more than 100,000 without conditions.
std::vector<Choice> choices(const Sweep& sweep);

/// The label of a row: "batch=3 chip.state_buffer.partition_bytes=96KiB"; the sweep's name if it has no axis.
std::string label_of(const Sweep& sweep, const std::vector<std::string>& axis_values);

/// The value of the axis with that index, as a setting.
flow::Setting setting_of(const Axis& axis, std::size_t value);

/// Keys of the point itself; all others are extents ("dims", "dims.NAME", "inputs", "inputs.NAME"), start with "chip."
/// or "compiler.", or are flags of Neuron's compiler.
const std::vector<std::string>& point_keys();

/// Whether the points are serving scenarios: some key is "scenario" (a file) or reaches into it
/// ("scenario.load.rate"). serving_sweep.hpp runs such sweeps.
bool is_serving(const Sweep& sweep);

/// Reads a sweep file. `overrides` ("--set") replace a base value or, for the key of an axis, its values (an array
/// gives several). Empty if anything was added to `problems`: unknown keys, wrong kinds, an axis without values,
/// zipped axes of different lengths, a key both in the base and on an axis, more than 100,000 points.
std::optional<Sweep> read_sweep(const std::string& path, const std::vector<flow::Setting>& overrides,
                                Problems& problems);
/// `log` records the keys that are requested.
std::optional<Sweep> read_sweep(const json::Document& document, const std::vector<flow::Setting>& overrides,
                                Problems& problems, json::KeyLog* log = nullptr);

/// Parses "key=value" of an option such as --set: the value is JSON if it parses as such, else text.
flow::Setting parse_setting(const std::string& text, const std::string& option, Problems& problems);

}  // namespace infsim::explore
