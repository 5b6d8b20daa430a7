// infsim schema: what JSON files look like, for editors and for programs that read them.
#include <functional>
#include <iostream>
#include <vector>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "flow/point/compiler_schema.hpp"
#include "flow/point/paths.hpp"
#include "record/columns.hpp"
#include "record/limits_record.hpp"
#include "record/schema.hpp"
#include "record/serving_record.hpp"

namespace infsim::cli {

namespace {

struct Kind {
    const char* name;
    const char* about;
    std::function<std::string()> text;  ///< empty: the file configs/schemas/NAME.schema.json
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {"chip", "input: a chip", {}},
        {"compiler", "input: a compiler profile", [] { return json::dump(flow::compiler_schema()) + "\n"; }},
        {"network", "input: a network as JSON", {}},
        {"sweep", "input: a sweep", {}},
        {"scenario", "input: a scenario of serving", {}},
        {"prices", "input: prices of chips", {}},
        {"calibration", "input: the constants of a chip that are free", {}},
        {"record", "output: a point, as in run --json, sweep --json and DIR/points/ID/record.json",
         [] { return json::dump(record::record_schema()) + "\n"; }},
        {"limits", "output: limits --json", {}},
        {"limits_row", "output: a cell of a sweep with \"measure\": \"limits\"",
         [] { return json::dump(record::schema_of("infsim limits of a cell", record::limits_columns())) + "\n"; }},
        {"serving", "output: a scenario, as in serve --json and in sweeps of scenarios",
         [] { return json::dump(record::schema_of("infsim served load", record::serving_columns())) + "\n"; }},
        {"table", "output: table.columns.json beside a table", {}},
    };
    return all;
}

std::string list_of_kinds() {
    std::string text = "\nKINDs:\n";
    for (const Kind& kind : kinds())
        text += "  " + std::string(kind.name) + std::string(13 - std::string(kind.name).size(), ' ') + kind.about + "\n";
    return text;
}

std::string file_text(const std::string& name) {
    Problems problems;
    const auto text = read_file(flow::schema_path(name), problems);
    problems.throw_if_any();
    return *text;
}

}  // namespace

int run_schema_command(const Arguments& arguments) {
    const Syntax syntax{"schema KIND",
                        "Prints the JSON schema (2020-12) of a kind of file. The readers are the authority: they also check\n"
                        "what a schema cannot say, such as ranges of quantities and what must fit together.\n" +
                            list_of_kinds(),
                        {common_group()},
                        {},
                        "kind",
                        1};
    const auto values = parse(syntax, arguments);
    if (!values) return kDone;
    const Console console(*values);
    if (values->count("kind") == 0) throw InputError("", "KIND", "is missing: infsim schema --help lists them");
    const std::string wanted = (*values)["kind"].as<std::vector<std::string>>().front();
    std::vector<std::string> names;
    for (const Kind& kind : kinds()) {
        names.emplace_back(kind.name);
        if (wanted != kind.name) continue;
        std::cout << (kind.text ? kind.text() : file_text(wanted));
        return kDone;
    }
    throw InputError("", wanted, "is no kind of file" + suggestion(wanted, names) + "; infsim schema --help lists them");
}

}  // namespace infsim::cli
