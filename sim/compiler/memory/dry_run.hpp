// What decisions about the buffers of a code need, recorded while its instructions go by.
#pragma once

#include <utility>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/coverage.hpp"
#include "compiler/memory/liveness.hpp"
#include "compiler/memory/uses.hpp"

namespace infsim::compiler {

/// What recipes are made of: instructions whose result depends only on operands in the state buffer, and the loads of
/// constants and inputs that they may read.
struct Repeatable {
    std::vector<std::int32_t> position;            ///< ascending
    std::vector<VirtualInstruction> instructions;  ///< by the same index
    std::vector<VirtualInstruction> loads;
};

struct DryRun {
    Liveness liveness;
    Uses uses;
    Repeatable repeatable;               ///< if requested
    std::vector<program::Queue> queues;  ///< those of the code
    std::size_t segments = 0;            ///< of the code
    std::int64_t scratch_stores = 0;     ///< instructions that write values which change their layout in device DRAM
};

/// Sees every instruction of a code once, in order. Most competing codes are never used, so they need not be stored.
class DryRunRecorder final : public CodeSink {
public:
    explicit DryRunRecorder(int dma_engines, bool repeatable = false)
        : dma_engines_(dma_engines), wants_repeatable_(repeatable) {}
    void see(const VirtualInstruction& in, const std::vector<program::Segment>& segments) override;
    void see_read(BufferId b, LayerId layer) override;
    /// `code`: the rest of the code, without its instructions.
    DryRun finish(const Code& code);

private:
    struct Use {
        std::uint32_t buffer : 31, write : 1;
        std::int32_t position;
        BufferId id() const { return BufferId(static_cast<std::int32_t>(buffer)); }
    };
    /// Who writes a buffer: nobody yet, one load from outside, or others.
    struct Writer {
        LoadId load;
        bool seen = false;
    };
    int dma_engines_;
    bool wants_repeatable_;
    std::int64_t scratch_stores_ = 0;
    Repeatable repeatable_;
    std::vector<Use> uses_;                      ///< in the order of the code
    std::vector<std::int64_t> write_bytes_;      ///< by use that writes: bytes of the buffer written by then
    std::vector<std::int32_t> write_transfers_;  ///< the same: DMA instructions that would save them
    std::vector<std::uint16_t> layer_;           ///< by position
    IdVector<LoadId, std::int32_t> front_;
    IdVector<LoadId, std::int32_t> load_instructions_;
    std::vector<std::pair<LoadId, BufferId>> reading_;  ///< loads that read the state buffer, and the buffer they read
    IdVector<BufferId, Lifetime> lives_;
    IdVector<BufferId, std::int32_t> last_load_;
    IdVector<BufferId, Writer> writer_;
    IdVector<BufferId, Coverage> coverage_;
    IdVector<BufferId, std::int64_t> written_bytes_;
    IdVector<BufferId, std::int32_t> transfers_;

    std::int32_t next_position(std::uint16_t layer);
    void grow(std::size_t buffers);
    void touch(BufferId b, std::int32_t position);
    void see_operands(const VirtualInstruction& in, std::int32_t position, LoadId load_from_outside);
    void see_write(BufferId b, const program::AccessPattern& to, LoadId load_from_outside);
    void note_use(std::size_t from, BufferId b, std::int32_t position, bool write);
    void note_written_bytes(std::size_t from);
    void note_load(const VirtualInstruction& in, std::int32_t position);
    void note_repeatable(const VirtualInstruction& in, std::int32_t position,
                         const std::vector<program::Segment>& segments);
    IdVector<BufferId, LoadId> sole_loads() const;
    void list_uses(std::size_t buffers, Uses& out) const;
};

DryRun dry_run_of(const Code& code, bool repeatable = false);

/// DMA engines among the queues of a code.
int dma_engines_of(const std::vector<program::Queue>& queues);

}  // namespace infsim::compiler
