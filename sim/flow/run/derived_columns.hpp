// Columns that follow from a record and from figures that no time depends on. They are no part of a point's identity
// and are not stored with it: whoever shows a record puts them in, so that new prices or energies hold at once for
// results of old.
#pragma once

#include "flow/run/prices.hpp"
#include "hw/energy.hpp"
#include "record/record.hpp"

namespace infsim::flow {

/// Cost and energy of a record that ran; others have none.
void fill_derived(record::RunRecord& r, const hw::EnergySpec& energy, const Prices& prices);

}  // namespace infsim::flow
