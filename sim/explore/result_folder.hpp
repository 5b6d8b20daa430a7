// A result folder that one run is writing to.
#pragma once

#include <string>

#include "explore/process.hpp"

namespace infsim::explore {

/// Holds a lock that the system releases when the process ends in any way.
class ResultFolder {
public:
    /// Makes the folder if needed, and removes temporary files that a killed run left in it and in its folders
    /// `service`. Throws InputError if it cannot be made or locked, or if another run is writing.
    explicit ResultFolder(std::string folder);
    /// Removes the lock, and the folder if this run made it and it is empty.
    ~ResultFolder();
    ResultFolder(const ResultFolder&) = delete;
    ResultFolder& operator=(const ResultFolder&) = delete;

    const std::string& path() const { return folder_; }
    /// Writes DIR/`name` atomically.
    void write(const std::string& name, const std::string& text) const;

private:
    std::string folder_;
    bool made_ = false;
    Fd lock_;
};

/// Makes a folder and its parents. Throws InputError.
void make_folder(const std::string& path);

/// Removes temporary files that killed runs left in `folder`. Only for the holder of the lock.
void remove_temporaries(const std::string& folder);

}  // namespace infsim::explore
