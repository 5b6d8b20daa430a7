// Element types of tensors, instructions and files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace infsim {

enum class DType : std::uint8_t { fp32, fp16, bf16, i64, i32, u8, i8, boolean, fp64 };

/// Size of one element in bytes.
constexpr int dtype_bytes(DType t) {
    switch (t) {
        case DType::fp64:
        case DType::i64: return 8;
        case DType::fp32:
        case DType::i32: return 4;
        case DType::fp16:
        case DType::bf16: return 2;
        case DType::u8:
        case DType::i8:
        case DType::boolean: return 1;
    }
    return 0;
}

/// The host's type for a graph input or output of the model's type `t`: `io` for floating-point types.
constexpr DType host_dtype(DType t, DType io) {
    switch (t) {
        case DType::i64:
        case DType::i32: return DType::i32;
        case DType::u8:
        case DType::i8:
        case DType::boolean: return t;
        default: return io;
    }
}

/// "fp16", "bf16", ...: the spelling used in JSON, on the command line and in CSV.
constexpr std::string_view dtype_name(DType t) {
    switch (t) {
        case DType::fp32: return "fp32";
        case DType::fp16: return "fp16";
        case DType::bf16: return "bf16";
        case DType::i64: return "i64";
        case DType::i32: return "i32";
        case DType::u8: return "u8";
        case DType::i8: return "i8";
        case DType::boolean: return "bool";
        case DType::fp64: return "fp64";
    }
    return "?";
}

/// Inverse of dtype_name; empty for an unknown spelling.
inline std::optional<DType> parse_dtype(std::string_view name) {
    for (auto t : {DType::fp32, DType::fp16, DType::bf16, DType::i64, DType::i32, DType::u8, DType::i8, DType::boolean,
                   DType::fp64})
        if (dtype_name(t) == name) return t;
    return std::nullopt;
}

}  // namespace infsim
