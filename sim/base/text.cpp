#include "base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <numeric>

#include "base/atomic_file.hpp"

namespace infsim {
namespace {
template <class Number>
std::string to_chars_text(Number n) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, n).ptr;
    return {buffer, end};
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;
}  // namespace

std::string number_text(std::int64_t n) { return to_chars_text(n); }
std::string number_text(double x) { return to_chars_text(x); }

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (const std::string& part : parts) {
        if (&part != &parts.front()) text += separator;
        text += part;
    }
    return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
        }
    }
    return row[b.size()];
}

std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates) {
    const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
    const std::string* best = nullptr;
    std::size_t best_distance = limit + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best = &candidate;
            best_distance = distance;
        }
    }
    if (!best) return std::nullopt;
    return *best;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
    if (const auto near = closest(name, candidates)) return "; did you mean '" + *near + "'?";
    if (candidates.empty()) return "; none is known here";
    return "; known are " + join(candidates, ", ");
}

TextPlace line_and_column(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto newline = before.rfind('\n');
    TextPlace place;
    place.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    place.column = 1 + (newline == std::string_view::npos ? before.size() : before.size() - newline - 1);
    return place;
}

std::optional<std::string> read_file(const std::string& path, Problems& problems) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {  // fopen would open it, and only fread would fail
        problems.add(path, "", "is a folder, not a file");
        return std::nullopt;
    }
    // Opened non-blocking, since a pipe would wait for its writer; endless files are not read either.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const File file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "rb"));
    struct stat status {};
    if (!file || ::fstat(descriptor, &status) != 0) {
        problems.add(path, "", std::string("cannot be read: ") + std::strerror(errno));
        return std::nullopt;
    }
    if (!S_ISREG(status.st_mode)) {
        problems.add(path, "", "is not a regular file");
        return std::nullopt;
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get())) {
        problems.add(path, "", std::string("cannot be read: ") + std::strerror(errno));
        return std::nullopt;
    }
    return text;
}

void write_file_atomic(const std::string& path, std::string_view content) {
    AtomicFile file(path);
    file.write(content);
    file.commit();
}

}  // namespace infsim
