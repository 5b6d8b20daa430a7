#include "graph/onnx/reader.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/problems.hpp"
#include "base/text.hpp"
#include "graph/elements.hpp"
#include "graph/external_file.hpp"
#include "graph/infer.hpp"

namespace infsim::graph::onnx_import {
namespace {

using google::protobuf::internal::WireFormatLite;
using Stream = google::protobuf::io::CodedInputStream;

/// Raw data of fewer elements is kept in memory.
constexpr std::int64_t kInlineElements = 1024;

/// Calls `visit(field)` for every length-delimited field of a message, with the stream at its content and limited
/// to it; skips all other fields. False if the bytes are not a message.
template <class Visit>
bool walk_message(Stream& stream, Visit visit) {
    while (const auto tag = stream.ReadTag()) {
        if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
            if (!WireFormatLite::SkipField(&stream, tag)) return false;
            continue;
        }
        std::uint32_t length = 0;
        if (!stream.ReadVarint32(&length)) return false;
        const auto end = stream.CurrentPosition() + static_cast<int>(length);
        const auto limit = stream.PushLimit(static_cast<int>(length));
        if (!visit(WireFormatLite::GetTagFieldNumber(tag), static_cast<int>(length))) return false;
        if (!stream.Skip(end - stream.CurrentPosition())) return false;
        stream.PopLimit(limit);
    }
    return true;
}

/// Finds the position of every initializer's raw_data in the file: the parsed message does not keep it.
std::map<std::string, RawRange> raw_ranges(const std::string& bytes) {
    std::map<std::string, RawRange> found;
    Stream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    walk_message(stream, [&](int field, int) {
        if (field != ::onnx::ModelProto::kGraphFieldNumber) return true;
        return walk_message(stream, [&](int graph_field, int) {
            if (graph_field != ::onnx::GraphProto::kInitializerFieldNumber) return true;
            std::string name;
            RawRange range;
            const bool ok = walk_message(stream, [&](int tensor_field, int length) {
                if (tensor_field == ::onnx::TensorProto::kNameFieldNumber) return stream.ReadString(&name, length);
                if (tensor_field == ::onnx::TensorProto::kRawDataFieldNumber)
                    range = {stream.CurrentPosition(), length};
                return true;
            });
            if (range.bytes > 0) found[name] = range;
            return ok;
        });
    });
    return found;
}

/// Keeps protobuf from printing errors to stderr that we report ourselves.
struct QuietProtobuf {
    google::protobuf::LogSilencer silencer;
};

std::vector<double> typed_values(const ::onnx::TensorProto& t, DType dtype) {
    switch (dtype) {
        case DType::fp32: return {t.float_data().begin(), t.float_data().end()};
        case DType::fp64: return {t.double_data().begin(), t.double_data().end()};
        case DType::i64: {
            std::vector<double> out;
            for (const auto v : t.int64_data()) out.push_back(static_cast<double>(v));
            return out;
        }
        default: {
            if (dtype == DType::fp16 || dtype == DType::bf16) {  // their bit patterns, one in each integer
                const std::vector<std::uint16_t> bits(t.int32_data().begin(), t.int32_data().end());
                return decode_elements({reinterpret_cast<const char*>(bits.data()), 2 * bits.size()}, dtype);
            }
            std::vector<double> out(t.int32_data().begin(), t.int32_data().end());
            return out;
        }
    }
}

/// A byte count in external_data. Throws ShapeError for anything but a non-negative number.
std::int64_t byte_count(const std::string& key, const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0)
        throw ShapeError(fmt::format("the {} of its external data is '{}', which is not a byte count", key, text));
    return value;
}

/// Where the values of an external tensor are; Absent if their file is missing.
Constant external_reference(const OnnxFile& file, const ::onnx::TensorProto& tensor, DType dtype, std::int64_t bytes) {
    FileRef ref;
    ref.dtype = dtype;
    ref.bytes = bytes;
    std::string location;
    std::int64_t length = bytes;
    for (const auto& entry : tensor.external_data()) {
        if (entry.key() == "location") location = entry.value();
        if (entry.key() == "offset") ref.offset = byte_count("offset", entry.value());
        if (entry.key() == "length") length = byte_count("length", entry.value());
    }
    const auto external = external_file(file.path, location);
    if (length != bytes)
        throw ShapeError(fmt::format("its shape takes {} bytes, its external data has {}", bytes, length));
    if (!external.bytes) return Absent{};
    if (ref.offset > *external.bytes - bytes)
        throw ShapeError(fmt::format("its {} bytes at offset {} are not all in '{}', which has {}", bytes, ref.offset,
                                     external.path, *external.bytes));
    ref.path = external.path;
    return ref;
}

}  // namespace

