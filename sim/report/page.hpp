// The page: one HTML file with scripts, style and data inside, which asks nothing of anybody.
#pragma once

#include <string>
#include <vector>

#include "report/sources.hpp"

namespace infsim::report {

/// A page of 1,000 points stays below it: layers of points are left out where they would not fit.
constexpr std::size_t kMostPageBytes = 2'900'000;

/// `page` is the built page (report/page/), `version` what stands in its foot. Throws InputError where sources cannot
/// be read as what they are, and InternalError where the built page has no place for the data.
std::string make_page(const std::string& page, const std::vector<Source>& sources, const std::string& version);

}  // namespace infsim::report
