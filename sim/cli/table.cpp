#include "cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/display.hpp"
#include "base/text.hpp"

namespace infsim::cli {

namespace {
bool numeric(const std::string& cell) {
    return cell == "-" || (!cell.empty() && cell.find_first_not_of("0123456789.+-e%kMGTB ") == std::string::npos &&
                           cell.find_first_of("0123456789") != std::string::npos);
}

/// The words of a text; a number and its percent sign are one word.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (std::string& word : split(text, ' ')) {
        if (!words.empty() && !word.empty() && word.front() == '%') words.back() += " " + word;
        else words.push_back(std::move(word));
    }
    return words;
}

/// Words in lines of `width`; all lines but the first are indented by `indent` blanks.
std::string folded(const std::string& text, std::size_t width, std::size_t indent) {
    std::string lines;
    std::size_t used = 0;
    for (const std::string& word : words_of(text)) {
        const std::size_t length = display_width(word);
        const bool next = used > 0 && used + 1 + length > width;
        lines += next ? "\n" + std::string(indent, ' ') : used > 0 ? " " : "";
        used = next ? length : used + (used > 0 ? 1 : 0) + length;
        lines += word;
    }
    return lines;
}

/// How many columns from the left fit into `most` characters; at least one.
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

std::size_t terminal_width(int file) {
    constexpr std::size_t kUsual = 100, kLeast = 20, kMost = 10'000;
    if (::isatty(file) == 0) return kUsual;
    std::size_t columns = 0;
    const char* asked = std::getenv("COLUMNS");
    const std::string_view text = asked == nullptr ? "" : asked;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
    if (error == std::errc{} && end == text.data() + text.size() && columns >= kLeast && columns <= kMost)
        return columns;
    winsize size{};
    if (::ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
    return std::max<std::size_t>(size.ws_col, kLeast);
}

/// The layout of a table.
struct Table::Layout {
    std::vector<std::size_t> width;
    std::vector<bool> right;  ///< numbers
    std::size_t before = 0;   ///< characters before the last column
    std::size_t columns = 0;  ///< number of columns that fit side by side
    bool folds = false;       ///< the last column wraps into further lines
    bool below = false;       ///< the last column stands below the others
};

Table::Layout Table::layout(std::size_t most) const {
    const std::size_t count = rows_[0].cells.size();
    Layout l;
    l.width.resize(count);
    l.right.assign(count, rows_.size() > 1);
    for (std::size_t r = 0; r < rows_.size(); ++r)
        for (std::size_t c = 0; c < rows_[r].cells.size(); ++c) {
            const std::string& cell = rows_[r].cells[c];
            l.width[c] = std::max(l.width[c], display_width(cell));
            if (r > 0 && !cell.empty() && !numeric(cell)) l.right[c] = false;
        }
    const std::size_t last = count - 1;
    for (std::size_t c = 0; c < last; ++c) l.before += l.width[c] + 2;
    // A last column of text wraps if it still has some room; otherwise it stands below.
    constexpr std::size_t kNarrowest = 24, kOthers = 2;
    const bool long_text = !l.right[last] && l.before + l.width[last] > most && l.width[last] >= kNarrowest;
    l.folds = long_text && l.before + kNarrowest <= most;
    l.below = long_text && !l.folds && count > kOthers;
    if (l.below) l.columns = columns_within({l.width.begin(), l.width.end() - 1}, most);
    else l.columns = l.folds ? count : columns_within(l.width, most);
    return l;
}

/// A row as lines, without line ends.
std::string Table::lines_of(const Row& row, const Layout& l, std::size_t most) {
    constexpr std::size_t kIndent = 4;
    const std::size_t last = l.width.size() - 1;
    std::string line;
    for (std::size_t c = 0; c < l.columns; ++c) {
        const std::string cell = l.folds && c == last ? folded(row.cells[c], most - l.before, l.before) : row.cells[c];
        const std::string blanks(l.width[c] - std::min(l.width[c], display_width(cell)), ' ');
        line += (l.right[c] ? blanks + cell : cell + blanks) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (!l.below || row.cells[last].empty()) return line;
    return line + "\n" + std::string(kIndent, ' ') + folded(row.cells[last], most - kIndent, kIndent);
}

std::string Table::text(const Paint& paint, std::size_t most) const {
    const Layout l = layout(most);
    std::string text;
    for (const Row& row : rows_)
        for (const std::string& line : split(lines_of(row, l, most), '\n')) text += paint(row.ink, line) + "\n";
    const auto& names = rows_[0].cells;
    std::vector<std::string> left_out;
    for (std::size_t c = l.columns; c + (l.below ? 1 : 0) < names.size(); ++c)
        if (!names[c].empty()) left_out.push_back(names[c]);
    if (left_out.empty()) return text;
    return text + wrapped("(no room for: " + join(left_out, ", ") + ")", most) + "\n";
}

std::string Table::body(const Paint& paint, std::size_t most) const {
    const std::string all = text(paint, most);
    const std::string names = lines_of(rows_[0], layout(most), most);
    return all.substr(names.size() + 1);
}

std::string Footnotes::mark(const std::string& text) {
    auto at = std::find(texts_.begin(), texts_.end(), text);
    if (at == texts_.end()) at = texts_.insert(texts_.end(), text);
    return fmt::format("[{}]", at - texts_.begin() + 1);
}

std::string Footnotes::text(std::size_t most) const {
    std::string lines;
    for (std::size_t i = 0; i < texts_.size(); ++i)
        lines += wrapped(fmt::format("[{}] {}", i + 1, texts_[i]), most) + "\n";
    return lines;
}

std::string wrapped(const std::string& text, std::size_t most) {
    constexpr std::size_t kIndent = 2;
    return folded(text, most - kIndent, kIndent);
}

std::string folded_lines(const std::string& lines, std::size_t most) {
    constexpr std::size_t kIndent = 2;
    std::vector<std::string> result;
    for (const std::string& line : split(lines, '\n')) {
        const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size()), indent = blanks + kIndent;
        const bool fits = display_width(line) <= most || indent >= most;
        result.push_back(fits ? line : line.substr(0, blanks) + folded(line.substr(blanks), most - indent, indent));
    }
    return join(result, "\n");
}

std::string message_for(int file, const std::string& lines) {
    return ::isatty(file) == 0 ? lines : folded_lines(lines, terminal_width(file));
}

std::string fixed(double x, int digits) { return fmt::format("{:.{}f}", x, digits); }
std::string rate_text(double per_second) {
    return fmt::format("{:.{}f}", per_second, per_second < 100 ? 2 : per_second < 10'000 ? 1 : 0);
}

std::string rounded(double x) { return std::abs(x) >= 1e5 ? fixed(x, 0) : fmt::format("{:.5g}", x); }

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