OnnxFile read_onnx(const std::string& path) {
    Problems problems;
    const auto bytes = read_file(path, problems);
    problems.throw_if_any();
    OnnxFile file;
    file.path = path;
    if (bytes->size() >= (std::size_t{1} << 31))
        throw InputError(path, "", "is larger than 2 GiB; such a model keeps its weights in external files");
    const QuietProtobuf quiet;
    if (!file.model.ParseFromString(*bytes) || !file.model.has_graph())
        throw InputError(path, "", "is not an ONNX model, or is truncated: its bytes do not parse as one");
    if (file.model.graph().output_size() == 0 || file.model.opset_import_size() == 0)
        throw InputError(path, "", "is not a complete ONNX model: it has no outputs or no opset");
    file.raw = raw_ranges(*bytes);
    return file;
}

std::optional<DType> element_type(int onnx_type) {
    switch (onnx_type) {
        case ::onnx::TensorProto::FLOAT: return DType::fp32;
        case ::onnx::TensorProto::FLOAT16: return DType::fp16;
        case ::onnx::TensorProto::BFLOAT16: return DType::bf16;
        case ::onnx::TensorProto::DOUBLE: return DType::fp64;
        case ::onnx::TensorProto::INT64: return DType::i64;
        case ::onnx::TensorProto::INT32: return DType::i32;
        case ::onnx::TensorProto::INT8: return DType::i8;
        case ::onnx::TensorProto::UINT8: return DType::u8;
        case ::onnx::TensorProto::BOOL: return DType::boolean;
        default: return std::nullopt;
    }
}

std::string element_type_name(int onnx_type) {
    // Types of opsets 19 to 25: the library may be older.
    static constexpr std::array newer = {"FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",
                                         "INT4",         "FLOAT4E2M1",     "FLOAT8E8M0", "UINT2",          "INT2"};
    constexpr int first = 17;
    if (onnx_type >= first && onnx_type < first + static_cast<int>(newer.size()))
        return newer[static_cast<std::size_t>(onnx_type - first)];
    const auto name = ::onnx::TensorProto::DataType_IsValid(onnx_type)
                          ? ::onnx::TensorProto::DataType_Name(static_cast<::onnx::TensorProto::DataType>(onnx_type))
                          : std::string();
    return name.empty() ? fmt::format("number {}", onnx_type) : name;
}

LoadedTensor load_tensor(const OnnxFile& file, const ::onnx::TensorProto& tensor, bool initializer) {
    LoadedTensor loaded;
    const auto dtype = element_type(tensor.data_type());
    if (!dtype)
        throw ShapeError(fmt::format("element type {} is not supported", element_type_name(tensor.data_type())));
    loaded.dtype = *dtype;
    constexpr std::int64_t most = std::int64_t{1} << 40;
    std::int64_t count = 1;
    for (const auto extent : tensor.dims()) {
        if (extent < 0 || (extent > 0 && count > most / extent))
            throw ShapeError("its shape is negative or absurdly large");
        count *= extent;
        loaded.shape.push_back(extent);
    }
    const auto bytes = count * dtype_bytes(*dtype);
    if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) {
        loaded.value = external_reference(file, tensor, *dtype, bytes);
        return loaded;
    }
    if (!tensor.has_raw_data()) {
        auto values = typed_values(tensor, *dtype);
        if (static_cast<std::int64_t>(values.size()) != count)
            throw ShapeError(fmt::format("has {} values, its shape takes {}", values.size(), count));
        loaded.value = Inline{std::move(values)};
        return loaded;
    }
    if (static_cast<std::int64_t>(tensor.raw_data().size()) != bytes)
        throw ShapeError(fmt::format("has {} bytes, its shape takes {}", tensor.raw_data().size(), bytes));
    const auto range = file.raw.find(tensor.name());
    if (initializer && count > kInlineElements && range != file.raw.end() && range->second.bytes == bytes)
        loaded.value = FileRef{file.path, range->second.offset, bytes, *dtype};
    else loaded.value = Inline{decode_elements(tensor.raw_data(), *dtype)};
    return loaded;
}

}  // namespace infsim::graph::onnx_import
