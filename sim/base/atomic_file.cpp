#include "base/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/problems.hpp"

namespace infsim {

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path_, ignored)) throw InputError(path_, "", "cannot be written: is a folder");
    // The process id separates workers that write the same file; the last rename wins, with a whole file.
    temporary_ = path_ + ".tmp" + std::to_string(::getpid());
    const auto folder = std::filesystem::path(path_).parent_path();
    descriptor_ = ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) return;
    descriptor_ = ::open(temporary_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail("cannot be written");
    named_ = true;
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (named_) std::remove(temporary_.c_str());
}

void AtomicFile::fail(const char* what) const {
    throw InputError(path_, "", std::string(what) + ": " + std::strerror(errno));
}

void AtomicFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void AtomicFile::commit() {
    if (!named_) {
        std::remove(temporary_.c_str());  // left by a killed process with the same id
        const std::string itself = "/proc/self/fd/" + std::to_string(descriptor_);
        if (::linkat(AT_FDCWD, itself.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) != 0)
            fail("cannot be given a name");
        named_ = true;
    }
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0) fail("cannot be written");
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be renamed into place");
    named_ = false;
}

}  // namespace infsim
