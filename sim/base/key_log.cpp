#include "base/key_log.hpp"

#include <algorithm>

namespace infsim::json {

AskedKey& KeyLog::at(const std::string& pointer) {
    const auto same = [&](const AskedKey& key) { return key.pointer == pointer; };
    const auto found = std::find_if(keys_.begin(), keys_.end(), same);
    if (found != keys_.end()) return *found;
    AskedKey key;
    key.pointer = pointer;
    keys_.push_back(std::move(key));
    return keys_.back();
}

}  // namespace infsim::json
