// The Code under construction: its buffers, loads, segments and instructions, and where they go.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "compiler/ir/code.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// What an instruction is for. Every instruction states it, so that nothing depends on what was emitted before.
struct Where {
    LayerId layer;
    ImageId image;
    LoadId load = kNoLoad;  ///< that the instruction is part of

    Where in(LoadId l) const { return {layer, image, l}; }
    Where of(ImageId i) const { return {layer, i, kNoLoad}; }
};

/// Loads of one stream share rings and keep their order; a fourth stream reloads what was spilled.
enum class LoadStream : std::int32_t { weights = 0, inputs = 1, constants = 2 };

/// Rings of a DMA engine, by what they transfer; `copies`: of weights, from one half of the partitions to the other.
/// Where there are fewer rings, the last one takes what has none.
enum class Ring : int { weights = 0, inputs = 1, constants = 2, others = 3, stores = 4, copies = 5 };

/// Queues before those of the DMA engines: PE, ACT and POOL have one each.
constexpr int kFirstRing = 3;
/// Rings of a DMA engine that a code usually has, and all of them.
constexpr int kFewRings = 4, kAllRings = 6;

class CodeBuilder {
public:
    /// Which instructions stay in the code.
    enum class Keep { all, short_codes, none };

    /// `watcher`, if any, sees every instruction as it is made. With Keep::short_codes, a code that grows long is only
    /// watched from then on: emitting it again costs less than keeping it. With Keep::none, it is only watched.
    CodeBuilder(const program::Target& target, std::int64_t capacity, CodeSink* watcher, Keep keep,
                int rings = kFewRings);

    // Queue numbers.
    std::uint8_t pe() const { return 0; }
    std::uint8_t act() const { return 1; }
    std::uint8_t pool() const { return 2; }
    std::uint8_t ring(int engine, Ring ring) const;
    /// Ring of the engine whose turn it is.
    std::uint8_t next_ring(Ring of) { return ring(take_engine(), of); }
    int take_engine() { return next_engine_++; }
    /// The PSUM bank whose turn it is.
    int take_bank() { return next_bank_++ % psum_banks_; }

    /// `bytes` per partition. Throws EmissionEnds if they exceed the capacity.
    BufferId new_buffer(LayerId layer, const std::string& name, std::int64_t bytes, Half half, program::Purpose purpose,
                        int images = 1);
    void let_rotate(BufferId b) { code_.buffers[b].rotates = true; }
    void let_linger(BufferId b) { code_.buffers[b].lingers = true; }
    const Buffer& buffer(BufferId b) const { return code_.buffers[b]; }
    /// Begins a load that fills `b`; its instructions carry the id.
    LoadId new_load(BufferId b, LoadStream stream);
    /// A part of `b` that is there before the first inference.
    void push_static(const program::DmaLoad& load, BufferId b);
    /// Returns the number of the new segment.
    std::uint32_t add_segment(program::Segment segment);
    std::uint32_t next_segment() const { return static_cast<std::uint32_t>(code_.segments.size()); }

    /// `buffers`: of the operands, in order; `scalar0` and `scalar1`: of the per-partition scalars.
    template <class Op>
    void push(const Where& at, std::uint8_t queue, const Op& op, std::initializer_list<BufferId> buffers,
              BufferId scalar0 = kNoBuffer, BufferId scalar1 = kNoBuffer) {
        // Constructed in place, or over the one before: there are millions.
        VirtualInstruction& in = keeps_ ? code_.instructions.emplace_back() : passing_;
        in.op = op;
        stamp(in, at, queue, buffers, scalar0, scalar1);
        if (watcher_) watcher_->see(in, code_.segments);
        if (keeps_ && forgets_long_) forget_if_long();
    }
    /// True if what the PE does may be given to push_read(): nobody keeps the instruction.
    bool reads_suffice() const { return !keeps_; }
    /// A matmul, or the load of its stationary operand; the watcher only needs the buffer that it reads.
    void push_read(const Where& at, BufferId b) { watcher_->see_read(b, at.layer); }

    /// True while the code holds all instructions pushed so far.
    bool keeps() const { return keeps_; }
    Code take() { return std::move(code_); }

private:
    Code code_;
    VirtualInstruction passing_;  ///< while instructions are not kept
    std::int64_t capacity_;
    CodeSink* watcher_;
    bool keeps_;
    bool forgets_long_;
    int engines_, rings_, psum_banks_;
    int next_bank_ = 0, next_engine_ = 0;

    static void stamp(VirtualInstruction& in, const Where& at, std::uint8_t queue,
                      std::initializer_list<BufferId> buffers, BufferId scalar0, BufferId scalar1) {
        std::fill(std::copy(buffers.begin(), buffers.end(), in.buffer.begin()), in.buffer.end(), kNoBuffer);
        in.buffer[3] = scalar0;
        in.buffer[4] = scalar1;
        in.queue = queue;
        in.layer = static_cast<std::uint16_t>(at.layer.value());
        in.image = static_cast<std::uint16_t>(at.image.value());
        in.load = at.load;
    }
    void forget_if_long();
};

}  // namespace infsim::compiler
