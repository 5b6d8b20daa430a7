// Colours of what is printed for people.
#pragma once

#include <string>

namespace infsim::cli {

/// What a colour says.
enum class Ink {
    plain,
    good,     ///< the answer
    warning,  ///< no answer here, or one to be taken with care
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

/// What the surroundings say of a stream.
struct Surroundings {
    bool terminal = false;
    std::string no_color, term;  ///< NO_COLOR and TERM; empty where they are not set
};
Surroundings surroundings_of(int file);

/// Whether it understands colours and is to have them: always, never, or on terminals other than the dumb one, where
/// NO_COLOR is not set (https://no-color.org).
bool wants_colour(ColourChoice choice, const Surroundings& of);
/// Whether a line on it can be drawn again.
bool can_redraw(const Surroundings& of);

}  // namespace infsim::cli
