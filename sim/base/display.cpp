#include "base/display.hpp"

#include <algorithm>

namespace infsim {

namespace {

bool begins_character(char byte) {
    constexpr unsigned char kKind = 0xC0, kContinuation = 0x80;
    return (static_cast<unsigned char>(byte) & kKind) != kContinuation;
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\x1b[") i = std::min(text.find('m', i), text.size() - 1);
        else if (begins_character(text[i])) ++width;
    }
    return width;
}

std::string cut_to_width(std::string_view text, std::size_t most) {
    std::size_t width = 0, end = 0;
    while (end < text.size() && (!begins_character(text[end]) || ++width <= most)) ++end;
    return std::string(text.substr(0, end));
}

}  // namespace infsim
