#include "tensorio/tensor_proto.hpp"

#include <cstring>
#include <optional>

#include <onnx/onnx_pb.h>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"

namespace infsim::tensorio {
namespace {

std::optional<DType> dtype_of(int type) {
    switch (type) {
        case onnx::TensorProto::FLOAT: return DType::fp32;
        case onnx::TensorProto::FLOAT16: return DType::fp16;
        case onnx::TensorProto::BFLOAT16: return DType::bf16;
        case onnx::TensorProto::DOUBLE: return DType::fp64;
        case onnx::TensorProto::INT64: return DType::i64;
        case onnx::TensorProto::INT32: return DType::i32;
        case onnx::TensorProto::INT8: return DType::i8;
        case onnx::TensorProto::UINT8: return DType::u8;
        case onnx::TensorProto::BOOL: return DType::boolean;
        default: return std::nullopt;
    }
}

int number_of(DType dtype) {
    for (int number = 1; number <= onnx::TensorProto::BFLOAT16; ++number)
        if (dtype_of(number) == dtype) return number;
    INFSIM_CHECK(false, "an element type that ONNX lacks");
    return onnx::TensorProto::UNDEFINED;
}

/// Elements of a repeated field, narrowed to the stored type: small types travel as int32.
template <class Stored, class Field>
void append(const Field& field, std::vector<std::byte>& bytes) {
    bytes.resize(static_cast<std::size_t>(field.size()) * sizeof(Stored));
    for (int i = 0; i < field.size(); ++i) {
        const auto value = static_cast<Stored>(field.Get(i));
        std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(Stored), &value, sizeof value);
    }
}

std::vector<std::byte> typed_data(const onnx::TensorProto& t, DType dtype) {
    std::vector<std::byte> bytes;
    switch (dtype) {
        case DType::fp32: append<float>(t.float_data(), bytes); break;
        case DType::fp64: append<double>(t.double_data(), bytes); break;
        case DType::i64: append<std::int64_t>(t.int64_data(), bytes); break;
        case DType::i32: append<std::int32_t>(t.int32_data(), bytes); break;
        case DType::fp16:
        case DType::bf16: append<std::uint16_t>(t.int32_data(), bytes); break;
        case DType::i8:
        case DType::u8:
        case DType::boolean: append<std::uint8_t>(t.int32_data(), bytes); break;
    }
    return bytes;
}

}  // namespace

NamedArray read_tensor_proto(const std::string& path) {
    Problems problems;
    const auto content = read_file(path, problems);
    problems.throw_if_any();
    onnx::TensorProto t;
    if (!t.ParseFromString(*content)) throw InputError(path, "", "is not a TensorProto, or is truncated");
    const std::string where = t.name().empty() ? "" : "tensor '" + t.name() + "'";
    const auto dtype = dtype_of(t.data_type());
    if (!dtype)
        throw InputError(
            path, where,
            "has elements of an ONNX type that is not supported (number " + std::to_string(t.data_type()) + ")");
    if (t.data_location() == onnx::TensorProto::EXTERNAL)
        throw InputError(path, where, "keeps its data in another file, which is not supported");
    NamedArray out{t.name(), {*dtype, {t.dims().begin(), t.dims().end()}, {}}};
    std::int64_t wanted = dtype_bytes(*dtype);
    for (std::int64_t d : out.array.shape)
        if (d < 0 || __builtin_mul_overflow(wanted, d, &wanted))
            throw InputError(path, where, "has the impossible shape " + shape_text(out.array.shape));
    if (t.has_raw_data()) {
        const auto* raw = reinterpret_cast<const std::byte*>(t.raw_data().data());
        out.array.bytes.assign(raw, raw + t.raw_data().size());
    } else {
        out.array.bytes = typed_data(t, *dtype);
    }
    if (static_cast<std::int64_t>(out.array.bytes.size()) != wanted)
        throw InputError(path, where,
                         "holds " + std::to_string(out.array.bytes.size()) + " bytes where its shape " +
                             shape_text(out.array.shape) + " wants " + std::to_string(wanted));
    return out;
}

void write_tensor_proto(const std::string& path, const NamedArray& tensor) {
    onnx::TensorProto t;
    t.set_name(tensor.name);
    t.set_data_type(number_of(tensor.array.dtype));
    for (std::int64_t extent : tensor.array.shape) t.add_dims(extent);
    t.set_raw_data(tensor.array.bytes.data(), tensor.array.bytes.size());
    write_file_atomic(path, t.SerializeAsString());
}

}  // namespace infsim::tensorio
