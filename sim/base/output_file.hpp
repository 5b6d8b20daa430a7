// Whether results can be written where they are to go, asked before the work that makes them.
#pragma once

#include <string>

namespace infsim {

/// Throws InputError with the reason where a file of that name could not be written.
void check_output_file(const std::string& path);
/// The same for a folder that is there or will be made.
void check_output_folder(const std::string& path);

}  // namespace infsim
