// ONNX TensorProto files (.pb): inputs and expected outputs of ONNX's own tests.
#pragma once

#include <string>

#include "tensorio/array.hpp"

namespace infsim::tensorio {

/// The tensor of a .pb file, raw or typed data; its name may be empty. Throws InputError: not a TensorProto
/// (or truncated), an element type that DType lacks, data in another file, or too few or too many
/// elements.
NamedArray read_tensor_proto(const std::string& path);

/// Writes one with raw data; replaces `path` only when everything has been written. Throws InputError if the system
/// refuses.
void write_tensor_proto(const std::string& path, const NamedArray& tensor);

}  // namespace infsim::tensorio
