// Whether virtual code can be given addresses and waits.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/ir/code.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// The limits that a code has to respect.
struct CodeFrame {
    program::Target target;
    std::size_t layers = 0;
    int images = 1;
};

/// Everything wrong with `code`, one sentence each ("17 matmul of layer 3: reads b4 beyond its 512 bytes"), at most
/// `limit` of them; empty if it is valid.
///
/// The rules: the target allows the queues, buffers, loads and segments. Every instruction is in a queue of its engine
/// and belongs to an existing layer and image. Its operands lie in existing buffers, inside their bytes and their half
/// of the partitions, or inside PSUM. No buffer is read outside the hull of what has been written to it. Transfers stay
/// inside their segments, and nothing is stored to weights, constants and inputs. The instructions of a load are
/// consecutive, and what they read has been written before its `earliest`. Single bytes are left to verify() of the
/// finished Program.
std::vector<std::string> verify(const Code& code, const CodeFrame& frame, std::size_t limit = 100);

}  // namespace infsim::compiler
