#include "cli/command.hpp"

#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>

#include "base/counts.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "cli/console.hpp"
#include "cli/table.hpp"
#include "explore/workers.hpp"

namespace infsim::cli {

namespace {

std::vector<std::string> option_names(const po::options_description& all) {
    std::vector<std::string> names;
    for (const auto& option : all.options()) names.push_back("--" + option->long_name());
    return names;
}

void print_help(const Syntax& syntax) {
    constexpr std::size_t kHelpWidth = 80;  // also of the options
    std::string about = syntax.about;
    std::replace(about.begin(), about.end(), '\n', ' ');
    std::cout << "usage: infsim " << syntax.usage << "\n\n"
              << wrapped(std::string(trim(about)), std::min(kHelpWidth, terminal_width())) << "\n";
    for (const auto& group : syntax.groups) std::cout << "\n" << group;
}

[[noreturn]] void usage_error(const Syntax& syntax, const std::string& option, const std::string& what) {
    throw InputError("", option, what + " (see infsim " + split(syntax.usage, ' ').front() + " --help)");
}

}  // namespace

std::optional<po::variables_map> parse(const Syntax& syntax, const Arguments& arguments) {
    po::options_description all;
    for (const auto& group : syntax.groups) all.add(group);
    po::options_description hidden;
    po::positional_options_description positional;
    if (!syntax.positional.empty()) {
        hidden.add_options()(syntax.positional.c_str(), po::value<std::vector<std::string>>());
        positional.add(syntax.positional.c_str(), syntax.positional_count);
    }
    po::options_description with_hidden;
    with_hidden.add(all).add(hidden).add(syntax.unlisted);
    // No guessing: with it, --spill would silently mean --spill_dis.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::variables_map values;
    try {
        po::store(po::command_line_parser(arguments).options(with_hidden).positional(positional).style(style).run(),
                  values);
        if (values.count("help") > 0) {
            print_help(syntax);
            return std::nullopt;
        }
        po::notify(values);
    } catch (const po::unknown_option& e) {
        usage_error(syntax, e.get_option_name(),
                    "there is no such option" + suggestion(e.get_option_name(), option_names(all)));
    } catch (const po::too_many_positional_options_error&) {
        usage_error(syntax, arguments.back(), "too many arguments: usage is infsim " + syntax.usage);
    } catch (const po::error_with_option_name& e) {
        usage_error(syntax, e.get_option_name(), e.what());
    } catch (const po::error& e) {
        usage_error(syntax, "", e.what());
    }
    return values;
}

int jobs_of(const po::variables_map& values, int otherwise, Console& console, Problems& problems) {
    constexpr std::int64_t most = 1024;
    const std::int64_t jobs = values.count("jobs") > 0 ? values["jobs"].as<std::int64_t>() : otherwise;
    if (const std::string wrong = problem_with(jobs, {1, most}); !wrong.empty()) {
        problems.add("", "--jobs", wrong);
        return 1;
    }
    std::string fewer;
    const int possible = explore::workers_within_limits(static_cast<int>(jobs), fewer);
    if (!fewer.empty()) console.note(fewer);
    return possible;
}

std::vector<std::string> columns_of(const po::variables_map& values, const std::vector<std::string>& known,
                                    const std::string& listed, Problems& problems) {
    if (values.count("columns") == 0) return {};
    for (const char* other : {"all", "layers", "json", "csv"})
        if (values.count(other) > 0) problems.add("", std::string("--") + other, "and --columns exclude each other");
    std::vector<std::string> names;
    for (const std::string& part : split(values["columns"].as<std::string>(), ',')) {
        names.emplace_back(trim(part));
        if (std::find(known.begin(), known.end(), names.back()) != known.end()) continue;
        const auto near = closest(names.back(), known);
        problems.add(
            "", "--columns",
            "there is no column '" + names.back() + "'" + (near ? "; did you mean '" + *near + "'?" : "; " + listed));
    }
    return names;
}

void add_columns_option(po::options_description& group, const char* which) {
    group.add_options()("columns", po::value<std::string>()->value_name("A,B,..."), which);
}

int processors() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

}  // namespace infsim::cli
