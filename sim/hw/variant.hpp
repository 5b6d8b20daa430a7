// Private to hw: chip files that name another chip file and say only what differs.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::hw {

/// A variant laid over its base: {"base": "inferentia1.json", "name": ..., SECTION: {MEMBER: ...}}. Members of sections
/// replace those of the base as a whole, "name" and "cores" likewise; members that the base does not have are added,
/// and the reader then decides about them. The base's path is relative to the variant's folder.
struct Resolved {
    json::Document document;         ///< of the base, with what differs
    std::set<std::string> replaced;  ///< JSON pointers, the same in the variant
    std::string variant;             ///< file that they stand in; empty: not a variant
};

/// `document` itself where it has no "base". Empty after having added the reasons to `problems`: a base that is
/// missing, unreadable or a variant itself, a section that is no object.
std::optional<Resolved> resolve_variant(json::Document document, Problems& problems);

/// Moves problems with what the variant says to the variant's file.
void add_to_variant(const Problems& found, const Resolved& resolved, Problems& problems);

}  // namespace infsim::hw
