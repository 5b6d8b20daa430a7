// A folder of results while one run writes there.
#pragma once

#include <string>

#include "explore/process.hpp"

namespace infsim::explore {

/// Holds a lock that the system releases when the process ends, however it ends.
class ResultFolder {
public:
    /// Makes the folder where there is none, and removes files under temporary names that a killed run left in it and
    /// in its folders `service`. Throws InputError where it cannot be made or locked, and where another run is writing.
    explicit ResultFolder(std::string folder);
    /// Removes the lock, and the folder where this made it and nothing is in it.
    ~ResultFolder();
    ResultFolder(const ResultFolder&) = delete;
    ResultFolder& operator=(const ResultFolder&) = delete;

    const std::string& path() const { return folder_; }
    /// Writes DIR/`name` in one step.
    void write(const std::string& name, const std::string& text) const;

private:
    std::string folder_;
    bool made_ = false;
    Fd lock_;
};

/// Makes a folder and those above it. Throws InputError.
void make_folder(const std::string& path);

/// Removes what runs that were killed left in `folder` under temporary names. Only for who holds the lock.
void remove_temporaries(const std::string& folder);

}  // namespace infsim::explore
