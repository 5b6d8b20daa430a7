// Figures as sentences hold them.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"

namespace infsim::report {

/// Three or four digits that mean something: "2348", "13.8", "0.42".
std::string rounded(double x);
/// "-" where there is none.
std::string rounded(const std::optional<double>& x);
/// "43 %".
std::string percent(double share);
/// "1 setting", "3 settings".
std::string counted(std::size_t n, const std::string& one);
/// The first letter as a capital, a full stop at the end.
std::string sentence(std::string text);
/// Without the list of tensors that are alive, which the page shows apart.
std::string headline(const std::string& reason);

/// A member of a result that a file holds: empty where it is missing, null or something else.
std::optional<double> number_in(const json::Object& o, const char* key);
std::string text_in(const json::Object& o, const char* key);
const json::Object* object_in(const json::Object& o, const char* key);

/// Numbers of rows as the page wants them; null where there is none.
json::Value row_value(const std::optional<std::size_t>& row);
json::Array row_values(const std::vector<std::size_t>& rows);

}  // namespace infsim::report
