#include "flow/run/derived_columns.hpp"

#include "analysis/energy.hpp"
#include "analysis/price.hpp"

namespace infsim::flow {

void fill_derived(record::RunRecord& r, const hw::EnergySpec& energy, const Prices& prices) {
    if (!record::has_results(r)) return;
    const auto price = price_of(prices, r.chip);
    r.cost_per_1m_inf.reset();
    if (price) r.cost_per_1m_inf = analysis::usd_per_million(price->usd_per_chip_hour, *r.throughput_avg);
    analysis::fill_energy(r, energy);
}

}  // namespace infsim::flow
