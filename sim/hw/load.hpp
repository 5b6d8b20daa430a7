// Chip files: JSON to ChipSpec, keeping where each number comes from.
//
// Every number of a chip file is an object {"value": ..., "grade": ..., "source": ...}. Grades,
// comma-separated where several apply: DOC (vendor documentation), DRV (vendor's kernel driver), LOG (printed
// by vendor tools), PAT (patent), INF (arithmetic on published numbers), UNK (not public, an assumption),
// fitted (`source` then says "fitted to ..."). "DOC(v2)" and the like mark what is documented for the next
// generation only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/json_override.hpp"
#include "base/key_log.hpp"
#include "base/problems.hpp"
#include "hw/energy.hpp"
#include "hw/spec.hpp"

namespace infsim::hw {

/// Where one number of the spec comes from. `grade` is "override" and `source` the override's place for a
/// bare value that was set from outside.
struct Provenance {
    std::string path;   ///< key path, e.g. "state_buffer.partition_bytes"
    std::string value;  ///< as written, with its unit
    std::string grade;
    std::string source;
};

/// Replaces one value of a chip file before the file is validated (a sweep's axis, `--set`). Its key has no leading
/// "chip."; its value is bare (text 128KiB, integer 4) or a whole {"value", "grade", "source"}.
using Override = json::Override;

struct ChipFile {
    ChipSpec spec;
    EnergySpec energy;                   ///< not part of the chip's identity
    std::vector<Provenance> provenance;  ///< in the order of the file's sections
};

/// Reads and validates a chip file with overrides applied. A file may be a variant, {"base": FILE, "name": ...,
/// SECTION: {MEMBER: ...}}, which states only what differs from a complete chip file next to it. Empty if anything was
/// added to `problems`: syntax, unknown or missing keys, wrong units, an override of a key that no chip has, or an
/// impossible chip (no state buffer, zero bandwidth, more than 64 cores, values whose times overflow 64-bit
/// picoseconds, ...).
std::optional<ChipFile> load_chip(const std::string& path, const std::vector<Override>& overrides, Problems& problems);
/// The same for a parsed document. `log`: records which keys were asked for.
std::optional<ChipFile> read_chip(json::Document document, const std::vector<Override>& overrides, Problems& problems,
                                  json::KeyLog* log = nullptr);
/// The complete document of a chip file: a variant laid over its base, and overrides over both; without further checks.
std::optional<json::Document> chip_document(const std::string& path, const std::vector<Override>& overrides,
                                            Problems& problems);

/// The resolved numbers in base units (picoseconds, bytes, bytes per second, hertz, cycles) without grades and sources:
/// the identity of a simulated point is hashed from it. Two files that describe the same chip give the same result.
json::Value canonical_json(const ChipSpec& spec);

}  // namespace infsim::hw
