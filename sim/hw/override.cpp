#include "hw/override.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hw/totals.hpp"

namespace infsim::hw {
namespace {

/// Numbers that a chip may be without, by section; a what-if may state them all the same.
struct OptionalKey {
    std::string_view section, key;
};
constexpr std::array kOptionalKeys{OptionalKey{"act", "lanes"},           OptionalKey{"act", "elements_32bit"},
                                   OptionalKey{"act", "elements_16bit"},  OptionalKey{"pool", "lanes"},
                                   OptionalKey{"pool", "elements_32bit"}, OptionalKey{"pool", "elements_16bit"},
                                   OptionalKey{"host", "item_overhead"},  OptionalKey{"host", "copy_bandwidth"},
                                   OptionalKey{"host", "threads"},        OptionalKey{"psum", "shared_port"}};

/// Makes room for an override of a number that the chip is without. The reader wants grade and source; read_chip
/// replaces them in the provenance.
void make_room(json::Value& root, const std::string& path) {
    for (const OptionalKey& optional : kOptionalKeys) {
        if (path != std::string(optional.section) + "." + std::string(optional.key)) continue;
        json::Value* const section = root.is_object() ? root.as_object().find(optional.section) : nullptr;
        if (section == nullptr || !section->is_object() || section->as_object().find(optional.key) != nullptr) return;
        section->as_object().set(std::string(optional.key),
                                 json::Object{{"value", nullptr}, {"grade", "UNK"}, {"source", "override"}});
    }
}

/// Of the section of that name, or of the chip.
std::vector<std::string> keys_of(const json::Value& value, std::string_view section) {
    std::vector<std::string> keys;
    for (const json::Member& member : value.as_object()) keys.push_back(member.first);
    for (std::string& key : other_forms(value.as_object())) keys.push_back(std::move(key));
    for (const OptionalKey& optional : kOptionalKeys)
        if (optional.section == section && value.as_object().find(optional.key) == nullptr)
            keys.emplace_back(optional.key);
    return keys;
}

bool is_graded(const json::Value& value) { return value.is_object() && value.as_object().find("value"); }

/// Puts the new value where the old one stands. A bare value keeps grade and source in the document, because
/// the reader wants them; read_chip replaces them by the override's in the provenance.
void replace(json::Value& place, const json::Value& value) {
    if (is_graded(place) && !is_graded(value)) place.as_object().set("value", value);
    else place = value;
}

}  // namespace

Overridden apply_overrides(json::Document& document, const std::vector<Override>& overrides, Problems& problems) {
    Overridden done;
    for (const Override* const applied : in_one_form(document, overrides, problems)) {
        const Override& change = *applied;
        make_room(document.root, change.path);
        json::Value* place = &document.root;
        std::string pointer, wrong, section;
        for (const std::string& key : split(change.path, '.')) {
            json::Value* next = place->is_object() && !is_graded(*place) ? place->as_object().find(key) : nullptr;
            if (!next) {
                wrong = fmt::format("'{}' is no key of a chip: there is no '{}'", change.path, key);
                if (place->is_object() && !is_graded(*place)) wrong += suggestion(key, keys_of(*place, section));
                break;
            }
            pointer = json::pointer_to(pointer, key);
            section = key;
            place = next;
        }
        if (wrong.empty() && place->is_object() && !is_graded(*place))
            wrong = fmt::format("'{}' is a section, not a number; its keys are {}", change.path,
                                join(keys_of(*place, section), ", "));
        if (!wrong.empty()) {
            problems.add(change.file, change.where, wrong);
            continue;
        }
        replace(*place, change.value);
        done[pointer] = &change;
    }
    return done;
}

void add_relocated(const Problems& found, const Overridden& overridden, Problems& problems) {
    for (const Problem& problem : found.list()) {
        const auto inside = std::find_if(overridden.begin(), overridden.end(), [&](const auto& entry) {
            return problem.where == entry.first || problem.where.rfind(entry.first + "/", 0) == 0;
        });
        if (inside == overridden.end()) problems.add(problem);
        else problems.add(inside->second->file, inside->second->where, inside->second->path + ": " + problem.what);
    }
}

}  // namespace infsim::hw
