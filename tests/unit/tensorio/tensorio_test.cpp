#include <catch2/catch.hpp>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/problems.hpp"
#include "base/text.hpp"
#include "support/temp_folder.hpp"
#include "tensorio/npy.hpp"
#include "tensorio/tensor_proto.hpp"

using namespace infsim;
using namespace infsim::tensorio;

namespace {

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}
template <class Call>
std::string problem(Call call) {
    try {
        call();
    } catch (const InputError& e) {
        return e.what();
    }
    FAIL("no problem found");
    return {};
}
std::string npy(const std::string& header, const std::string& data) {
    std::string out("\x93NUMPY\x01", 7);
    out += '\0';
    out += static_cast<char>(header.size());
    out += '\0';
    return out + header + data;
}
bool same(const Array& a, const Array& b) { return a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes; }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("floats to arrays of every type and back") {
    const std::vector<float> values{0, 1, 2, 100};
    for (DType t : {DType::fp32, DType::fp16, DType::bf16, DType::fp64, DType::i64, DType::i32, DType::u8, DType::i8})
        CHECK(to_floats(from_floats(t, {2, 2}, values)) == values);
    CHECK(to_floats(from_floats(DType::boolean, {4}, values)) == std::vector<float>{0, 1, 1, 1});
    CHECK(to_floats(converted(from_floats(DType::fp32, {1}, {2049}), DType::fp16)) == std::vector<float>{2048});
    CHECK_THROWS(from_floats(DType::fp32, {3}, values));
}

TEST_CASE("an .npy file has the bytes that numpy writes") {
    // numpy.save of numpy.array([[1, 2], [3, 4]], dtype='<f4')
    const std::string content = npy_content(from_floats(DType::fp32, {2, 2}, {1, 2, 3, 4}));
    std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
    expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
    expected += std::string(128 - expected.size() - 1, ' ') + "\n";
    expected += std::string("\0\0\x80?\0\0\0@\0\0@@\0\0\x80@", 16);
    CHECK(content == expected);
    CHECK(contains(npy_content(from_floats(DType::u8, {3}, {1, 2, 3})), "'shape': (3,), }"));
    CHECK(contains(npy_content(from_floats(DType::boolean, {}, {1})), "'|b1', 'fortran_order': False, 'shape': (), }"));
}

TEST_CASE("arrays of every type and rank survive .npy") {
    const std::vector<std::vector<std::int64_t>> shapes{{}, {6}, {2, 3}, {1, 2, 3, 1}, {0, 5}};
    for (DType t :
         {DType::fp32, DType::fp16, DType::fp64, DType::i64, DType::i32, DType::u8, DType::i8, DType::boolean})
        for (const auto& shape : shapes) {
            const Array a =
                from_floats(t, shape, std::vector<float>(static_cast<std::size_t>(element_count(shape)), 3.0F));
            CHECK(same(parse_npy(npy_content(a), "f", ""), a));
        }
    const Array widened = parse_npy(npy_content(from_floats(DType::bf16, {2}, {1.5F, -2.0F})), "f", "");
    CHECK(widened.dtype == DType::fp32);
    CHECK(to_floats(widened) == std::vector<float>{1.5F, -2.0F});
}

TEST_CASE("other writers' headers are understood") {
    const std::string data(8, '\0');
    CHECK(parse_npy(npy("{\"x\": 1, 'shape':(2,),'fortran_order':False,'descr':'<f4'}", data), "f", "").shape ==
          std::vector<std::int64_t>{2});
    CHECK(parse_npy(npy("{'descr': '<u1', 'fortran_order': False, 'shape': (8,), }", data), "f", "").dtype ==
          DType::u8);
    std::string version2("\x93NUMPY\x02\x00\x38\x00\x00\x00", 12);
    version2 += "{'descr': '<i8', 'fortran_order': False, 'shape': (), } " + data;
    CHECK(parse_npy(version2, "f", "").dtype == DType::i64);
}

