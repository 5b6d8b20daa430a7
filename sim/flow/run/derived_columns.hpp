// Columns that follow from a record and from figures that do not affect time. They are not part of a point's identity
// and are not stored with it. They are added when a record is shown, so that new prices or energies apply at once to
// old results.
#pragma once

#include "flow/run/prices.hpp"
#include "hw/energy.hpp"
#include "record/record.hpp"

namespace infsim::flow {

/// Adds cost and energy to a record that ran; others have none.
void fill_derived(record::RunRecord& r, const hw::EnergySpec& energy, const Prices& prices);

}  // namespace infsim::flow
