#include "analysis/closed_form.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::analysis {

ClosedForm closed_form(const hw::ChipSpec& spec, int cores, int workers, int items, const Demand& demand) {
    INFSIM_CHECK(workers > 0, "a closed loop needs a worker");
    const Roofline bounds = roofline(spec, cores, demand);
    ClosedForm result;
    result.dram = std::max(bounds.dram, bounds.core_dma);
    result.compute = demand.pe + demand.act + demand.pool;
    const Duration service = std::max(result.dram, result.compute);
    const Duration call = hw::call_time(spec.host, items, demand.host_in + demand.host_out);
    const Duration host =
        call + spec.host.transfer_latency * 2 + (demand.host_in + demand.host_out) / spec.host.link_bandwidth;
    const Duration threads = spec.host.threads ? call * cores / *spec.host.threads : Duration{};
    const Duration period =
        std::max({workers == 1 ? service + host : service, bounds.host, (service + host) / workers, threads});
    result.latency = period * workers;
    result.throughput = cores / seconds(period);
    return result;
}

}  // namespace infsim::analysis