TEST_CASE("what cannot be read is refused with file, place and reason") {
    const auto why = [](const std::string& content) { return problem([&] { parse_npy(content, "in.npz", "x"); }); };
    const std::string good = npy_content(from_floats(DType::fp32, {2, 2}, {1, 2, 3, 4}));
    CHECK(why("PK") == "in.npz: x: is not a .npy array");
    CHECK(contains(why(good.substr(0, 9)), "truncated in its header"));
    CHECK(contains(why(good.substr(0, 40)), "truncated in its header"));
    CHECK(contains(why(good.substr(0, good.size() - 1)), "holds 15 bytes of data where its shape [2,2] wants 16"));
    CHECK(contains(why(good + "x"), "holds 17 bytes"));
    CHECK(contains(why(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "1234")), "Fortran order"));
    CHECK(contains(why(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234")), "big-endian"));
    CHECK(contains(why(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "12345678")), "known are f2"));
    CHECK(contains(why(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234")),
                   "known are f2"));
    CHECK(contains(why(npy("{'descr': '<f4', 'shape': (1,), }", "1234")), "no fortran_order"));
    CHECK(contains(why(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "1234")),
                   "not a tuple of dimensions"));
    CHECK(contains(why(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "1234")),
                   "more than a file can have"));
    CHECK(contains(why(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1", "1234")), "no shape"));
    std::string version9 = good;
    version9[6] = 9;
    CHECK(contains(why(version9), "version 9"));
}

TEST_CASE("archives keep names, order and values, and equal arrays give equal bytes") {
    const test::TempFolder folder;
    const std::vector<NamedArray> arrays{{"b", from_floats(DType::fp32, {2, 3}, {1, 2, 3, 4, 5, 6})},
                                         {"a/x", from_floats(DType::i64, {1}, {7})},
                                         {"empty", from_floats(DType::fp16, {0}, {})}};
    write_npz(folder.file("1.npz"), arrays);
    write_npz(folder.file("2.npz"), arrays);
    const auto back = read_npz(folder.file("1.npz"));
    REQUIRE(back.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(back[i].name == arrays[i].name);
        CHECK(same(back[i].array, arrays[i].array));
    }
    const std::string content = content_of(folder.file("1.npz"));
    CHECK(content == content_of(folder.file("2.npz")));
    CHECK(content.substr(0, 4) == "PK\x03\x04");
    CHECK(content.substr(10, 4) == std::string("\x00\x00\x21\x00", 4));  // midnight, 1 January 1980
    CHECK(same(parse_npy(npy_content(arrays[0].array), "x.npy", ""), arrays[0].array));
}

TEST_CASE("broken archives are refused, all bad entries together") {
    const test::TempFolder folder;
    write_npz(folder.file("good.npz"),
              {{"a", from_floats(DType::fp32, {1}, {1})}, {"b", from_floats(DType::fp32, {1}, {2})}});
    const std::string good = content_of(folder.file("good.npz"));
    for (std::size_t length : {std::size_t{0}, std::size_t{10}, good.size() / 2, good.size() - 1}) {
        const std::string path = folder.write("cut.npz", good.substr(0, length));
        CHECK(contains(problem([&] { read_npz(path); }), "cut.npz"));
    }
    CHECK(contains(problem([&] { read_npz(folder.file("absent.npz")); }), "absent.npz"));
    std::string bad = good;
    for (auto at = bad.find("<f4"); at != std::string::npos; at = bad.find("<f4")) bad.replace(at, 3, "<c4");
    const std::string path = folder.write("bad.npz", bad);
    // The check sums no longer fit either; whichever is noticed, both entries are named.
    const std::string why = problem([&] { read_npz(path); });
    CHECK(contains(why, "a.npy"));
    CHECK(contains(why, "b.npy"));
}

TEST_CASE("a failing write leaves nothing behind") {
    const test::TempFolder folder;
    CHECK_THROWS_AS(write_npz(folder.file("no/such/folder.npz"), {{"a", from_floats(DType::fp32, {1}, {1})}}),
                    InputError);
    CHECK(std::filesystem::is_empty(folder.path()));
}

namespace {
// Protocol buffer fields by hand: dims 1, data_type 2, float_data 4, int32_data 5, int64_data 7, name 8,
// raw_data 9.
std::string varint(int field, unsigned value) {
    std::string out(1, static_cast<char>(field << 3));
    for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
    return out + static_cast<char>(value);
}
std::string bytes(int field, const std::string& content) {
    return std::string(1, static_cast<char>((field << 3) | 2)) + static_cast<char>(content.size()) + content;
}
}  // namespace

TEST_CASE("TensorProto files with raw and with typed data") {
    const test::TempFolder folder;
    const auto read = [&](const std::string& content) { return read_tensor_proto(folder.write("t.pb", content)); };
    const std::string shape2 = varint(1, 2);
    const NamedArray raw = read(shape2 + varint(2, 1) + bytes(8, "x") + bytes(9, std::string("\0\0\x80?\0\0\0@", 8)));
    CHECK(raw.name == "x");
    CHECK(raw.array.dtype == DType::fp32);
    CHECK(to_floats(raw.array) == std::vector<float>{1, 2});
    CHECK(to_floats(read(shape2 + varint(2, 1) + bytes(4, std::string("\0\0\x80?\0\0\0@", 8))).array) ==
          std::vector<float>{1, 2});
    CHECK(to_floats(read(shape2 + varint(2, 10) + varint(5, 0x3C00) + varint(5, 0xC000)).array) ==
          std::vector<float>{1, -2});
    CHECK(to_floats(read(shape2 + varint(2, 7) + varint(7, 5) + varint(7, 300)).array) == std::vector<float>{5, 300});
    CHECK(to_floats(read(shape2 + varint(2, 9) + varint(5, 1) + varint(5, 0)).array) == std::vector<float>{1, 0});
    CHECK(read(varint(2, 1) + bytes(9, std::string(4, '\0'))).array.shape.empty());
}

TEST_CASE("TensorProto files that are broken or of other types are refused") {
    const test::TempFolder folder;
    const auto why = [&](const std::string& content) {
        return problem([&] { read_tensor_proto(folder.write("t.pb", content)); });
    };
    const std::string head = varint(1, 2) + varint(2, 1) + bytes(8, "x");
    CHECK(
        contains(why(head + bytes(9, std::string(7, '\0'))), "tensor 'x': holds 7 bytes where its shape [2] wants 8"));
    CHECK(contains(why(head + std::string("\x4A\x08\x00", 3)), "not a TensorProto"));
    CHECK(contains(why(varint(1, 1) + varint(2, 8) + bytes(6, "text")), "not supported (number 8)"));
    CHECK(contains(why(head + varint(14, 1)), "another file"));
}

TEST_CASE("TensorProto files are written as ONNX has them, and arrays of every type survive") {
    const test::TempFolder folder;
    const std::string path = folder.file("t.pb");
    write_tensor_proto(path, {"x", from_floats(DType::fp32, {2}, {1, 2})});
    CHECK(content_of(path) ==
          varint(1, 2) + varint(2, 1) + bytes(8, "x") + bytes(9, std::string("\0\0\x80?\0\0\0@", 8)));
    for (DType t : {DType::fp32, DType::fp16, DType::bf16, DType::fp64, DType::i64, DType::i32, DType::u8, DType::i8,
                    DType::boolean})
        for (const auto& shape : {std::vector<std::int64_t>{2, 3, 1}, {6}, {1, 6}}) {
            const Array array = from_floats(t, shape, {0, 1, 1, 0, 1, 1});
            write_tensor_proto(path, {"tensor", array});
            const NamedArray back = read_tensor_proto(path);
            CHECK(back.name == "tensor");
            CHECK(same(back.array, array));
        }
    const Array scalar = from_floats(DType::fp16, {}, {7}), empty = from_floats(DType::fp32, {0, 3}, {});
    for (const Array& array : {scalar, empty}) {
        write_tensor_proto(path, {"", array});
        CHECK(same(read_tensor_proto(path).array, array));
    }
}

TEST_CASE("a TensorProto that cannot be written leaves nothing behind") {
    const test::TempFolder folder;
    const NamedArray x{"x", from_floats(DType::fp32, {1}, {1})};
    CHECK(contains(problem([&] { write_tensor_proto(folder.file("nowhere/t.pb"), x); }), "nowhere/t.pb"));
    CHECK(std::filesystem::is_empty(folder.path()));
}
