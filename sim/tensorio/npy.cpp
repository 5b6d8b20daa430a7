#include "tensorio/npy.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "base/problems.hpp"
#include "base/text.hpp"

namespace infsim::tensorio {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Spelling {
    DType dtype;
    std::string_view descr;
};
constexpr std::array<Spelling, 8> kSpellings{{{DType::fp16, "<f2"},
                                              {DType::fp32, "<f4"},
                                              {DType::fp64, "<f8"},
                                              {DType::i32, "<i4"},
                                              {DType::i64, "<i8"},
                                              {DType::i8, "|i1"},
                                              {DType::u8, "|u1"},
                                              {DType::boolean, "|b1"}}};

struct Located {
    const std::string& file;
    const std::string& where;
    [[noreturn]] void fail(const std::string& what) const { throw InputError(file, where, what); }
};

/// The value of a key in the header's Python dictionary, up to the comma or brace that ends it.
std::string_view value_of(std::string_view header, std::string_view key, const Located& at) {
    const std::string quoted = "'" + std::string(key) + "':";
    const std::size_t start = header.find(quoted);
    if (start == std::string_view::npos) at.fail("its header has no " + std::string(key));
    std::string_view rest = trim(header.substr(start + quoted.size()));
    if (!rest.empty() && rest.front() == '(') return rest.substr(0, std::min(rest.size(), rest.find(')') + 1));
    return trim(rest.substr(0, rest.find_first_of(",}")));
}

DType parse_descr(std::string_view text, const Located& at) {
    const bool quoted =
        text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
    const std::string_view descr = quoted ? text.substr(1, text.size() - 2) : std::string_view{};
    for (const Spelling& s : kSpellings)
        if (descr == s.descr) return s.dtype;
    // One-byte types have no byte order; numpy writes '|', others may write anything.
    for (const Spelling& s : kSpellings)
        if (descr.size() == 3 && s.descr.front() == '|' && descr.substr(1) == s.descr.substr(1)) return s.dtype;
    if (!descr.empty() && descr.front() == '>')
        at.fail("is big-endian (" + std::string(descr) + "), not little-endian");
    at.fail("has elements of type " + std::string(text) + "; known are f2, f4, f8, i4, i8, i1, u1 and b1");
}

std::vector<std::int64_t> parse_shape(std::string_view text, const Located& at) {
    if (text.size() < 2 || text.front() != '(' || text.back() != ')') at.fail("its header has no shape");
    std::vector<std::int64_t> shape;
    for (const std::string& part : split(text.substr(1, text.size() - 2), ',')) {
        const std::string_view digits = trim(part);
        if (digits.empty()) continue;  // "()" and the comma of "(3,)"
        std::int64_t d = -1;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), d);
        if (error != std::errc{} || end != digits.data() + digits.size() || d < 0)
            at.fail("its shape " + std::string(text) + " is not a tuple of dimensions");
        shape.push_back(d);
    }
    return shape;
}

/// Bytes that the shape needs; empty on overflow.
std::optional<std::int64_t> wanted_bytes(const std::vector<std::int64_t>& shape, DType dtype) {
    std::int64_t n = dtype_bytes(dtype);
    for (std::int64_t d : shape)
        if (__builtin_mul_overflow(n, d, &n)) return std::nullopt;
    return n;
}

}  // namespace

Array parse_npy(std::string_view content, const std::string& file, const std::string& where) {
    const Located at{file, where};
    if (content.substr(0, kMagic.size()) != kMagic) at.fail("is not a .npy array");
    if (content.size() < 10) at.fail("is truncated in its header");
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(content[i])); };
    const std::size_t version = byte(6);
    if (version < 1 || version > 3) at.fail("has .npy version " + std::to_string(version) + "; known are 1 to 3");
    const std::size_t start = version == 1 ? 10 : 12;
    if (content.size() < start) at.fail("is truncated in its header");
    std::size_t length = byte(8) + (byte(9) << 8);
    if (version > 1) length += (byte(10) << 16) + (byte(11) << 24);
    if (content.size() - start < length) at.fail("is truncated in its header");
    const std::string_view header = content.substr(start, length);

    Array array;
    array.dtype = parse_descr(value_of(header, "descr", at), at);
    const std::string_view order = value_of(header, "fortran_order", at);
    if (order == "True") at.fail("is in Fortran order; write it in C order (numpy.ascontiguousarray)");
    if (order != "False") at.fail("its header has fortran_order " + std::string(order));
    array.shape = parse_shape(value_of(header, "shape", at), at);
    const std::string_view data = content.substr(start + length);
    const auto wanted = wanted_bytes(array.shape, array.dtype);
    if (!wanted || static_cast<std::int64_t>(data.size()) != *wanted)
        at.fail("holds " + std::to_string(data.size()) + " bytes of data where its shape " + shape_text(array.shape) +
                " wants " + (wanted ? std::to_string(*wanted) : "more than a file can have"));
    const auto* bytes = reinterpret_cast<const std::byte*>(data.data());
    array.bytes.assign(bytes, bytes + data.size());
    return array;
}

std::string npy_content(const Array& array) {
    if (array.dtype == DType::bf16) return npy_content(converted(array, DType::fp32));
    std::string_view descr;
    for (const Spelling& s : kSpellings)
        if (s.dtype == array.dtype) descr = s.descr;
    std::string shape = "(";
    for (std::size_t d = 0; d < array.shape.size(); ++d) shape += (d > 0 ? ", " : "") + number_text(array.shape[d]);
    if (array.shape.size() == 1) shape += ',';  // a one-element Python tuple
    std::string header = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': " + shape + "), }";
    // numpy pads so that the data begins at a multiple of 64 bytes.
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    std::string out(kMagic);
    out += '\x01';
    out += '\0';
    out += static_cast<char>(header.size() & 0xFF);
    out += static_cast<char>(header.size() >> 8);
    out += header;
    out.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
    return out;
}

}  // namespace infsim::tensorio
