// Times of one program's batches, measured on the simulated chip, for serving simulations without a chip.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flow/point/point.hpp"
#include "serving/device.hpp"

namespace infsim::flow {

/// The contention pattern of one core: "2,1" means two busy cores (including the core itself) whose DRAM regions lie in
/// the same channels as its own, and one whose regions are shifted by one channel, and so on for every channel. Cores
/// with equal patterns are interchangeable, because region r of core c lies in channel (c + r) % channels. `busy`
/// contains `core`.
std::string contention_pattern(int channels, int core, serving::CoreSet busy);

/// The measurements of one program. `services`: by contention pattern.
struct ServiceTable {
    bool fits = true;
    std::string reason;                      ///< why it does not fit
    std::vector<std::int64_t> region_bytes;  ///< device DRAM of one core's copy, by region
    serving::Transfers transfers;
    serving::Course course;  ///< at most kCoursePieces
    struct Service {
        Duration time{};
        double factor = 1;  ///< on the slow-downs in the course (serving/pace.hpp)
    };
    std::map<std::string, Service> services;
};
/// A trade-off: with 192 pieces the percentiles of ResNet-50 at B=4 are no closer to the live chip's than with 128, and
/// a simulation takes 50 % longer.
constexpr std::size_t kCoursePieces = 128;

json::Value to_json(const ServiceTable& table);
/// Empty, with an entry in `problems`, for text that to_json did not write.
std::optional<ServiceTable> service_table_from_json(const json::Document& document, Problems& problems);

/// Adds the measurements of `more`.
void merge(ServiceTable& table, const ServiceTable& more);

/// Compiles `point` and executes it without pause on each set of the chip's cores in `busy`. Measures the mean time
/// from first issue to last retirement while all cores of a set execute, over start phases of serving/contention.hpp,
/// because relative phases matter and a server's are random. Uses from four to all phases, until the mean's standard
/// error is below half a percent. The result does not depend on the other sets. Also measures a core alone, the course
/// and the transfers. One call per process. Throws InputError for what the compiler does not support.
ServiceTable measure_service(const Point& point, const std::vector<serving::CoreSet>& busy);

}  // namespace infsim::flow
