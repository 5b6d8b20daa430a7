#include <memory>

#include <zip.h>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "tensorio/npy.hpp"

namespace infsim::tensorio {
namespace {

constexpr std::string_view kSuffix = ".npy";
// 1 January 1980, midnight: the earliest date that an archive can have.
constexpr zip_uint16_t kDosTime = 0, kDosDate = (1U << 5) | 1U;

struct Discard {
    void operator()(zip_t* z) const { zip_discard(z); }
    void operator()(zip_file_t* f) const { zip_fclose(f); }
    void operator()(zip_source_t* s) const { zip_source_free(s); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Entry = std::unique_ptr<zip_file_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;

[[noreturn]] void fail(const std::string& path, zip_error_t& error) {
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw InputError(path, "", "is not a readable archive: " + text);
}

/// The whole entry. Its recorded size is not trusted: memory grows only with the bytes read.
std::string read_entry(zip_t* archive, zip_uint64_t index, const std::string& path, const std::string& name) {
    const Entry entry(zip_fopen_index(archive, index, 0));
    if (!entry) throw InputError(path, name, std::string("cannot be read: ") + zip_strerror(archive));
    std::string content, piece(1 << 20, '\0');
    for (;;) {
        const zip_int64_t n = zip_fread(entry.get(), piece.data(), piece.size());
        if (n < 0) throw InputError(path, name, std::string("cannot be read: ") + zip_file_strerror(entry.get()));
        if (n == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(n));
    }
}

/// The archive's bytes, built in memory so that a failure leaves no file.
std::string archive_content(const std::vector<NamedArray>& arrays, const std::string& path) {
    zip_error_t error;
    zip_error_init(&error);
    const auto check = [&](bool good, zip_t* archive) {
        if (!good)
            throw InputError(
                path, "",
                std::string("cannot be written: ") + (archive ? zip_strerror(archive) : zip_error_strerror(&error)));
    };
    const Source memory(zip_source_buffer_create(nullptr, 0, 0, &error));
    check(memory != nullptr, nullptr);
    zip_source_keep(memory.get());  // one reference for the archive, one for reading the result
    Archive archive(zip_open_from_source(memory.get(), ZIP_TRUNCATE, &error));
    if (!archive) zip_source_free(memory.get());
    check(archive != nullptr, nullptr);

    std::vector<std::string> contents;  // must outlive zip_close, which reads them
    contents.reserve(arrays.size());
    for (const NamedArray& a : arrays) {
        contents.push_back(npy_content(a.array));
        zip_source_t* entry = zip_source_buffer(archive.get(), contents.back().data(), contents.back().size(), 0);
        check(entry != nullptr, archive.get());
        const zip_int64_t index =
            zip_file_add(archive.get(), (a.name + std::string(kSuffix)).c_str(), entry, ZIP_FL_ENC_UTF_8);
        if (index < 0) zip_source_free(entry);
        check(index >= 0, archive.get());
        const auto i = static_cast<zip_uint64_t>(index);
        check(zip_set_file_compression(archive.get(), i, ZIP_CM_STORE, 0) == 0, archive.get());
        check(zip_file_set_dostime(archive.get(), i, kDosTime, kDosDate, 0) == 0, archive.get());
    }
    check(zip_close(archive.get()) == 0, archive.get());
    static_cast<void>(archive.release());  // zip_close has freed it

    check(zip_source_open(memory.get()) == 0, nullptr);
    std::string content, piece(1 << 20, '\0');
    zip_int64_t n = 0;
    while ((n = zip_source_read(memory.get(), piece.data(), piece.size())) > 0)
        content.append(piece.data(), static_cast<std::size_t>(n));
    zip_source_close(memory.get());
    check(n == 0, nullptr);
    return content;
}

}  // namespace

std::vector<NamedArray> read_npz(const std::string& path) {
    Problems problems;
    const auto content = read_file(path, problems);
    problems.throw_if_any();
    if (content->empty()) throw InputError(path, "", "is empty");  // the library would accept it as an empty archive
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(content->data(), content->size(), 0, &error);
    if (source == nullptr) fail(path, error);
    const Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error));
    if (!archive) {
        zip_source_free(source);
        fail(path, error);
    }
    std::vector<NamedArray> arrays;
    const zip_int64_t entries = zip_get_num_entries(archive.get(), 0);
    for (zip_int64_t i = 0; i < entries; ++i) {
        const auto index = static_cast<zip_uint64_t>(i);
        const char* raw = zip_get_name(archive.get(), index, ZIP_FL_ENC_GUESS);
        std::string name = raw != nullptr ? raw : "entry " + std::to_string(i);
        try {
            Array array = parse_npy(read_entry(archive.get(), index, path, name), path, name);
            if (name.size() > kSuffix.size() &&
                name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0)
                name.resize(name.size() - kSuffix.size());
            arrays.push_back({std::move(name), std::move(array)});
        } catch (const InputError& e) {
            for (const Problem& p : e.problems()) problems.add(p);
        }
    }
    problems.throw_if_any();
    return arrays;
}

void write_npz(const std::string& path, const std::vector<NamedArray>& arrays) {
    INFSIM_CHECK(!arrays.empty(), "an archive needs at least one entry");
    write_file_atomic(path, archive_content(arrays, path));
}

}  // namespace infsim::tensorio
