// Private to hw: consistency checks of the `ddr4` model of a chip file.
#pragma once

#include <functional>
#include <string>

#include "hw/spec.hpp"

namespace infsim::hw {

/// Reports a problem in the model: its key, and what is wrong.
using Report = std::function<void(const std::string& key, const std::string& what)>;

/// Parses an address map, most significant field first: "row bank column:5 bank_group column:2". A field without a
/// number takes all bits of its kind in the geometry of `d` that no other field took. `channel`: bytes of a channel.
/// Reports fields that do not exist and bits that do not add up.
std::vector<AddressField> parse_address_map(const std::string& text, const Ddr4Dram& d, Bytes channel,
                                            const Report& report);

/// Back to text, every field with its number of bits.
std::string address_map_text(const std::vector<AddressField>& map);

/// Checks that the geometry is a power of two, that the clock gives `channel_bandwidth`, and that the intervals leave
/// time between refreshes. `d` may hold zeros for numbers that were missing or wrong; they are not reported again.
void check_ddr4(const Ddr4Dram& d, Bytes channel, Bandwidth channel_bandwidth, const Report& report);

}  // namespace infsim::hw
