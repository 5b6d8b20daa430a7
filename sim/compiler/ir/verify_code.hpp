// Is this virtual code one that can be given places and waits?
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/ir/code.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// What a code has to stay inside of.
struct CodeFrame {
    program::Target target;
    std::size_t layers = 0;
    int images = 1;
};

/// Everything wrong with `code`, a sentence each ("17 matmul of layer 3: reads b4 beyond its 512 bytes"), at most
/// `limit` of them; empty for a good one.
///
/// Held are: queues, buffers, loads and segments are such as the target allows; every instruction is in a queue of its
/// engine and of a layer and image that exist; its operands lie in buffers that exist, inside their bytes and their
/// half of the partitions, or inside PSUM; no buffer is read outside the hull of what has been written of it; transfers
/// stay inside their segments, and nothing is stored to weights, constants and inputs; the instructions of a load
/// follow each other, and what they read has been written in front of its `earliest`. Single bytes are verify()'s
/// business once the Program is there.
std::vector<std::string> verify(const Code& code, const CodeFrame& frame, std::size_t limit = 100);

}  // namespace infsim::compiler
