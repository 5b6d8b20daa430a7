// Private to hw: chip files that name another chip file and state only what differs.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::hw {

/// A variant laid over its base: {"base": "inferentia1.json", "name": ..., SECTION: {MEMBER: ...}}. Members of sections
/// replace those of the base as a whole, and so do "name" and "cores". Members that the base does not have are added,
/// and the reader then judges them. The base's path is relative to the variant's folder.
struct Resolved {
    json::Document document;         ///< the base, with the differences
    std::set<std::string> replaced;  ///< JSON pointers, the same in the variant
    std::string variant;             ///< the file that they are in; empty: not a variant
};

/// `document` itself if it has no "base". Empty after adding the reasons to `problems`: a base that is missing,
/// unreadable or a variant itself, or a section that is not an object.
std::optional<Resolved> resolve_variant(json::Document document, Problems& problems);

/// Moves problems caused by what the variant says to the variant's file.
void add_to_variant(const Problems& found, const Resolved& resolved, Problems& problems);

}  // namespace infsim::hw
