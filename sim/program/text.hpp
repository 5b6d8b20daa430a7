// Programs as text: what `--dump` prints and what a Program file holds is one form, a line per thing.
#pragma once

#include <iosfwd>
#include <string>

#include "program/operands.hpp"

namespace infsim::program {

/// The whole Program: header, target, segments with recipes, allocations, layers, queues, then the
/// instructions in serial order, then `end` with their number. Same Program, same bytes. README.md describes
/// the grammar.
void write_text(const Program& program, std::ostream& out);

/// One instruction as its line, without the line's end: "q0 s17 l3 i0 | matmul ... | q2>=4".
std::string instruction_line(const Program& program, InstructionId id);

/// Reads what write_text writes, line by line; the result is equal in every field. Throws InputError with up
/// to 20 problems, each located as "line N". `file` is the name that messages carry. Only the form is checked
/// here: whether the Program makes sense is verify()'s question.
Program read_text(std::istream& in, const std::string& file);

}  // namespace infsim::program
