#include "hw/section.hpp"

#include <fmt/format.h>

namespace infsim::hw {
namespace {

bool known_grade(std::string_view grade) {
    if (const auto bracket = grade.find('('); bracket != std::string_view::npos && grade.back() == ')')
        return grade != "fitted" && known_grade(grade.substr(0, bracket));
    for (std::string_view known : {"DOC", "DRV", "LOG", "PAT", "INF", "UNK", "fitted"})
        if (grade == known) return true;
    return false;
}

}  // namespace

void Section::check_origin(const json::ObjectReader& reader, const std::string& grades, const std::string& source) {
    bool fitted = false;
    for (const std::string& part : split(grades, ',')) {
        const std::string_view grade = trim(part);
        if (!known_grade(grade))
            reader.problem(
                "grade",
                fmt::format("'{}' is not a grade; the grades are DOC, DRV, LOG, PAT, INF, UNK, fitted", grade));
        fitted = fitted || grade == "fitted";
    }
    if (trim(source).empty()) reader.problem("source", "must not be empty");
    else if (fitted && source.find("fitted to ") == std::string::npos)
        reader.problem("source", "must say \"fitted to ...\", because the grade is fitted");
}

}  // namespace infsim::hw
