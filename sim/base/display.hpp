// The width of text on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace infsim {

/// Characters that a terminal shows: a character of UTF-8 counts once, a colour (ESC [ ... m) not at all.
std::size_t display_width(std::string_view text);

/// The first `most` characters of the text, which must not contain colours.
std::string cut_to_width(std::string_view text, std::size_t most);

}  // namespace infsim
