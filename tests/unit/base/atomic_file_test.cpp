#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/atomic_file.hpp"
#include "base/problems.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;

namespace {

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("a file appears under its name when it is whole, and replaces the old one at once") {
    const test::TempFolder folder;
    const auto path = folder.path() / "x";
    {
        AtomicFile file(path.string());
        file.write("one ");
        CHECK(!std::filesystem::exists(path));
        file.write("two");
        file.commit();
    }
    CHECK(content(path) == "one two");
    AtomicFile second(path.string());
    second.write("new");
    CHECK(content(path) == "one two");
    second.commit();
    CHECK(content(path) == "new");
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a file that is not committed leaves nothing") {
    const test::TempFolder folder;
    { AtomicFile((folder.path() / "x").string()).write("half"); }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("what cannot be written is said before anything is") {
    const test::TempFolder folder;
    CHECK_THROWS_AS(AtomicFile((folder.path() / "none" / "x").string()), InputError);
    CHECK_THROWS_AS(AtomicFile(folder.path().string()), InputError);
}
