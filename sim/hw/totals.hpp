// Numbers that a chip file may state in one of two forms. Per part or as a total: the state buffer of a core, the
// bandwidth of all DRAM channels; a ChipSpec holds them per part. The cost of short DMA runs: as one length or as a
// curve (read_dma.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hw/load.hpp"
#include "hw/section.hpp"

namespace infsim::hw {

/// The keys of one such number within its section.
struct TwoForms {
    std::string_view section;
    std::string_view part;   ///< of one part, or the shorter form
    std::string_view total;  ///< of all of them, or the longer form
    std::string_view count;  ///< how many parts there are; a key that every such section has
};
constexpr TwoForms kStateBufferForms{"state_buffer", "partition_bytes", "bytes", "partitions"};
constexpr TwoForms kDramForms{"dram", "channel_bandwidth", "bandwidth", "channels"};
constexpr TwoForms kRowForms{"dma", "min_row", "payload_curve", "engines_per_core"};

/// Removes the other form from `base`, the members of `section`, if `over`, which will be laid over it, states one of
/// the two: a variant wins in either form.
void drop_other_forms(json::Object& base, const json::Object& over, std::string_view section);

/// Brings `document` into the form of the overrides, and returns the overrides that can be applied: all but totals that
/// come together with an override of their parts, which is reported at the total's place.
std::vector<const Override*> in_one_form(json::Document& document, const std::vector<Override>& overrides,
                                         Problems& problems);

/// The keys that an object may have in addition to its own: the other forms of its numbers.
std::vector<std::string> other_forms(const json::Object& object);

/// Whether both forms are there, which is reported at the longer one; neither is read then.
inline bool in_both_forms(Section& section, const TwoForms& keys, std::string what) {
    if (!section.has(keys.part) || !section.has(keys.total)) return false;
    section.problem(keys.total, std::move(what));
    section.ignore(keys.part);
    section.ignore(keys.total);
    return true;
}

/// Reads the number in the form in which it is stated and returns it per part. `count`: parts, 0 if that was wrong and
/// reported; `range`: of one part. Reports both forms at once, and a total that does not divide evenly, with the
/// nearest ones that do; the result is then 0, like everything that could not be read.
template <class Q>
Q read_per_part(Section& section, const TwoForms& keys, int count, json::Range<Q> range) {
    if (!section.has(keys.total)) return section.quantity<Q>(keys.part, range);
    if (in_both_forms(section, keys, "is also stated by '" + std::string(keys.part) + "'; state only one of the two"))
        return Q{0};
    if (count <= 0) {
        section.ignore(keys.total);
        return Q{0};
    }
    const Q total = section.quantity<Q>(keys.total, json::Range<Q>{range.min * count, range.max * count});
    const Q part{total.count() / count};
    if (part * count == total) return part;
    section.problem(keys.total, "is " + to_text(total) + ", which does not divide evenly among " +
                                    number_text(std::int64_t{count}) + " " + std::string(keys.count) + "; " +
                                    to_text(part * count) + " or " + to_text((part + Q{1}) * count) + " would");
    return Q{0};
}

}  // namespace infsim::hw
