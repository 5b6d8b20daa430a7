// Checks that results can be written to their destination, before the work that produces them.
#pragma once

#include <string>

namespace infsim {

/// Throws InputError with the reason if a file of that name could not be written.
void check_output_file(const std::string& path);
/// The same for a folder that exists or will be made.
void check_output_folder(const std::string& path);

}  // namespace infsim
