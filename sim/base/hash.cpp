#include "base/hash.hpp"

#include <xxhash.h>

#include "base/check.hpp"

namespace infsim {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

std::string hex_text(std::uint64_t hash) {
    std::string text(16, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4) *digit = "0123456789abcdef"[hash & 15];
    return text;
}

struct Hasher::State {
    XXH64_state_t* xxh = XXH64_createState();
    ~State() { XXH64_freeState(xxh); }
};

Hasher::Hasher(std::uint64_t seed) : state_(std::make_unique<State>()) {
    INFSIM_CHECK(state_->xxh && XXH64_reset(state_->xxh, seed) == XXH_OK, "hash state could not be made");
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::add(std::string_view bytes) { return add(bytes.data(), bytes.size()); }

Hasher& Hasher::add(const void* bytes, std::size_t size) {
    if (size != 0) XXH64_update(state_->xxh, bytes, size);
    return *this;
}

std::uint64_t Hasher::value() const { return XXH64_digest(state_->xxh); }

}  // namespace infsim
