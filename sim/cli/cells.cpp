#include "cli/cells.hpp"

#include "cli/table.hpp"

namespace infsim::cli {

std::string shown_cell(const record::MemberRef& member) {
    if (const auto* real = std::get_if<record::Real*>(&member)) return **real ? rounded(***real) : "";
    return record::cell_text(member);
}

}  // namespace infsim::cli
