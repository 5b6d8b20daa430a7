#include "cli/paint.hpp"

#include <unistd.h>

#include <cstdlib>

namespace infsim::cli {

namespace {

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

const char* code_of(Ink ink) {
    switch (ink) {
        case Ink::plain: break;
        case Ink::good: return "\x1b[32m";
        case Ink::warning: return "\x1b[33m";
        case Ink::bad: return "\x1b[31m";
    }
    return "";
}

}  // namespace

std::string Paint::operator()(Ink ink, const std::string& text) const {
    if (!on_ || ink == Ink::plain || text.empty()) return text;
    return code_of(ink) + text + "\x1b[0m";
}

Surroundings surroundings_of(int file) { return {::isatty(file) != 0, environment("NO_COLOR"), environment("TERM")}; }

bool can_redraw(const Surroundings& of) { return of.terminal && of.term != "dumb"; }

bool wants_colour(ColourChoice choice, const Surroundings& of) {
    if (choice != ColourChoice::automatic) return choice == ColourChoice::always;
    return can_redraw(of) && of.no_color.empty();
}

}  // namespace infsim::cli
