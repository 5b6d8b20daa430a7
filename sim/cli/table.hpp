// Tables for people: columns aligned, a line of names.
#pragma once

#include <string>
#include <vector>

namespace infsim::cli {

class Table {
public:
    explicit Table(std::vector<std::string> names) : rows_{std::move(names)} {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    /// Numbers to the right, text to the left, two blanks between columns.
    std::string text() const;
    /// The same without the line of names.
    std::string body() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// A number with so many digits behind the point; "-" where there is none.
std::string fixed(double x, int digits);
template <class T>
std::string fixed(const T& optional, int digits) {
    return optional ? fixed(static_cast<double>(*optional), digits) : "-";
}
/// "43.2 %".
std::string percent(double share);
/// "51.1 MB", "88 KB", "12 B": decimal units.
std::string megabytes(double bytes);

}  // namespace infsim::cli
