// The page: one self-contained HTML file with scripts, style and data.
#pragma once

#include <string>
#include <vector>

#include "report/sources.hpp"

namespace infsim::report {

/// Limit of a page of 1,000 points: layers of points that would not fit are left out.
constexpr std::size_t kMostPageBytes = 2'900'000;

/// `page` is the built page (report/page/), `version` is for its footer. Throws InputError if a source does not match
/// its kind, and InternalError if the built page has no place for the data.
std::string make_page(const std::string& page, const std::vector<Source>& sources, const std::string& version);

}  // namespace infsim::report
