// Bytes over DRAM and the host link, per core and inference.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "observe/observer.hpp"
#include "stats/program_index.hpp"

namespace infsim::stats {

/// Bytes of one or several inferences.
struct TrafficBytes {
    std::array<std::int64_t, kPurposes> read{}, written{};  ///< by program::Purpose, over DRAM
    std::int64_t host_in = 0, host_out = 0;                 ///< over the host link, into and out of device DRAM

    std::int64_t dram() const;  ///< everything, including host transfers, which go to device DRAM
};
bool operator==(const TrafficBytes& a, const TrafficBytes& b);

/// What one inference of a program moves over DRAM if every DMA instruction moves its payload once.
/// `host_in` and `host_out` are the sizes of the input and output segments.
TrafficBytes expected_traffic(const program::Program& program, const ProgramIndex& index);

/// Sums up Transferred and HostTransferred.
class Traffic final : public observe::Observer {
public:
    Traffic(const ProgramIndex& index, int cores, int channels);

    observe::Attention attention(std::uint16_t, std::uint64_t) const override { return {false, false, false, true}; }
    void on(const observe::Transferred& event) override;
    void on(const observe::HostTransferred& event) override;

    /// Bytes of one inference. All zero for one that never ran.
    TrafficBytes inference(int core, std::uint64_t inference) const;

    /// Bytes that DMA moved over each channel since the start of the simulation.
    const std::vector<std::int64_t>& channel_bytes() const { return channels_; }

private:
    TrafficBytes& at(int core, std::uint64_t inference);

    const ProgramIndex& index_;
    std::vector<std::vector<TrafficBytes>> cores_;
    std::vector<std::int64_t> channels_;
};

}  // namespace infsim::stats
