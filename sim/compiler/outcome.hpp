// The outcome of a compilation: a Program with its reports, or why there is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/units.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Something that a pass tried on the way to its decision. The steps of a strategy follow it in the list.
struct Attempt {
    std::string name;    ///< of the strategy, or of a step below one: "dry run", "evictions", "allocate"
    std::string detail;  ///< what it was tried on, and the result
    double seconds = 0;  ///< wall time; a strategy's includes its steps'
    bool step = false;   ///< a step of a strategy
    bool taken = false;  ///< the decision rests on it
};

/// What a pass did. Wall times are never part of a record, because they differ from run to run.
struct PassReport {
    std::string pass;
    double seconds = 0;
    std::string summary;
    std::vector<Attempt> attempts;
};

/// A buffer that the spill pass sent to device DRAM and back. Bytes count all partitions.
struct SpilledTensor {
    std::string name;
    std::int64_t save_bytes = 0;    ///< written to device DRAM, over all saves
    std::int64_t reload_bytes = 0;  ///< read back, over all reloads
    int saves = 0, reloads = 0;
};

/// What the placement did with the state buffer; all bytes per partition.
struct LayerMemory {
    std::uint16_t layer = 0;
    std::int64_t live_bytes = 0;  ///< largest sum of live buffers while the layer runs
};
struct MemoryReport {
    std::int64_t capacity_bytes = 0;     ///< what the compiler could use
    std::string capacity_binding;        ///< which bound sets it: "state buffer", "sb_size" or "state_buffer_budget"
    std::int64_t physical_bytes = 0;     ///< what the chip has
    std::int64_t peak_bytes = 0;         ///< highest byte used by an allocation
    std::int64_t lower_bound_bytes = 0;  ///< largest sum of live activations: no placement needs less
    std::vector<LayerMemory> layers;
    std::int64_t spill_save_bytes = 0, spill_reload_bytes = 0;  ///< device DRAM traffic for lack of space, per batch
    std::int64_t relayout_write_bytes = 0,
                 relayout_read_bytes = 0;  ///< the same for intermediates that change their layout
    std::int64_t reissued_bytes = 0;       ///< read again by loads that rematerialization reissued, per batch
    std::int64_t recomputed_instructions =
        0;                      ///< instructions that recompute an intermediate instead of reloading it, per batch
    Duration recompute_time{};  ///< for which they occupy ACT and POOL
    std::vector<SpilledTensor> spilled;  ///< tensors that the spill pass sent to device DRAM, each image separately
};

struct LiveTensor {
    std::string name;        ///< of a tensor, or of a kind of DRAM segment
    std::int64_t bytes = 0;  ///< per partition, all images together
    int images = 0;          ///< number of its images alive
    std::string from_layer,
        to_layer;  ///< layers that first write one of them and that last use one
};

namespace resource {
constexpr const char* state_buffer = "state buffer";
constexpr const char* psum = "PSUM";
constexpr const char* device_dram = "device DRAM";
constexpr const char* semaphores = "semaphores";
constexpr const char* instruction_count = "instruction count";
constexpr const char* access_pattern = "access pattern";  ///< 16 bits of a step or count
}  // namespace resource

/// Why there is no Program: an expected outcome, not an error.
struct DoesNotFit {
    std::string resource;  ///< one of the names below
    std::string unit;      ///< what demand and capacity are counted in: "B/partition", "B", "queues", ...
    std::string layer;     ///< where demand first exceeds capacity; empty if no layer is to blame
    std::int64_t wanted_bytes = 0, available_bytes = 0;  ///< demand and capacity, in `unit`
    std::string binding;              ///< for the state buffer: which bound sets the capacity, see MemoryReport
    std::vector<LiveTensor> tensors;  ///< alive at that instant, largest first
    /// The instant, as the number of an instruction in serial order, and how many there are; empty if there is no
    /// instant.
    std::optional<std::int64_t> instant, instants;
    /// State buffer, if an explanation was asked for: the largest sum of live bytes, and the smallest capacity (to a
    /// 512th) in which the allocator finds a place for everything. The difference is fragmentation.
    std::optional<std::int64_t> lower_bound_bytes, allocator_bytes;
    std::string text;                ///< the whole story in one sentence
    std::vector<PassReport> passes;  ///< the passes that ran; the last one found this
};

struct Compiled {
    program::Program program;
    MemoryReport memory;
    std::vector<PassReport> passes;
};

using CompileResult = std::variant<Compiled, DoesNotFit>;

}  // namespace infsim::compiler
