#include "cli/passes_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace infsim::cli {

namespace {

constexpr std::size_t kColumns = 100;

struct Row {
    std::string name, milliseconds, text;
};

std::string milliseconds(double seconds) { return fmt::format("{:.2f}", 1e3 * seconds); }

std::vector<Row> rows_of(const std::vector<compiler::PassReport>& passes) {
    std::vector<Row> rows{{"pass", "ms", "what it did"}};
    double sum = 0;
    for (const compiler::PassReport& pass : passes) {
        rows.push_back({pass.pass, milliseconds(pass.seconds), pass.summary});
        sum += pass.seconds;
        for (const compiler::Attempt& attempt : pass.attempts)
            rows.push_back({(attempt.step ? "    " : "  ") + attempt.name, milliseconds(attempt.seconds),
                            (attempt.taken ? "* " : "  ") + attempt.detail});
    }
    rows.push_back({"all", milliseconds(sum), ""});
    return rows;
}

std::string cut(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    if (line.size() <= kColumns) return line;
    return line.substr(0, kColumns - 3) + "...";
}

}  // namespace

std::string passes_text(const std::vector<compiler::PassReport>& passes) {
    const std::vector<Row> rows = rows_of(passes);
    std::size_t name = 0, time = 0;
    for (const Row& row : rows) {
        name = std::max(name, row.name.size());
        time = std::max(time, row.milliseconds.size());
    }
    std::string text;
    for (const Row& row : rows)
        text += cut(fmt::format("{:<{}}  {:>{}}  {}", row.name, name, row.milliseconds, time, row.text)) + "\n";
    return text;
}

}  // namespace infsim::cli
