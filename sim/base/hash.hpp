// XXH64 of bytes, to identify points and contents. Not for security.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace infsim {

/// XXH64 of `bytes`.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);
/// 16 lower-case hexadecimal digits.
std::string hex_text(std::uint64_t hash);

/// The same hash for bytes in pieces; equals hash64 of their concatenation.
class Hasher {
public:
    explicit Hasher(std::uint64_t seed = 0);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    Hasher& add(std::string_view bytes);
    Hasher& add(const void* bytes, std::size_t size);
    std::uint64_t value() const;
    std::string hex() const { return hex_text(value()); }

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace infsim
