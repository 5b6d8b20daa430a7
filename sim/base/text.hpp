// Text and file helpers for all readers and writers of the project.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problems.hpp"

namespace infsim {

/// Numbers as std::to_chars prints them: shortest text that reads back the same, on every host.
std::string number_text(std::int64_t n);
std::string number_text(double x);

/// The parts between separators; "" gives one empty part.
std::vector<std::string> split(std::string_view text, char separator);
/// The text without leading and trailing blanks.
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// Levenshtein distance: insertions, deletions and substitutions of one character.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate most likely meant by `name`: within a third of its length, the first on a tie.
std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates);
/// "; did you mean 'x'?" or, without a likely candidate, "; known are a, b, c". For unknown names of all
/// kinds.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

/// 1-based position of a byte offset in a text.
struct TextPlace {
    std::size_t line = 1, column = 1;
};
TextPlace line_and_column(std::string_view text, std::size_t offset);

/// The whole file; on failure adds the reason to `problems` and returns empty.
std::optional<std::string> read_file(const std::string& path, Problems& problems);
/// Writes to a temporary name in the same folder and renames, so that a reader sees the old file or the new
/// one, never half a file. The folder must exist. Throws InputError naming the path and the system's
/// reason.
void write_file_atomic(const std::string& path, std::string_view content);

}  // namespace infsim
