// What deciding about the buffers of a code needs, kept while its instructions go by.
#pragma once

#include <utility>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/coverage.hpp"
#include "compiler/memory/liveness.hpp"
#include "compiler/memory/uses.hpp"

namespace infsim::compiler {

/// What recipes are made of: instructions whose result depends on operands in the state buffer alone, and the loads of
/// constants and inputs that they may read.
struct Repeatable {
    std::vector<std::int32_t> position;            ///< ascending
    std::vector<VirtualInstruction> instructions;  ///< by the same index
    std::vector<VirtualInstruction> loads;
};

struct DryRun {
    Liveness liveness;
    Uses uses;
    Repeatable repeatable;               ///< if it was asked for
    std::vector<program::Queue> queues;  ///< those of the code
    std::size_t segments = 0;            ///< of the code
};

/// Sees every instruction of a code once, in order. Most codes that compete are never carried out: they need not be
/// stored.
class DryRunRecorder final : public CodeSink {
public:
    explicit DryRunRecorder(bool repeatable = false) : wants_repeatable_(repeatable) {}
    void see(const VirtualInstruction& in, const std::vector<program::Segment>& segments) override;
    void see_read(BufferId b, LayerId layer) override;
    /// `code`: its rest, all but the instructions.
    DryRun finish(const Code& code);

private:
    static constexpr std::int32_t kNone = -1, kUnseen = -2;
    struct Use {
        std::uint32_t buffer : 31, write : 1;
        std::int32_t position;
    };
    bool wants_repeatable_;
    Repeatable repeatable_;
    std::vector<Use> uses_;                  ///< in the order of the code
    std::vector<std::int64_t> write_bytes_;  ///< by use that writes: bytes of the buffer that are written then
    std::vector<std::uint16_t> layer_;       ///< by position
    std::vector<std::int32_t> front_;        ///< by load
    std::vector<std::pair<std::int32_t, BufferId>> reading_;  ///< (load, buffer) of loads that read the state buffer
    // By buffer:
    std::vector<Lifetime> lives_;
    std::vector<std::int32_t> last_load_, sole_load_;
    std::vector<Coverage> coverage_;
    std::vector<std::int64_t> written_bytes_;

    void grow(BufferId b);
    void touch(BufferId b, std::int32_t position);
    void see_operands(const VirtualInstruction& in, std::int32_t position, std::int32_t load_from_outside);
    void note_use(std::size_t from, BufferId b, std::int32_t position, bool write);
    void note_written_bytes(std::size_t from);
    void note_load(const VirtualInstruction& in, std::int32_t position);
    void note_repeatable(const VirtualInstruction& in, std::int32_t position,
                         const std::vector<program::Segment>& segments);
    std::vector<std::int32_t> sole_loads();
    void list_uses(std::size_t buffers, Uses& out) const;
};

DryRun dry_run_of(const Code& code, bool repeatable = false);

}  // namespace infsim::compiler
