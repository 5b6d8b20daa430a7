// The manual of the keys of chip, compiler, scenario and sweep files. Types, ranges and defaults are those that the
// readers of the files ask for; what a key means is written here.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/key_log.hpp"

namespace infsim::cli {

enum class KeyKind { chip, compiler, scenario, sweep };
constexpr std::array<const char*, 4> kKeyKinds{"chip", "compiler", "scenario", "sweep"};  ///< in the order of KeyKind

/// What a key means. `type` and `otherwise` are of keys whose reader does not tell: a value of several kinds, a bound
/// that depends on other keys, a default that is set elsewhere.
struct KeyMeaning {
    std::string key;  ///< "dma.core_bandwidth", "axes[].values"
    std::string meaning;
    std::string type = {}, otherwise = {};
    bool elsewhere = false;  ///< read by something that keeps no log, or a group of keys as well
};

/// A line of the manual. `otherwise`: what holds where the key is left out, "required" where it may not be.
struct KeyLine {
    std::string key, type, otherwise, meaning;
};

/// Meanings of the keys of a kind, in the manual's order.
std::vector<KeyMeaning> chip_meanings();
std::vector<KeyMeaning> scenario_meanings();
std::vector<KeyMeaning> sweep_meanings();
std::vector<KeyMeaning> meanings_of(KeyKind kind);

/// What the readers ask of a file of that kind with every key in it; keys as in KeyMeaning, groups left out. Throws
/// InputError where a file of configs/ that this needs cannot be read.
std::vector<json::AskedKey> asked_keys(KeyKind kind);

/// What is wrong with the meanings: keys without one, meanings of keys that nobody asks for, keys without a type.
/// Sentences; none where all is well.
std::vector<std::string> gaps(const std::vector<json::AskedKey>& asked, const std::vector<KeyMeaning>& meanings);

/// The manual, in the order of the meanings.
std::vector<KeyLine> key_lines(KeyKind kind);
/// As a table for people, or of Markdown.
std::string key_table(const std::vector<KeyLine>& lines);
std::string key_markdown(const std::vector<KeyLine>& lines);

}  // namespace infsim::cli
