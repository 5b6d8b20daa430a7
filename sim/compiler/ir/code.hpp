// Virtual code: instructions in one valid serial order, on buffers without addresses.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/container/deque.hpp>

#include "compiler/ir/ids.hpp"
#include "compiler/ir/pages.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Which partitions a buffer takes; half buffers let two images share one range of addresses.
enum class Half : std::uint8_t { both, lower, upper };
/// The halves of the partitions that a buffer on `count` of `all` partitions, from `first` on, takes.
constexpr Half half_of(int first, int count, int all) {
    if (first >= all / 2) return Half::upper;
    return first + count <= all / 2 ? Half::lower : Half::both;
}

struct Buffer {
    std::string name;        ///< of the tensor, without the image
    std::int64_t bytes = 0;  ///< per partition
    Half half = Half::both;
    program::Purpose purpose = program::Purpose::spill;
    std::uint16_t layer = 0;   ///< that first writes it
    std::uint16_t images = 1;  ///< images it holds
    bool rotates = false;      ///< one of many short-lived ones (windows, scratch) that should not wait for each other
    bool lingers = false;      ///< stores empty it, which take long, and another image or pass follows
    bool is_static = false;    ///< filled by static loads alone: its bytes stay from inference to inference
};

/// Operands of an operation, in the order in which `for_each_operand` visits them.
constexpr int kMaxOperands = 5;

struct VirtualInstruction {
    program::Operation op;
    std::array<BufferId, kMaxOperands> buffer{kNoBuffer, kNoBuffer, kNoBuffer, kNoBuffer, kNoBuffer};
    std::uint8_t queue = 0;
    std::uint16_t layer = 0, image = 0;  ///< as LayerId and ImageId; narrow, because there are millions
    LoadId load;                         ///< if the instruction is part of a load that may move
};

/// Streams of loads: weights, inputs, constants, and reloads after spills.
constexpr std::int32_t kReloadStream = 3, kLoadStreams = 4;

/// DMA instructions that bring data in and may start earlier than their position: a slab, an input stripe, a reload.
struct Load {
    BufferId buffer = kNoBuffer;
    std::int32_t stream = 0;    ///< loads of one stream share rings and keep their order
    std::int32_t earliest = 0;  ///< index of the first instruction before which it may stand: what it reads is there
};

/// A load that happens once, when the chip gets the Program (Program::static_loads).
struct StaticLoad {
    program::DmaLoad op;
    BufferId buffer = kNoBuffer;
};

/// In blocks that are returned to the system as soon as nothing in them is needed: whoever transforms a code takes the
/// instructions off its front.
class Instructions
    : public boost::container::deque<VirtualInstruction, PageAllocator<VirtualInstruction>,
                                     boost::container::deque_options_t<boost::container::block_size<8192>>> {
public:
    using deque::deque;
    Instructions(const Instructions&) = default;
    Instructions(Instructions&&) = default;
    /// By swapping: Boost's clear(), which its assignments call, decrements a null pointer if nothing has ever been
    /// stored.
    Instructions& operator=(Instructions other) {
        swap(other);
        return *this;
    }
    void clear() { Instructions().swap(*this); }
};

struct Code {
    IdVector<BufferId, Buffer> buffers;
    Instructions instructions;
    IdVector<LoadId, Load> loads;
    std::vector<StaticLoad> static_loads;
    std::vector<program::Queue> queues;      ///< without instructions: which engine has which queue number
    std::vector<program::Segment> segments;  ///< without addresses
};

/// Sees the instructions of a code in order, as they are made.
class CodeSink {
public:
    virtual ~CodeSink() = default;
    /// `segments`: of the code so far.
    virtual void see(const VirtualInstruction& in, const std::vector<program::Segment>& segments) = 0;
    /// The next instruction is a matmul or loads its stationary operand; it reads `b`, and is part of no load.
    virtual void see_read(BufferId b, LayerId layer) = 0;
};

/// for_each_operand(operation, visit, visit_scalar) calls visit(AccessPattern&, operand index, is_write) for every
/// on-chip operand and visit_scalar(ScalarOperand&, operand index) for per-partition scalars. Operand numbers match
/// VirtualInstruction::buffer: patterns take 0.. in declaration order, scalars 3 and 4.
}  // namespace infsim::compiler

#include "compiler/ir/operands.hpp"
