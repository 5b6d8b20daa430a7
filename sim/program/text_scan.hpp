// A cursor over one line of a Program file; private to the reader.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace infsim::program {

/// Why a line could not be read; the reader adds file and line.
class LineError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Consumes a line from the left. Every failure is a LineError that says what was expected and what was found.
class Scan {
public:
    explicit Scan(std::string_view line) : rest_(line) {}

    bool at_end() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }
    bool accept(std::string_view text) {
        if (rest_.substr(0, text.size()) != text) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    void expect(std::string_view text) {
        if (!accept(text)) fail("'" + std::string(text) + "'");
    }
    void expect_end() const {
        if (!at_end()) fail("the end of the line");
    }

    /// A decimal integer that fits T.
    template <class T>
    T integer() {
        T value{};
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc{})
            fail("an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
                 std::to_string(std::numeric_limits<T>::max()));
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    float number() {
        float value{};
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc{}) fail("a number that fits fp32");
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    /// Lower-case letters, digits and underscores, at least one.
    std::string_view word() {
        std::size_t n = 0;
        while (n < rest_.size() &&
               (rest_[n] == '_' || (rest_[n] >= 'a' && rest_[n] <= 'z') || (rest_[n] >= '0' && rest_[n] <= '9')))
            ++n;
        if (n == 0) fail("a word");
        const std::string_view found = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return found;
    }
    /// A word that `parse` (returning an optional) knows.
    template <class Parse>
    auto named(Parse parse, const char* what) {
        const Scan before = *this;
        const auto value = parse(word());
        if (!value) before.fail(what);
        return *value;
    }
    /// "..." with \xHH for characters that a line cannot contain.
    std::string quoted() {
        expect("\"");
        std::string out;
        while (!accept("\"")) {
            if (at_end()) fail("a closing quote");
            if (accept("\\x")) {
                out += hex_byte();
            } else {
                if (rest_.front() == '\\') fail("\\xHH");
                out += rest_.front();
                rest_.remove_prefix(1);
            }
        }
        return out;
    }

    [[noreturn]] void fail(const std::string& expected) const {
        constexpr std::size_t shown = 24;
        const std::string found =
            at_end() ? "the end of the line"
                     : "'" + std::string(rest_.substr(0, shown)) + (rest_.size() > shown ? "...'" : "'");
        throw LineError("expected " + expected + ", found " + found);
    }

private:
    char hex_byte() {
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(rest_.data(), rest_.data() + std::min<std::size_t>(2, rest_.size()), value, 16);
        if (error != std::errc{} || end != rest_.data() + 2) fail("two hexadecimal digits");
        rest_.remove_prefix(2);
        return static_cast<char>(value);
    }

    std::string_view rest_;
};

}  // namespace infsim::program
