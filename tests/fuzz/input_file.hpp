// The importers read files, because models refer to files beside them: a fuzzer's bytes as a file of its own process.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace infsim::test {

/// A file with this ending in a folder of its own, which goes with the process.
class InputFile {
public:
    explicit InputFile(const std::string& ending) {
        std::string name = (std::filesystem::temp_directory_path() / "infsim-fuzz-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        path_ = folder_ / ("model" + ending);
    }
    ~InputFile() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    /// Its path, with these bytes in it.
    std::string with(const std::uint8_t* data, std::size_t size) const {
        std::ofstream(path_, std::ios::binary)
            .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
        return path_.string();
    }

private:
    std::filesystem::path folder_, path_;
};

}  // namespace infsim::test
