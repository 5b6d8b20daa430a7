#include "cli/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/table.hpp"

namespace infsim::cli {

namespace {

ColourChoice choice_of(const po::variables_map& values) {
    const std::string word = values.count("color") > 0 ? values["color"].as<std::string>() : "auto";
    if (word == "auto") return ColourChoice::automatic;
    if (word == "always") return ColourChoice::always;
    if (word == "never") return ColourChoice::never;
    throw InputError("", "--color", "must be auto, always or never, and is '" + word + "'");
}

explore::Progress::Form form_of(const po::variables_map& values) {
    using Form = explore::Progress::Form;
    if (values.count("quiet") > 0) return Form::silent;
    return can_redraw(surroundings_of(STDERR_FILENO)) ? Form::line : Form::log;
}

}  // namespace

Console::Console(const po::variables_map& values)
    : paint_(wants_colour(choice_of(values), surroundings_of(STDOUT_FILENO))),
      error_paint_(wants_colour(choice_of(values), surroundings_of(STDERR_FILENO))),
      progress_(std::cerr, form_of(values), terminal_width(STDERR_FILENO)) {}

void Console::note(const std::string& line) { progress_.note(message_for(STDERR_FILENO, line)); }

void Console::error(const std::string& line) {
    progress_.finish();
    const std::string text = message_for(STDERR_FILENO, line);
    const std::size_t colon = std::min(text.find(':'), text.size());
    std::cerr << error_paint_(Ink::bad, text.substr(0, colon)) << text.substr(colon) << "\n";
}

po::options_description common_group() {
    po::options_description group("Common");
    // clang-format off
    group.add_options()
        ("quiet,q", "print no progress and no notices, only errors")
        ("color", po::value<std::string>()->value_name("WHEN"),
         "colours: auto (default: on a terminal, unless NO_COLOR is set or TERM is dumb), always or never")
        ("help,h", "print this and exit");
    // clang-format on
    return group;
}

}  // namespace infsim::cli
