// Programs as text, one line per item: the form of `--dump` and of Program files.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "program/operands.hpp"

namespace infsim::program {

/// The whole Program: header, target, segments with recipes, allocations, layers, queues, then the
/// instructions in serial order, then `end` with their number. Same Program, same bytes. README.md describes
/// the grammar.
void write_text(const Program& program, std::ostream& out);

/// The line of one instruction, without the line break: "q0 s17 l3 i0 | matmul ... | q2>=4".
std::string instruction_line(const Program& program, InstructionId id);

/// The text before an on-chip operand's partitions: "sb" or "psum" in a Program, the buffer if operands have no address
/// yet. Operands are numbered in order of declaration, patterns from 0, scalars from 3.
using OperandPlace = std::function<std::string(Space, int operand)>;

/// "matmul dst=psum[0+64]@0:fp32(4*1) moving=sb[0+3]@0:fp16(4*1)": an operation with its operands.
std::string operation_text(const Operation& op, const OperandPlace& place);

/// A segment as in the text of a Program: its line, then the lines of its tensors and recipe boxes.
void write_segment(const Segment& segment, std::ostream& out);

/// In double quotes; backslash, quote and control characters as \xHH, so that a name never breaks a line.
std::string quoted(const std::string& text);

/// Reads what write_text writes, line by line; the result is equal in every field. Throws InputError with up
/// to 20 problems, each located as "line N". `file` is the name in messages. Checks
/// only the form: verify() checks whether the Program is valid.
Program read_text(std::istream& in, const std::string& file);

}  // namespace infsim::program
