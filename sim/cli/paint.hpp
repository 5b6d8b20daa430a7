// Colours of output for people.
#pragma once

#include <string>

namespace infsim::cli {

/// The meaning of a colour.
enum class Ink {
    plain,
    good,     ///< the answer
    warning,  ///< no answer here, or one to take with care
    bad,      ///< failed, wrong
};

/// Puts colours around text, or leaves it alone.
class Paint {
public:
    Paint() = default;
    explicit Paint(bool on) : on_(on) {}
    bool on() const { return on_; }
    /// Text of one line.
    std::string operator()(Ink ink, const std::string& text) const;

private:
    bool on_ = false;
};

enum class ColourChoice { automatic, always, never };

/// The surroundings of a stream.
struct Surroundings {
    bool terminal = false;
    std::string no_color, term;  ///< NO_COLOR and TERM; empty if not set
};
Surroundings surroundings_of(int file);

/// Whether a stream gets colours: always, never, or if it is a terminal other than "dumb" and NO_COLOR is not set
/// (https://no-color.org).
bool wants_colour(ColourChoice choice, const Surroundings& of);
/// Whether a line on the stream can be redrawn.
bool can_redraw(const Surroundings& of);

}  // namespace infsim::cli
