#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace infsim::cli {

namespace {
bool numeric(const std::string& cell) {
    return cell == "-" || (!cell.empty() && cell.find_first_not_of("0123456789.+-e%kMGTB ") == std::string::npos &&
                           cell.find_first_of("0123456789") != std::string::npos);
}
}  // namespace

std::string Table::text() const {
    std::vector<std::size_t> width(rows_[0].size());
    std::vector<bool> right(rows_[0].size(), rows_.size() > 1);
    for (std::size_t r = 0; r < rows_.size(); ++r)
        for (std::size_t c = 0; c < rows_[r].size(); ++c) {
            width[c] = std::max(width[c], rows_[r][c].size());
            if (r > 0 && !rows_[r][c].empty() && !numeric(rows_[r][c])) right[c] = false;
        }
    std::string text;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c)
            line += right[c] ? fmt::format("{:>{}}  ", row[c], width[c]) : fmt::format("{:<{}}  ", row[c], width[c]);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string Table::body() const {
    const std::string all = text();
    return all.substr(all.find('\n') + 1);
}

std::string fixed(double x, int digits) { return fmt::format("{:.{}f}", x, digits); }
std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string megabytes(double bytes) {
    if (bytes >= 1e6) return fmt::format("{:.1f} MB", bytes / 1e6);
    if (bytes >= 1e3) return fmt::format("{:.1f} kB", bytes / 1e3);
    return fmt::format("{:.0f} B", bytes);
}

}  // namespace infsim::cli
