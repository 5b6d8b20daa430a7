// Spellings of the enumerations in text forms, and their inverses.
#pragma once

#include <optional>
#include <string_view>

#include "program/program.hpp"

namespace infsim::program {

std::string_view name(ActFunction f);
std::string_view name(AluOp op);
std::string_view name(Engine e);
std::string_view name(Purpose p);
std::string_view name(Space s);  ///< "sb" or "psum"

std::optional<ActFunction> parse_act_function(std::string_view text);
std::optional<AluOp> parse_alu_op(std::string_view text);
std::optional<Engine> parse_engine(std::string_view text);
std::optional<Purpose> parse_purpose(std::string_view text);
std::optional<Space> parse_space(std::string_view text);

}  // namespace infsim::program
