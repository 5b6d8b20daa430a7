#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/table.hpp"
#include "flow/point/point.hpp"
#include "report/page.hpp"

namespace infsim::cli {

namespace {

namespace fs = std::filesystem;

Syntax syntax() {
    po::options_description output("Output");
    output.add_options()("out,o", po::value<std::string>()->value_name("FILE"),
                         "file to write the page to (default report.html)");
    return {"report DIR... [-o report.html]",
            "Writes one self-contained HTML file that opens from disk: the answer in sentences, linked charts, the\n"
            "table. DIR is the folder of a sweep, of a sweep of scenarios or of 'serve', or a file with the output of\n"
            "'limits --json' or 'serve --json'. Several of them become sections and are compared.",
            {output, common_group()},
            {},
            "folder",
            -1};
}

/// The built page, next to the executable or where it is installed. If there is none, the error says what is missing.
std::string built_page() {
    std::error_code ignored;
    const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& place : {folder, folder.parent_path() / "share/infsim"}) {
        Problems missing;
        if (auto page = read_file((place / "report_page/page.html").string(), missing)) return std::move(*page);
    }
    throw InputError("", "report",
                     "this infsim was built without the page, because npm was missing or could not reach its registry: "
                     "install nodejs and npm and build again (cmake --build BUILD --target report_page)");
}

/// Checks, before any work, that the output can be written and is a regular file.
void check_output(const std::string& path) {
    std::error_code error;
    const fs::path folder = fs::path(path).parent_path();
    if (path.empty()) throw InputError("", "--out", "must name a file");
    if (fs::is_directory(path, error)) throw InputError(path, "", "is a folder; --out names the file of the page");
    if (!folder.empty() && !fs::is_directory(folder, error))
        throw InputError(path, "", "the folder " + folder.string() + " does not exist");
    if (fs::exists(path, error) && !fs::is_regular_file(path, error))
        throw InputError(path, "", "is not a regular file, so the page cannot replace it");
}

std::string size_text(std::size_t bytes) { return megabytes(static_cast<double>(bytes)); }

}  // namespace

int run_report_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    const Console console(*values);
    if (values->count("folder") == 0) throw InputError("", "DIR", "is missing");
    const std::string out = values->count("out") > 0 ? (*values)["out"].as<std::string>() : "report.html";
    check_output(out);
    const std::string page = built_page();
    std::vector<report::Source> sources;
    Problems problems;
    for (const std::string& path : (*values)["folder"].as<std::vector<std::string>>())
        for (report::Source& source : report::read_sources(path, problems)) sources.push_back(std::move(source));
    problems.throw_if_any();
    const std::string version =
        "infsim " INFSIM_VERSION ", results epoch " + number_text(std::int64_t{flow::kResultsEpoch});
    const std::string text = report::make_page(page, sources, version);
    write_file_atomic(out, text);
    if (values->count("quiet") > 0) return kDone;
    std::cout << out << ": " << sources.size() << (sources.size() == 1 ? " section, " : " sections, ")
              << size_text(text.size()) << "\n";
    return kDone;
}

}  // namespace infsim::cli
