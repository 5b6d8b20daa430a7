// infsim schema: JSON schemas of files, for editors and for programs that read them.
#include <functional>
#include <iostream>
#include <vector>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/table.hpp"
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
    bool is_input;  ///< otherwise infsim writes it
    const char* about;
    std::function<std::string()> text;  ///< empty: the file configs/schemas/NAME.schema.json
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {"chip", true, "a chip", {}},
        {"compiler", true, "a compiler profile", [] { return json::dump(flow::compiler_schema()) + "\n"; }},
        {"network", true, "a network as JSON", {}},
        {"sweep", true, "a sweep", {}},
        {"scenario", true, "a scenario of serving", {}},
        {"prices", true, "a list of prices of chips", {}},
        {"calibration", true, "the free constants of a calibration", {}},
        {"record", false, "a point, as in run --json, sweep --json and DIR/points/ID/record.json",
         [] { return json::dump(record::record_schema()) + "\n"; }},
        {"limits", false, "limits --json", {}},
        {"limits_row", false, "a cell of a sweep with \"measure\": \"limits\"",
         [] { return json::dump(record::schema_of("infsim limits of a cell", record::limits_columns())) + "\n"; }},
        {"serving", false, "a scenario, as in serve --json and in sweeps of scenarios",
         [] { return json::dump(record::schema_of("infsim served load", record::serving_columns())) + "\n"; }},
        {"table", false, "table.columns.json beside a table", {}},
    };
    return all;
}

std::string list_of_kinds() {
    Table table({"kind", "file", "what it describes"});
    for (const Kind& kind : kinds()) table.add({kind.name, kind.is_input ? "input" : "output", kind.about});
    return table.text();
}

std::string file_text(const std::string& name) {
    Problems problems;
    const auto text = read_file(flow::schema_path(name), problems);
    problems.throw_if_any();
    return *text;
}

}  // namespace

int run_schema_command(const Arguments& arguments) {
    const Syntax syntax{
        "schema [KIND]",
        "Prints the JSON schema (2020-12) of a kind of file; without KIND, lists the kinds. The readers are "
        "authoritative: they also check what a schema cannot express, such as ranges of quantities and consistency "
        "between members.",
        {common_group()},
        {},
        "kind",
        1};
    const auto values = parse(syntax, arguments);
    if (!values) return kDone;
    const Console console(*values);
    if (values->count("kind") == 0) {
        std::cout << list_of_kinds();
        return kDone;
    }
    const std::string wanted = (*values)["kind"].as<std::vector<std::string>>().front();
    std::vector<std::string> names;
    for (const Kind& kind : kinds()) {
        names.emplace_back(kind.name);
        if (wanted != kind.name) continue;
        std::cout << (kind.text ? kind.text() : file_text(wanted));
        return kDone;
    }
    throw InputError("", wanted, "is not a kind of file" + suggestion(wanted, names) + "; infsim schema lists them");
}

}  // namespace infsim::cli
