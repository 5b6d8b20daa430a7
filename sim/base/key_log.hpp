// What a reader asks of the keys of a document: from it a manual of the keys is made.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace infsim::json {

struct AskedKey {
    std::string pointer;  ///< JSON pointer, "/pe/rows"
    std::string type;     ///< "integer", "size", ...; empty where the reader only looked whether it is there
    std::string range;    ///< "1 to 64", "fp16, bf16, fp32"; empty where any is right
    std::optional<std::string>
        otherwise;          ///< as JSON: what holds where the key is left out, as far as the reader says so
    bool required = false;  ///< whether it may not be left out
};

/// Keys in the order in which they are first asked for. A reader fills it that reads a document with every key in it.
class KeyLog {
public:
    /// What is known of the key; new ones are added.
    AskedKey& at(const std::string& pointer);
    const std::vector<AskedKey>& keys() const { return keys_; }

private:
    std::vector<AskedKey> keys_;
};

}  // namespace infsim::json
