// What each layer of an inference did: when, for how long, with how many bytes, and what it waited for.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec.hpp"
#include "observe/observer.hpp"
#include "program/program.hpp"
#include "stats/occupancy.hpp"
#include "stats/program_index.hpp"
#include "stats/stall_accounts.hpp"

namespace infsim::stats {

/// Picoseconds since the first issue of the observed inference.
struct LayerTimes {
    bool ran = false;                   ///< false: no instruction of an engine, only DMA or nothing
    Duration start{}, end{};            ///< first issue on PE, ACT or POOL; last retirement there
    Duration load_start{}, load_end{};  ///< of its DMA
    bool loaded = false;
    std::array<Duration, 3> busy{};     ///< PE, ACT, POOL
    std::array<ShareTimes, 3> waits{};  ///< time in which its instructions on PE, ACT and POOL could not issue
    std::int64_t dram_bytes = 0;
};

/// Collects the layers of one inference of one core and ignores all others.
class Layers final : public observe::Observer {
public:
    Layers(const ProgramIndex& index, int core, std::uint64_t inference);

    observe::Attention attention(std::uint16_t core, std::uint64_t inference) const override {
        return core == core_ && inference == inference_ ? observe::Attention{} : observe::Attention::none();
    }
    void on(const observe::Issued& event) override;
    void on(const observe::Blocked& event) override;
    void on(const observe::Retired& event) override;
    void on(const observe::Transferred& event) override;
    void on(const observe::InferenceEvent& event) override;

    /// One entry per layer of the program, relative to the first issue of the inference.
    std::vector<LayerTimes> result() const;

private:
    bool mine(const observe::InstructionRef& who) const { return who.core == core_ && who.inference == inference_; }

    const ProgramIndex& index_;
    int core_;
    std::uint64_t inference_;
    TimePoint origin_{};
    std::vector<LayerTimes> layers_;  ///< times since the start of the simulation until result()
};

/// One row of layers.csv.
struct LayerRow {
    std::string name, kind;
    double start_ms = 0, end_ms = 0, time_ms = 0;
    std::string bound;   ///< the resource whose time is longest: "dram", "pe", "act" or "pool"
    double dram_ms = 0;  ///< dram_bytes at one core's fair share of the bandwidth
    std::int64_t dram_bytes = 0;
    double pe_ms = 0, act_ms = 0, pool_ms = 0;
    std::int64_t pe_cycles = 0;
    std::string main_stall;  ///< main wait of its busiest engine
    double main_stall_ms = 0;
    Held held;                                ///< contents of the fullest partition at the layer's peak
    double pe_ideal_ms = 0;                   ///< its multiply-accumulates at the array's peak rate
    std::int64_t macs = 0, weight_bytes = 0;  ///< per item; as stored in DRAM
};

/// Peak rates of one core.
struct CoreRates {
    Frequency pe_clock;
    double macs_per_second = 0;  ///< peak for the program's dtype
    Bandwidth dram;              ///< its share
};

/// Rows of all layers. `held`: per layer.
std::vector<LayerRow> layer_rows(const program::Program& program, const std::vector<LayerTimes>& times,
                                 const std::vector<Held>& held, const CoreRates& core);

/// layers.csv: header and one line per row, units in the names.
std::string layers_csv(const std::vector<LayerRow>& rows);

}  // namespace infsim::stats
