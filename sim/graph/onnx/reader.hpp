// An ONNX file as protobuf, and its tensors as our constants. Private to the import; only onnx/*.cpp include
// it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <onnx/onnx_pb.h>

#include "graph/graph.hpp"

namespace infsim::graph::onnx_import {

/// The bytes of an initializer's raw_data within the file.
struct RawRange {
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
};

struct OnnxFile {
    std::string path;
    ::onnx::ModelProto model;
    std::map<std::string, RawRange> raw;  ///< by initializer name
};

/// Parses a model. Throws InputError for a file that cannot be read, is not an ONNX model or is truncated.
OnnxFile read_onnx(const std::string& path);

/// Our element type for ONNX's number; empty for types that we lack (strings, unsigned 16 bits, ...).
std::optional<DType> element_type(int onnx_type);
/// "FLOAT", "UINT16", ...
std::string element_type_name(int onnx_type);

/// A tensor of the file as a constant: few elements inline, raw data of initializers as references into the
/// file, external data into its own. Throws ShapeError if it is inconsistent or its type is not supported.
struct LoadedTensor {
    Shape shape;
    DType dtype = DType::fp32;
    Constant value;
};
/// `initializer`: it belongs to the main graph, and its position in the file is known.
LoadedTensor load_tensor(const OnnxFile& file, const ::onnx::TensorProto& tensor, bool initializer = false);

}  // namespace infsim::graph::onnx_import
