#include "cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.hpp"

namespace infsim::cli {

namespace {
bool numeric(const std::string& cell) {
    return cell == "-" || (!cell.empty() && cell.find_first_not_of("0123456789.+-e%kMGTB ") == std::string::npos &&
                           cell.find_first_of("0123456789") != std::string::npos);
}

/// The words of a text; a number and its per cent are one.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (std::string& word : split(text, ' ')) {
        if (!words.empty() && !word.empty() && word.front() == '%') words.back() += " " + word;
        else words.push_back(std::move(word));
    }
    return words;
}

/// Words in lines of `width`, each but the first behind `indent` blanks.
std::string folded(const std::string& text, std::size_t width, std::size_t indent) {
    std::string lines;
    std::size_t used = 0;
    for (const std::string& word : words_of(text)) {
        const bool next = used > 0 && used + 1 + word.size() > width;
        lines += next ? "\n" + std::string(indent, ' ') : used > 0 ? " " : "";
        used = next ? word.size() : used + (used > 0 ? 1 : 0) + word.size();
        lines += word;
    }
    return lines;
}

/// How many columns from the left go into `most` characters; never less than one.
std::size_t columns_within(const std::vector<std::size_t>& width, std::size_t most) {
    std::size_t used = 0, columns = 0;
    for (const std::size_t w : width) {
        used += w + (columns == 0 ? 0 : 2);
        if (columns > 0 && used > most) break;
        ++columns;
    }
    return columns;
}

}  // namespace

std::size_t terminal_width() {
    constexpr std::size_t kUsual = 100, kLeast = 20, kMost = 10'000;
    if (::isatty(STDOUT_FILENO) == 0) return kUsual;
    std::size_t columns = 0;
    const char* asked = std::getenv("COLUMNS");
    const std::string_view text = asked == nullptr ? "" : asked;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
    if (error == std::errc{} && end == text.data() + text.size() && columns >= kLeast && columns <= kMost)
        return columns;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
    return std::max<std::size_t>(size.ws_col, kLeast);
}

std::string Table::text(std::size_t most) const {
    std::vector<std::size_t> width(rows_[0].size());
    std::vector<bool> right(rows_[0].size(), rows_.size() > 1);
    for (std::size_t r = 0; r < rows_.size(); ++r)
        for (std::size_t c = 0; c < rows_[r].size(); ++c) {
            width[c] = std::max(width[c], rows_[r][c].size());
            if (r > 0 && !rows_[r][c].empty() && !numeric(rows_[r][c])) right[c] = false;
        }
    const std::size_t last = width.size() - 1;
    std::size_t before = 0;
    for (std::size_t c = 0; c < last; ++c) before += width[c] + 2;
    // A last column of text goes on in further lines where it still has some room.
    constexpr std::size_t kNarrowest = 24;
    const bool folds = !right[last] && before + width[last] > most && before + kNarrowest <= most;
    const std::size_t columns = folds ? width.size() : columns_within(width, most);
    std::string text;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t c = 0; c < columns; ++c) {
            const std::string cell = folds && c == last ? folded(row[c], most - before, before) : row[c];
            line += right[c] ? fmt::format("{:>{}}  ", cell, width[c]) : fmt::format("{:<{}}  ", cell, width[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    if (columns == width.size()) return text;
    std::vector<std::string> left_out(rows_[0].begin() + static_cast<std::ptrdiff_t>(columns), rows_[0].end());
    return text + "(no room for: " + join(left_out, ", ") + ")\n";
}

std::string Table::body(std::size_t most) const {
    const std::string all = text(most);
    return all.substr(all.find('\n') + 1);
}

std::string wrapped(const std::string& text, std::size_t most) {
    constexpr std::size_t kIndent = 2;
    return folded(text, most - kIndent, kIndent);
}

std::string fixed(double x, int digits) { return fmt::format("{:.{}f}", x, digits); }
std::string rate_text(double per_second) {
    return fmt::format("{:.{}f}", per_second, per_second < 100 ? 2 : per_second < 10'000 ? 1 : 0);
}

std::string signed_percent(double share) { return fmt::format("{:+.1f} %", 100 * share); }

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string efficiency_text(const std::optional<double>& efficiency) {
    return efficiency ? fmt::format("{:.2g}", *efficiency) : "-";
}

std::string megabytes(double bytes) {
    if (bytes >= 1e6) return fmt::format("{:.1f} MB", bytes / 1e6);
    if (bytes >= 1e3) return fmt::format("{:.1f} kB", bytes / 1e3);
    return fmt::format("{:.0f} B", bytes);
}

}  // namespace infsim::cli
