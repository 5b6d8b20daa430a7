// .npy and .npz files, as numpy's save and savez write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tensorio/array.hpp"

namespace infsim::tensorio {

/// The array of an .npy file's content, format versions 1 to 3: little-endian f2, f4, f8, i4, i8, and i1, u1,
/// b1. Throws InputError located by `file` and `where`: not .npy content, truncated or longer than its shape
/// says, another element type, big-endian or Fortran order.
Array parse_npy(std::string_view content, const std::string& file, const std::string& where);

/// The content of an .npy file (version 1.0). bf16, which .npy lacks, is widened to f4.
std::string npy_content(const Array& array);

/// All arrays of an .npz archive in archive order, named without ".npy". Throws InputError.
std::vector<NamedArray> read_npz(const std::string& path);

/// Writes an archive of stored (uncompressed) .npy entries with a fixed date, so that equal arrays give equal
/// bytes. Replaces `path` only when everything has been written; `arrays` is not empty. Throws InputError
/// if the system refuses.
void write_npz(const std::string& path, const std::vector<NamedArray>& arrays);

}  // namespace infsim::tensorio
