// Figures in sentences.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"

namespace infsim::report {

/// Two to four significant digits: "2348", "13.8", "0.42".
std::string rounded(double x);
/// "-" if there is none.
std::string rounded(const std::optional<double>& x);
/// "43 %".
std::string percent(double share);
/// "1 setting", "3 settings".
std::string counted(std::size_t n, const std::string& one);
/// Capitalizes the first letter and adds a full stop.
std::string sentence(std::string text);
/// Without the list of live tensors, which the page shows separately.
std::string headline(const std::string& reason);

/// A member of a result in a file; empty if it is missing, null or of another type.
std::optional<double> number_in(const json::Object& o, const char* key);
std::string text_in(const json::Object& o, const char* key);
const json::Object* object_in(const json::Object& o, const char* key);

/// Row indices for the page; null if there is none.
json::Value row_value(const std::optional<std::size_t>& row);
json::Array row_values(const std::vector<std::size_t>& rows);

}  // namespace infsim::report
