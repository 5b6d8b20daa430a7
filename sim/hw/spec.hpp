// The chip as plain, immutable numbers. load.hpp keeps where each number comes from (grade, source).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace infsim::hw {

/// PE array. A matmul occupies the array for max(min_cycles_floor(columns), moving) * passes + matmul_overhead.
struct PeSpec {
    Frequency clock;
    int rows = 0, columns = 0;
    int max_moving = 0;               ///< elements of one moving operand (one PSUM bank of fp32)
    Cycles min_matmul;                ///< floor of a matmul; the floor used is min(this, columns of the stationary)
    int fp32_passes = 1;              ///< fp32 operands take this many passes
    Cycles stationary_load;           ///< time to shift a stationary operand in
    Cycles stationary_load_unhidden;  ///< the part of it that does not overlap the preceding matmul
    Cycles matmul_overhead;           ///< fixed cost per matmul added to its occupancy
    Cycles latency;                   ///< from the end of occupancy to the semaphore
};

/// ACT or POOL: N elements per partition occupy max(min_cycles, N * cycles per element) + overhead.
struct VectorEngineSpec {
    Frequency clock;
    Cycles min_cycles;
    Cycles overhead;           ///< fixed cost per instruction added to occupancy
    Cycles latency;            ///< from the end of occupancy to the semaphore
    std::optional<int> lanes;  ///< partitions that it works on at a time; empty: all that an instruction names
    int elements_32bit = 1;    ///< elements per lane and cycle if an operand has 32 bits, as all operands in PSUM
    int elements_16bit = 1;    ///< elements per lane and cycle if no operand has more than 16 bits
};

struct StateBufferSpec {
    int partitions = 0;
    Bytes partition_bytes;
};
struct PsumSpec {
    int partitions = 0;
    int banks = 0;
    Bytes bank_bytes;
    bool shared_port = false;  ///< ACT and POOL cannot access it at the same time
};

/// A contiguous run of `bytes` occupies an engine for as long as `cost` bytes at its full bandwidth.
struct RowCost {
    Bytes bytes, cost;
};

struct DmaSpec {
    int engines_per_core = 0;
    int rings_per_engine = 0;
    Bytes max_descriptor;
    Duration start_latency;       ///< semaphore to first byte, once per DMA instruction
    Duration completion_latency;  ///< last byte to semaphore
    Bandwidth engine_bandwidth;   ///< ceiling of one DMA engine
    Bandwidth core_bandwidth;     ///< ceiling of all engines of a core together
    /// The cost of short runs, by ascending bytes and cost: any shorter run costs as much as the first one, costs in
    /// between are interpolated linearly, and from the last one on a run costs its own bytes. A chip file's `min_row`
    /// is a single point.
    std::vector<RowCost> rows;

    /// From this many bytes on, a run costs only its bytes.
    Bytes full_row() const { return rows.empty() ? Bytes{0} : rows.back().bytes; }
    Bytes row_cost(Bytes run) const;
};

/// The `bandwidth` model: a channel serves bursts of active flows round robin at peak * efficiency.
struct BandwidthDram {
    double efficiency = 1.0;  ///< sustained share of a channel's peak bandwidth, (0, 1]
};

/// Consecutive bits of the index of a column within a channel.
struct AddressField {
    enum class Kind : std::uint8_t { column, bank_group, bank, row };
    Kind kind = Kind::column;
    int bits = 0;
};

/// The `ddr4` model: a channel of one rank, whose efficiency results from access patterns and timings. The names are
/// those of JEDEC JESD79-4, whose definitions apply; sim/chip/ddr4.hpp describes how a channel uses them.
struct Ddr4Dram {
    Frequency clock;  ///< of the commands; data transfer on both edges
    int bus_bits = 64;
    int bank_groups = 0, banks_per_group = 0;
    Bytes row_bytes;                        ///< of one bank over the whole bus
    std::vector<AddressField> address_map;  ///< from the least significant bit, above the bytes of a column
    Cycles cl, cwl;                         ///< column command to data: read, write
    Cycles t_rcd, t_rp, t_ras;              ///< activate to column, precharge to activate, activate to precharge
    Cycles t_ccd_s, t_ccd_l;                ///< column to column: other bank group, same bank group
    Cycles t_rrd_s, t_rrd_l,
        t_faw;                ///< activate to activate: other group, same group, from the first to the last of any five
    Cycles t_wtr_s, t_wtr_l;  ///< end of write data to read command: other group, same group
    Cycles t_rtp, t_wr;       ///< read command to precharge, end of write data to precharge
    Duration t_refi, t_rfc;   ///< refresh interval, duration of a refresh
};
constexpr int kDdr4BurstLength = 8;  ///< beats of a column access

/// Bytes of one column access.
inline Bytes column_bytes(const Ddr4Dram& d) { return Bytes{std::int64_t{d.bus_bits} / 8 * kDdr4BurstLength}; }

using DramModel = std::variant<BandwidthDram, Ddr4Dram>;

/// How transfers share a channel: burst by burst, or at rates that change when one starts or ends (bandwidth model
/// only).
enum class Arbitration : std::uint8_t { exact, fluid };

struct DramSpec {
    Bytes capacity;
    int channels = 0;             ///< separate apertures; region r of core c lies in channel (c + r) % channels
    Bandwidth channel_bandwidth;  ///< peak of one channel
    Bytes burst;                  ///< arbitration grain
    Duration latency;             ///< unloaded latency of the first burst of a transfer
    DramModel model;
    Arbitration arbitration = Arbitration::exact;
};

struct HostSpec {
    Bandwidth link_bandwidth;                 ///< per direction, shared by all cores of the chip
    Duration transfer_latency;                ///< fixed cost per transfer
    Duration call_overhead;                   ///< host software cost per inference, on the submitting worker
    Duration item_overhead{};                 ///< in addition, for each item of the inference
    std::optional<Bandwidth> copy_bandwidth;  ///< of software moving inputs and outputs, in addition; empty: free
    std::optional<int> threads;               ///< calls that the host works on at a time; empty: all
    Duration element_time;  ///< per element that an operator on the host reads, on the submitting worker
};

/// Host software time of a call with `items` whose inputs and outputs have `bytes` in total.
inline Duration call_time(const HostSpec& host, std::int64_t items, Bytes bytes) {
    const Duration copies = host.copy_bandwidth ? bytes / *host.copy_bandwidth : Duration{};
    return host.call_overhead + host.item_overhead * items + copies;
}

struct SyncSpec {
    int max_queues = 0;
    int semaphores = 0;
};

struct ChipSpec {
    std::string name;
    int cores = 0;
    PeSpec pe;
    VectorEngineSpec act, pool;
    StateBufferSpec state_buffer;
    PsumSpec psum;
    DmaSpec dma;
    DramSpec dram;
    HostSpec host;
    SyncSpec sync;
};

}  // namespace infsim::hw
