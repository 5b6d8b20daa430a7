// The only macro of the project: an invariant whose violation is a bug in infsim, never wrong input.
#pragma once

#include <stdexcept>
#include <string>

namespace infsim {

/// Thrown by INFSIM_CHECK: an internal fault (exit status 4), recorded as `failed`, never as `infeasible`.
class InternalError : public std::logic_error {
    using std::logic_error::logic_error;
};

/// `file` relative to the project's folder, wherever it was compiled: the same message on every host.
inline std::string source_name(const std::string& file) {
    const std::size_t at = file.rfind("/sim/");
    return at == std::string::npos ? file : file.substr(at + 1);
}

[[noreturn]] inline void internal_error(const char* file, int line, const std::string& what) {
    throw InternalError(source_name(file) + ":" + std::to_string(line) + ": " + what);
}

}  // namespace infsim

/// Checked in every build type; `message` may be any expression that converts to std::string.
#define INFSIM_CHECK(condition, message)                                           \
    do {                                                                           \
        if (!(condition)) ::infsim::internal_error(__FILE__, __LINE__, (message)); \
    } while (false)
