// A file that is written in pieces and appears under its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

namespace infsim {

/// The file has no name until commit() (on file systems without unnamed files: a temporary name in the same folder), so
/// that a reader sees the old file or the new one, and an interrupted process leaves nothing.
class AtomicFile {
public:
    /// The folder must exist and take a new file, and `path` must not be a folder itself. Throws InputError naming the
    /// path and the system's reason; so do the other functions.
    explicit AtomicFile(std::string path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::string_view bytes);
    void commit();

private:
    [[noreturn]] void fail(const char* what) const;

    std::string path_, temporary_;
    int descriptor_ = -1;
    bool named_ = false;  ///< the temporary name exists
};

}  // namespace infsim
