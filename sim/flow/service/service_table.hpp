// Times of one program's batches, measured on the simulated chip: what a serving simulation without a chip needs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flow/point/point.hpp"
#include "serving/device.hpp"

namespace infsim::flow {

/// Who else is busy, as far as it matters to one core: "2,1" is two cores (the core itself among them) whose DRAM
/// regions lie in the same channels as its own, and one core whose regions are shifted by one channel, and so on for
/// every channel. Cores with equal patterns are interchangeable, because region r of core c lies in channel
/// (c + r) % channels. `busy` holds `core`.
std::string contention_pattern(int channels, int core, serving::CoreSet busy);

/// What is known of one program. `services`: by contention pattern.
struct ServiceTable {
    bool fits = true;
    std::string reason;                      ///< why it does not fit
    std::vector<std::int64_t> region_bytes;  ///< device DRAM that one core's copy takes, by region
    serving::Transfers transfers;
    serving::Course course;  ///< at most kCoursePieces
    struct Service {
        Duration time{};
        double factor = 1;  ///< of the slow-downs in the course (serving/pace.hpp)
    };
    std::map<std::string, Service> services;
};
/// A balance: with 192 pieces the percentiles of ResNet-50 at B=4 are no nearer to the live chip's than with 128, and a
/// simulation takes half as long again.
constexpr std::size_t kCoursePieces = 128;

json::Value to_json(const ServiceTable& table);
/// Empty after having added to `problems` for what to_json did not write.
std::optional<ServiceTable> service_table_from_json(const json::Document& document, Problems& problems);

/// Adds what `more` knows.
void merge(ServiceTable& table, const ServiceTable& more);

/// Compiles `point` and executes it without pause on each of the sets of cores in `busy`, which are among the chip's:
/// the mean of first issue to last retirement over the time in which all of a set execute, from start phases of
/// serving/contention.hpp, because the phases at which cores meet matter and a server's are random. As many phases as
/// it takes until the mean's standard error is below half a percent, from four to all. What comes out does not depend
/// on the other sets. The pattern of a core alone, the course and the transfers are measured on the way. One call per
/// process. Throws InputError for what the compiler does not support.
ServiceTable measure_service(const Point& point, const std::vector<serving::CoreSet>& busy);

}  // namespace infsim::flow
