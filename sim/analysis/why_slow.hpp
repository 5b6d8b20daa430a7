// Which layers take the time of an inference that is far from its ideal, and why, as text from measured figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infsim::analysis {

/// One kind of transfers of one layer.
struct Transfers {
    double ms = 0;                ///< of the inference's time, see LayerTime
    std::int64_t bytes = 0;       ///< moved
    std::int64_t runs = 0;        ///< contiguous runs of bytes
    std::int64_t short_runs = 0;  ///< runs of one or two elements: each costs as much as a row of some KiB

    void add(std::int64_t more_bytes, std::int64_t more_runs);
    bool by_element() const { return 2 * short_runs > runs; }
};

/// Where the time of an inference went in one layer. The activities at each moment share it equally; loads of weights,
/// constants and inputs and stores of outputs count only while nothing else was active.
struct LayerTime {
    std::string name;
    double pe_ms = 0, act_ms = 0, pool_ms = 0;
    Transfers weights, constants, inputs, outputs, spills, stores, fetches;  ///< the last two belong to relayouts
    Transfers copies;                                                        ///< within the state buffer
    double array_use = 0;                ///< true multiply-accumulates over those of the array while it was busy
    std::int64_t true_weight_bytes = 0;  ///< of the graph's tensors
    std::int64_t stored_weight_bytes = 0;
};

/// A cause of time, as text, with its layers, largest first.
struct Cause {
    std::string name;
    double ms = 0;
    std::vector<std::pair<std::string, double>> layers;
};

/// All causes, largest first.
std::vector<Cause> causes_of_time(const std::vector<LayerTime>& layers);

/// "fetched element by element, 97 % of the time: /a/Mul 57.7 ms, /b/Mul 20.1 ms and 14 more; ...": the largest causes,
/// as parts of `service_ms`. Empty if there are none.
std::string why_slow(const std::vector<Cause>& causes, double service_ms, std::optional<double> host_ms);

}  // namespace infsim::analysis
