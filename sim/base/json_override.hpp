// Values of a JSON document that are set from outside, by keys with dots: `--set`, the base and the axes of a sweep.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::json {

/// One such value. Problems with it are reported at `file` and `where`: "sweep.json" and "/axes/0/values/2", or "" and
/// "--set load.rate=500".
struct Override {
    std::string key;  ///< "state_buffer.partition_bytes": a path into the document
    Value value;
    std::string file, where;
};

/// What may be set in a kind of document, and how.
struct OverrideRules {
    /// The kind, for messages: "a chip".
    std::string of;
    /// In front of keys in messages: "compiler.".
    std::string prefix;
    /// The keys that the object at `path` ("" or "dma") may have, those that it has included. Without this function any
    /// key may be set, and the reader of the document reports what it does not know.
    std::function<std::vector<std::string>(const std::string& path, const Object& there)> keys;
    /// What a key begins as that is not there: an object for a section, any other value for what is replaced then.
    std::function<Value(const std::string& path)> absent;
    /// Whether an object is a single value, into which no key reaches. Without this function none is.
    std::function<bool(const Value&)> is_value;
    /// Puts a value where the old one stands; without this function it replaces it.
    std::function<void(Value& place, const Value& value)> put;
};

/// Overrides that have been put into a document.
class Overridden {
public:
    /// Sets the value in `root`. Adds a problem at the override's own place where its key leads nowhere, with the key
    /// that was probably meant, or to a section, with the keys of that.
    void apply(Value& root, const Override& override, const OverrideRules& rules, Problems& problems);
    /// The one that set the value at this JSON pointer, or something in it, or what it is in; the last that did.
    /// nullptr where none did.
    const Override* at(const std::string& pointer) const;
    /// Adds what was found in the document: problems with a value that an override set, or within it, at the override's
    /// place and behind its key.
    void relocate(const Problems& found, const std::string& file, Problems& problems) const;

private:
    struct Applied {
        std::string pointer, name;  ///< name: the key with its prefix
        const Override* override;
    };
    const Applied* around(const std::string& pointer) const;

    std::vector<Applied> applied_;  ///< in their order; the overrides must outlive this
};

}  // namespace infsim::json
