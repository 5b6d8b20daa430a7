// Records what a reader asks of the keys of a document, to generate a manual of the keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace infsim::json {

struct AskedKey {
    std::string pointer;                   ///< JSON pointer, "/pe/rows"
    std::string type;                      ///< "integer", "size", ...; empty if the reader only tested for presence
    std::string range;                     ///< "1 to 64", "fp16, bf16, fp32"; empty if any value is allowed
    std::optional<std::string> otherwise;  ///< default as JSON, if the reader states one
    bool required = false;                 ///< whether the key is required
};

/// Keys in the order in which they are first asked for. To fill it, read a document that contains every key.
class KeyLog {
public:
    /// The entry of a key; added if it is new.
    AskedKey& at(const std::string& pointer);
    const std::vector<AskedKey>& keys() const { return keys_; }

private:
    std::vector<AskedKey> keys_;
};

}  // namespace infsim::json
