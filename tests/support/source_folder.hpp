// Where the files of this source tree are.
#pragma once

#include <string>

namespace infsim {

/// The folder of the checkout that the tests were built from; with `path`, a file or folder in it.
std::string source_folder(const std::string& path = "");

}  // namespace infsim
