#include "hw/read_ddr4.hpp"

#include <fmt/format.h>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace infsim::hw {

namespace {

const std::array<std::string, 4> kNames{"column", "bank_group", "bank", "row"};

bool power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

int log2_of(std::int64_t n) {
    int bits = 0;
    for (; n > 1; n /= 2) ++bits;
    return bits;
}

/// Bits of each kind that the geometry needs, in the order of kNames.
std::array<int, 4> wanted_bits(const Ddr4Dram& d, Bytes channel) {
    const int column = log2_of(d.row_bytes.count() / column_bytes(d).count());
    const int group = log2_of(d.bank_groups), bank = log2_of(d.banks_per_group);
    const int all = log2_of(channel.count() / column_bytes(d).count());
    return {column, group, bank, all - column - group - bank};
}

bool complete(const Ddr4Dram& d, Bytes channel) {
    return power_of_two(d.bank_groups) && power_of_two(d.banks_per_group) && power_of_two(d.row_bytes.count()) &&
           power_of_two(d.bus_bits) && power_of_two(channel.count()) && d.row_bytes >= column_bytes(d) &&
           channel.count() >= d.row_bytes.count() * d.bank_groups * d.banks_per_group;
}

struct Word {
    std::size_t kind = 0;
    std::optional<int> bits;
};

std::optional<Word> parse_word(const std::string& word, const Report& report) {
    const auto colon = word.find(':');
    const std::string name = word.substr(0, colon);
    Word parsed;
    while (parsed.kind < kNames.size() && kNames[parsed.kind] != name) ++parsed.kind;
    if (parsed.kind == kNames.size()) {
        report("address_map",
               fmt::format("'{}' is not a field; the fields are row, bank, column, bank_group, each with :BITS "
                           "if it is only a part",
                           word));
        return std::nullopt;
    }
    if (colon == std::string::npos) return parsed;
    int bits = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data() + colon + 1, end, bits);
    if (error != std::errc{} || stop != end || bits < 1 || bits > 40) {
        report("address_map", fmt::format("'{}': the bits must be from 1 to 40", word));
        return std::nullopt;
    }
    parsed.bits = bits;
    return parsed;
}

}  // namespace

std::vector<AddressField> parse_address_map(const std::string& text, const Ddr4Dram& d, Bytes channel,
                                            const Report& report) {
    if (!complete(d, channel)) return {};  // reported by check_ddr4
    std::vector<Word> words;
    for (const std::string& word : split(text, ' ')) {
        if (word.empty()) continue;
        const auto parsed = parse_word(word, report);
        if (!parsed) return {};
        words.insert(words.begin(), *parsed);  // the last word is the least significant
    }
    std::array<int, 4> left = wanted_bits(d, channel);
    for (const Word& w : words) left[w.kind] -= w.bits.value_or(0);
    std::vector<AddressField> map;
    for (const Word& w : words) {
        const int bits = w.bits ? *w.bits : std::exchange(left[w.kind], 0);
        if (bits > 0) map.push_back({static_cast<AddressField::Kind>(w.kind), bits});
    }
    const auto wanted = wanted_bits(d, channel);
    for (std::size_t kind = 0; kind < kNames.size(); ++kind)
        if (left[kind] != 0)
            report("address_map",
                   fmt::format("has {} bits of {}, and {} bank groups x {} banks of {}-byte rows in {} bytes of a "
                               "channel need {}",
                               wanted[kind] - left[kind], kNames[kind], d.bank_groups, d.banks_per_group,
                               d.row_bytes.count(), channel.count(), wanted[kind]));
    return map;
}

std::string address_map_text(const std::vector<AddressField>& map) {
    std::string text;
    for (auto field = map.rbegin(); field != map.rend(); ++field)
        text += (text.empty() ? "" : " ") + kNames[static_cast<std::size_t>(field->kind)] + ":" +
                std::to_string(field->bits);
    return text;
}

void check_ddr4(const Ddr4Dram& d, Bytes channel, Bandwidth channel_bandwidth, const Report& report) {
    const auto two = [&](const char* key, std::int64_t n) {
        if (n > 0 && !power_of_two(n)) report(key, fmt::format("must be a power of two, and is {}", n));
    };
    two("bus_bits", d.bus_bits);
    two("bank_groups", d.bank_groups);
    two("banks_per_group", d.banks_per_group);
    two("row_bytes", d.row_bytes.count());
    if (d.bank_groups * d.banks_per_group > 16)
        report("banks_per_group", fmt::format("makes {} banks with bank_groups; a channel has at most 16",
                                              d.bank_groups * d.banks_per_group));
    if (d.row_bytes.count() > 0 && d.bus_bits > 0 && d.row_bytes < column_bytes(d))
        report("row_bytes", fmt::format("is less than the {} bytes of one column access", column_bytes(d).count()));
    if (channel.count() > 0 && !power_of_two(channel.count()))
        report("address_map",
               fmt::format("maps {} bytes per channel (dram.capacity / dram.channels), which is not a power of two",
                           channel.count()));
    else if (d.row_bytes.count() > 0 && channel.count() > 0 &&
             channel.count() < d.row_bytes.count() * d.bank_groups * d.banks_per_group)
        report("row_bytes", fmt::format("times the banks is more than the {} bytes of a channel", channel.count()));
    const std::int64_t peak = d.clock.count() * 2 * d.bus_bits / 8;
    if (peak > 0 && channel_bandwidth.count() > 0 && peak != channel_bandwidth.count())
        report("clock", fmt::format("gives {} bytes/s with two edges and {} bits, but dram.channel_bandwidth is {}",
                                    peak, d.bus_bits, channel_bandwidth.count()));
    if (d.clock.count() > 0 && d.t_refi.count() > 0 && d.t_refi < d.t_rfc * 2)
        report("t_refi", "must be at least twice t_rfc, or refreshes leave no time for anything else");
    if (d.clock.count() > 0 && d.t_ccd_s.count() < kDdr4BurstLength / 2)
        report("t_ccd_s", "is less than the 4 cycles that the data of one column access take");
    if (d.t_ccd_l < d.t_ccd_s) report("t_ccd_l", "is less than t_ccd_s");
    if (d.t_rrd_l < d.t_rrd_s) report("t_rrd_l", "is less than t_rrd_s");
    if (d.t_wtr_l < d.t_wtr_s) report("t_wtr_l", "is less than t_wtr_s");
}

}  // namespace infsim::hw
