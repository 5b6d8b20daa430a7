// The manual of the keys of chip, compiler, scenario and sweep files. Types, ranges and defaults come from the readers
// of the files; meanings are written here.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/key_log.hpp"

namespace infsim::cli {

enum class KeyKind { chip, compiler, scenario, sweep };
constexpr std::array<const char*, 4> kKeyKinds{"chip", "compiler", "scenario", "sweep"};  ///< in the order of KeyKind

/// The meaning of a key. `type` and `otherwise` are set if the reader cannot tell them: a value of several kinds, a
/// bound that depends on other keys, a default that is set elsewhere.
struct KeyMeaning {
    std::string key;  ///< "dma.core_bandwidth", "axes[].values"
    std::string meaning;
    std::string type = {}, otherwise = {};
    bool elsewhere = false;  ///< read by code that keeps no log, or also a group of keys
};

/// A line of the manual. `otherwise`: the value if the key is left out; "required" if it must not be.
struct KeyLine {
    std::string key, type, otherwise, meaning;
};

/// Meanings of the keys of a kind, in the manual's order.
std::vector<KeyMeaning> chip_meanings();
std::vector<KeyMeaning> scenario_meanings();
std::vector<KeyMeaning> sweep_meanings();
std::vector<KeyMeaning> meanings_of(KeyKind kind);

/// The keys that the readers request from a file of that kind with every key in it; names as in KeyMeaning, without
/// groups. Throws InputError if a required file of configs/ cannot be read.
std::vector<json::AskedKey> asked_keys(KeyKind kind);

/// What is wrong with the meanings: keys without one, meanings of keys that no reader requests, keys without a type.
/// One sentence each; empty if all is well.
std::vector<std::string> gaps(const std::vector<json::AskedKey>& asked, const std::vector<KeyMeaning>& meanings);

/// The manual, in the order of the meanings.
std::vector<KeyLine> key_lines(KeyKind kind);
/// As a table for people, or in Markdown.
std::string key_table(const std::vector<KeyLine>& lines);
std::string key_markdown(const std::vector<KeyLine>& lines);

}  // namespace infsim::cli
