// Private to hw: what must fit together in the `ddr4` model of a chip file.
#pragma once

#include <functional>
#include <string>

#include "hw/spec.hpp"

namespace infsim::hw {

/// Where in the model a problem is reported: key, what is wrong.
using Report = std::function<void(const std::string& key, const std::string& what)>;

/// Address map from text, most significant field first: "row bank column:5 bank_group column:2". A field without a
/// number takes all bits of its kind that the geometry of `d` has and no other field of the kind took. `channel`: bytes
/// of a channel. Reports fields that do not exist and bits that do not add up.
std::vector<AddressField> parse_address_map(const std::string& text, const Ddr4Dram& d, Bytes channel,
                                            const Report& report);

/// The same back to text, every field with its bits.
std::string address_map_text(const std::vector<AddressField>& map);

/// Geometry that is a power of two, a clock that gives `channel_bandwidth`, intervals that leave time between
/// refreshes. `d` may hold zeros for numbers that were missing or wrong; they are not reported again.
void check_ddr4(const Ddr4Dram& d, Bytes channel, Bandwidth channel_bandwidth, const Report& report);

}  // namespace infsim::hw
