#include "base/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/atomic_file.hpp"
#include "base/problems.hpp"

namespace infsim {

namespace fs = std::filesystem;

namespace {

/// Makes a file in `folder` and removes it: permissions alone do not tell (read-only file systems, /proc).
void try_out(const fs::path& folder, const std::string& for_what) {
    const std::string probe = (folder / (".probe.tmp" + std::to_string(::getpid()))).string();
    const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) throw InputError(for_what, "", std::string("cannot be written: ") + std::strerror(errno));
    ::close(file);
    ::unlink(probe.c_str());
}

}  // namespace

void check_output_file(const std::string& path) { const AtomicFile never_committed(path); }

void check_output_folder(const std::string& path) {
    std::error_code ignored;
    fs::path there = fs::absolute(path);
    while (!fs::exists(there, ignored) && there.has_relative_path()) there = there.parent_path();
    if (!fs::is_directory(there, ignored))
        throw InputError(path, "", "cannot make this folder: " + there.string() + " is not a folder");
    try_out(there, path);
}

}  // namespace infsim
