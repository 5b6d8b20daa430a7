#include "explore/result_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/problems.hpp"
#include "base/text.hpp"

namespace infsim::explore {

namespace fs = std::filesystem;

namespace {

std::string lock_name(const std::string& folder) { return folder + "/.lock"; }

/// ", process 1234", as written by the holder of the lock.
std::string holder(const std::string& lock) {
    Problems unreadable;
    const std::string id{trim(read_file(lock, unreadable).value_or(""))};
    return id.empty() ? "" : ", process " + id;
}

/// Whether the open file still has that name: another run may have removed it when it ended.
bool is_current(int fd, const std::string& name) {
    struct stat open {
    }, named{};
    return ::fstat(fd, &open) == 0 && ::stat(name.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev;
}

Fd locked(const std::string& folder) {
    const std::string name = lock_name(folder);
    for (;;) {
        Fd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
        if (!file.open()) throw InputError(folder, "", std::string("cannot be written: ") + std::strerror(errno));
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK)
                throw InputError(folder, "", "another run is writing here" + holder(name) + "; wait until it ends");
            throw InputError(folder, "", std::string("cannot be locked: ") + std::strerror(errno));
        }
        if (!is_current(file.get(), name)) continue;
        const std::string id = std::to_string(::getpid()) + "\n";
        if (::ftruncate(file.get(), 0) != 0 || ::write(file.get(), id.data(), id.size()) < 0)
            throw InputError(folder, "", std::string("cannot be written: ") + std::strerror(errno));
        return file;
    }
}

bool is_temporary(const std::string& name) {
    const auto at = name.rfind(".tmp");
    return at != std::string::npos && at + 4 < name.size() &&
           name.find_first_not_of("0123456789", at + 4) == std::string::npos;
}

}  // namespace

void make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw InputError(path, "", "cannot make this folder: " + error.message());
}

void remove_temporaries(const std::string& folder) {
    std::error_code ignored;
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
        if (is_temporary(entry.path().filename().string())) found.push_back(entry.path());
    for (const fs::path& path : found) fs::remove(path, ignored);
}

ResultFolder::ResultFolder(std::string folder) : folder_(std::move(folder)) {
    std::error_code ignored;
    made_ = !fs::exists(folder_, ignored);
    make_folder(folder_);
    lock_ = locked(folder_);
    remove_temporaries(folder_);
    remove_temporaries(folder_ + "/service");
}

ResultFolder::~ResultFolder() {
    std::error_code ignored;
    fs::remove(lock_name(folder_), ignored);
    if (made_) fs::remove(folder_, ignored);  // only removes an empty folder
}

void ResultFolder::write(const std::string& name, const std::string& text) const {
    write_file_atomic((fs::path(folder_) / name).string(), text);
}

}  // namespace infsim::explore
