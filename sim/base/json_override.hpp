// Values in a JSON document that are set from outside by dotted keys: `--set`, the base and the axes of a sweep.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::json {

/// One value set from outside. Problems with it are reported at `file` and `where`: "sweep.json" and
/// "/axes/0/values/2", or "" and "--set load.rate=500".
struct Override {
    std::string key;  ///< "state_buffer.partition_bytes": a path into the document
    Value value;
    std::string file, where;
};

/// What may be set in one kind of document, and how.
struct OverrideRules {
    /// The kind, for messages: "a chip".
    std::string of;
    /// Prefix of keys in messages: "compiler.".
    std::string prefix;
    /// The keys that the object at `path` ("" or "dma") may have, including those that it has. Without this function
    /// any key may be set, and the reader of the document reports unknown ones.
    std::function<std::vector<std::string>(const std::string& path, const Object& there)> keys;
    /// Initial value of a missing key: an object for a section; any other value is replaced afterwards.
    std::function<Value(const std::string& path)> absent;
    /// Whether an object is a single value, which no key can lead into. Without this function none is.
    std::function<bool(const Value&)> is_value;
    /// Puts a value in place of the old one; without this function it simply replaces it.
    std::function<void(Value& place, const Value& value)> put;
};

/// Overrides that have been put into a document.
class Overridden {
public:
    /// Sets the value in `root`. Adds a problem at the override's own place if its key does not exist (with a
    /// suggestion) or names a section (with the section's keys).
    void apply(Value& root, const Override& override, const OverrideRules& rules, Problems& problems);
    /// The last override that set the value at this JSON pointer, something inside it, or a value that contains it.
    /// nullptr if none did.
    const Override* at(const std::string& pointer) const;
    /// Adds the problems found in the document. Those with a value that an override set, or within it, move to the
    /// override's place and name its key.
    void relocate(const Problems& found, const std::string& file, Problems& problems) const;

private:
    struct Applied {
        std::string pointer, name;  ///< name: the key with its prefix
        const Override* override;
    };
    const Applied* around(const std::string& pointer) const;

    std::vector<Applied> applied_;  ///< in order of application; the overrides must outlive this
};

}  // namespace infsim::json
