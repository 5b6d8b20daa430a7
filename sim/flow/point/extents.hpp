// User-given extents that a model leaves open.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json_reader.hpp"
#include "flow/point/setting.hpp"

namespace infsim::flow {

/// By the name of an axis, and by input. Empty for most models.
struct Extents {
    std::map<std::string, std::int64_t> dims;
    std::map<std::string, std::vector<std::int64_t>> inputs;
    bool empty() const { return dims.empty() && inputs.empty(); }
    bool operator==(const Extents& o) const { return dims == o.dims && inputs == o.inputs; }
};

/// Whether a key is about extents: "dims" (an object), "dims.NAME" (an integer), "inputs" (an object) or "inputs.NAME"
/// (a shape such as "1x3x224x224").
bool is_extents_key(const std::string& key);
/// Adds the value of such a key. False, with an entry in `problems`, if it is not an extent or shape.
bool set_extents(Extents& extents, const Setting& setting, Problems& problems);

/// "NAME=VALUE" and "NAME=1x3x224x224" of the command line. Problems are located at `option`.
void add_dim(Extents& extents, const std::string& text, const std::string& option, Problems& problems);
void add_input(Extents& extents, const std::string& text, const std::string& option, Problems& problems);

/// As JSON and back, for worker processes and identities.
json::Value to_json(const Extents& extents);
Extents extents_from_json(const json::Cursor& cursor);

}  // namespace infsim::flow
