#include <algorithm>
#include <iostream>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/keys.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

int run_keys_command(const Arguments& arguments) {
    po::options_description output("Output");
    output.add_options()("markdown", "print a Markdown table");
    const Syntax syntax{
        "keys KIND [options]",
        "Lists every key of a kind of file with its type, range, default and meaning. KIND is chip, compiler, "
        "scenario or sweep. --set and axes take the keys of chips and compilers with the prefix 'chip.' or "
        "'compiler.'. serve --set takes the keys of scenarios; sweeps take them with the prefix 'scenario.'.",
        {output, common_group()},
        {},
        "kind",
        1};
    const auto values = parse(syntax, arguments);
    if (!values) return kDone;
    const Console console(*values);
    const std::vector<std::string> kinds(kKeyKinds.begin(), kKeyKinds.end());
    if (values->count("kind") == 0) throw InputError("", "KIND", "is missing: one of " + join(kinds, ", "));
    const std::string name = (*values)["kind"].as<std::vector<std::string>>().front();
    const auto kind = std::find(kinds.begin(), kinds.end(), name);
    if (kind == kinds.end())
        throw InputError("", "KIND", "there are no files of kind '" + name + "'" + suggestion(name, kinds));
    const auto lines = key_lines(static_cast<KeyKind>(kind - kinds.begin()));
    if (values->count("markdown") > 0) std::cout << key_markdown(lines);
    else
        std::cout << key_table(lines) << "\n"
                  << wrapped(
                         "Units: times ps, ns, us, ms, s; sizes B, kB, MB, GB, TB, KiB, MiB, GiB, TiB; rates the same "
                         "with /s; frequencies Hz, kHz, MHz, GHz; cycles as 64cycles.")
                  << "\n";
    return kDone;
}

}  // namespace infsim::cli
