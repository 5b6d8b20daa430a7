#include "hw/totals.hpp"

#include <algorithm>
#include <array>

namespace infsim::hw {
namespace {

constexpr std::array kTwoForms{kStateBufferForms, kDramForms, kRowForms};

bool has(const json::Object& object, std::string_view key) { return object.find(key) != nullptr; }

/// The same members without one of them, or with another key for it.
json::Object without(const json::Object& object, std::string_view key, std::string_view new_key = {}) {
    json::Object rest;
    for (const json::Member& member : object) {
        if (member.first != key) rest.set(member.first, member.second);
        else if (!new_key.empty()) rest.set(std::string(new_key), member.second);
    }
    return rest;
}

/// The last override of a key, which wins, or nullptr.
const Override* override_of(const std::vector<Override>& overrides, const std::string& path) {
    const auto found =
        std::find_if(overrides.rbegin(), overrides.rend(), [&](const Override& o) { return o.key == path; });
    return found == overrides.rend() ? nullptr : &*found;
}

std::string path_of(const TwoForms& keys, std::string_view key) {
    return std::string(keys.section) + "." + std::string(key);
}

/// Renames a number to the form in which it is overridden. A bare value then keeps the grade and source of the other
/// form, which read_chip replaces with the override's.
void rename(json::Document& document, const TwoForms& keys, std::string_view from, std::string_view to) {
    json::Value* const section = document.root.is_object() ? document.root.as_object().find(keys.section) : nullptr;
    if (section == nullptr || !section->is_object()) return;
    json::Object& members = section->as_object();
    if (has(members, from) && !has(members, to)) members = without(members, from, to);
}

}  // namespace

void drop_other_forms(json::Object& base, const json::Object& over, std::string_view section) {
    for (const TwoForms& keys : kTwoForms) {
        if (keys.section != section || has(over, keys.part) == has(over, keys.total)) continue;
        base = without(base, has(over, keys.part) ? keys.total : keys.part);
    }
}

std::vector<const Override*> in_one_form(json::Document& document, const std::vector<Override>& overrides,
                                         Problems& problems) {
    std::vector<const Override*> applied;
    for (const Override& change : overrides) applied.push_back(&change);
    for (const TwoForms& keys : kTwoForms) {
        const std::string part_path = path_of(keys, keys.part), total_path = path_of(keys, keys.total);
        const Override* const part = override_of(overrides, part_path);
        const Override* const total = override_of(overrides, total_path);
        if (part != nullptr && total != nullptr) {
            problems.add(total->file, total->where,
                         "'" + total_path + "' and '" + part_path + "' set the same number; leave out one of the two");
            applied.erase(
                std::remove_if(applied.begin(), applied.end(), [&](const Override* o) { return o->key == total_path; }),
                applied.end());
        }
        if (part != nullptr) rename(document, keys, keys.total, keys.part);
        else if (total != nullptr) rename(document, keys, keys.part, keys.total);
    }
    return applied;
}

std::vector<std::string> other_forms(const json::Object& object) {
    std::vector<std::string> keys;
    for (const TwoForms& forms : kTwoForms) {
        if (!has(object, forms.count)) continue;
        if (has(object, forms.part)) keys.emplace_back(forms.total);
        else if (has(object, forms.total)) keys.emplace_back(forms.part);
    }
    return keys;
}

}  // namespace infsim::hw
