#include "hw/override.hpp"

#include <array>

#include "hw/totals.hpp"

namespace infsim::hw {
namespace {

/// Numbers that a chip may lack, by section; a what-if may still state them.
struct OptionalKey {
    std::string_view section, key;
};
constexpr std::array kOptionalKeys{OptionalKey{"act", "lanes"},           OptionalKey{"act", "elements_32bit"},
                                   OptionalKey{"act", "elements_16bit"},  OptionalKey{"pool", "lanes"},
                                   OptionalKey{"pool", "elements_32bit"}, OptionalKey{"pool", "elements_16bit"},
                                   OptionalKey{"host", "item_overhead"},  OptionalKey{"host", "copy_bandwidth"},
                                   OptionalKey{"host", "threads"},        OptionalKey{"psum", "shared_port"}};

/// The keys of the named section, or of the chip if the name is empty.
std::vector<std::string> keys_of(const std::string& section, const json::Object& there) {
    std::vector<std::string> keys;
    for (const json::Member& member : there) keys.push_back(member.first);
    for (std::string& key : other_forms(there)) keys.push_back(std::move(key));
    for (const OptionalKey& optional : kOptionalKeys)
        if (optional.section == section && there.find(optional.key) == nullptr) keys.emplace_back(optional.key);
    return keys;
}

bool is_graded(const json::Value& value) { return value.is_object() && value.as_object().find("value"); }

/// A number that the chip lacks. The reader requires grade and source; read_chip replaces them in the provenance.
json::Value room_for_a_number(const std::string& /*path*/) {
    return json::Object{{"value", nullptr}, {"grade", "UNK"}, {"source", "override"}};
}

/// Replaces the old value. A bare value keeps grade and source in the document, because the reader requires them;
/// read_chip replaces them with the override's in the provenance.
void put(json::Value& place, const json::Value& value) {
    if (is_graded(place) && !is_graded(value)) place.as_object().set("value", value);
    else place = value;
}

}  // namespace

json::Overridden apply_overrides(json::Document& document, const std::vector<Override>& overrides, Problems& problems) {
    const json::OverrideRules rules{"a chip", "", keys_of, room_for_a_number, is_graded, put};
    json::Overridden done;
    for (const Override* const change : in_one_form(document, overrides, problems))
        done.apply(document.root, *change, rules, problems);
    return done;
}

}  // namespace infsim::hw
