// The one place that knows which operands an operation has and which of them it writes.
#pragma once

#include <type_traits>
#include <variant>

#include "program/instruction.hpp"

namespace infsim::compiler {

template <class Operation, class Visit, class VisitScalar>
void for_each_operand(Operation& operation, Visit&& visit, VisitScalar&& visit_scalar) {
    using namespace program;
    auto scalar = [&](auto& s, int index) {
        if (s.kind == ScalarOperand::Kind::per_partition) visit_scalar(s, index);
    };
    std::visit(
        [&](auto& op) {
            using T = std::decay_t<decltype(op)>;
            constexpr bool write = true;
            if constexpr (std::is_same_v<T, LoadStationary>) {
                visit(op.src, 0, !write);
            } else if constexpr (std::is_same_v<T, Matmul>) {
                visit(op.moving, 0, !write);
                visit(op.dst, 1, write);
            } else if constexpr (std::is_same_v<T, Transpose> || std::is_same_v<T, Reduce> ||
                                 std::is_same_v<T, DmaCopy>) {
                visit(op.src, 0, !write);
                visit(op.dst, 1, write);
            } else if constexpr (std::is_same_v<T, Activate>) {
                visit(op.src, 0, !write);
                visit(op.dst, 1, write);
                scalar(op.bias, 3);
            } else if constexpr (std::is_same_v<T, TensorTensor>) {
                visit(op.a, 0, !write);
                visit(op.b, 1, !write);
                visit(op.dst, 2, write);
                scalar(op.scalar, 3);
            } else if constexpr (std::is_same_v<T, TensorScalar>) {
                visit(op.src, 0, !write);
                visit(op.dst, 1, write);
                scalar(op.scalar0, 3);
                scalar(op.scalar1, 4);
            } else if constexpr (std::is_same_v<T, Memset> || std::is_same_v<T, DmaLoad>) {
                visit(op.dst, 0, write);
            } else if constexpr (std::is_same_v<T, DmaStore>) {
                visit(op.src, 0, !write);
            } else if constexpr (std::is_same_v<T, DmaGather>) {
                visit(op.index, 0, !write);
                visit(op.dst, 1, write);
            } else {
                static_assert(std::is_same_v<T, Sync>);
            }
        },
        operation);
}

}  // namespace infsim::compiler
