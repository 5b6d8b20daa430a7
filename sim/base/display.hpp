// How wide text is where people read it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace infsim {

/// Characters that a terminal shows: a character of UTF-8 counts once, a colour (ESC [ ... m) not at all.
std::size_t display_width(std::string_view text);

/// The text without what is behind `most` characters. It must hold no colours.
std::string cut_to_width(std::string_view text, std::size_t most);

}  // namespace infsim
