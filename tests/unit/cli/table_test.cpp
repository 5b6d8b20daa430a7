#include <catch2/catch.hpp>

#include "cli/table.hpp"

namespace infsim::cli {

TEST_CASE("numbers stand to the right, text to the left") {
    Table table({"layer", "ms"});
    table.add({"conv1", "0.96"});
    table.add({"fc", "12.5"});
    CHECK(table.text({}, 100) == "layer    ms\nconv1  0.96\nfc     12.5\n");
    CHECK(table.body({}, 100) == "conv1  0.96\nfc     12.5\n");
}

TEST_CASE("widths count characters, not bytes") {
    Table table({"name", "us"});
    table.add({"größe", "1"});
    table.add({"other", "2"});
    CHECK(table.text({}, 100) == "name   us\ngröße   1\nother   2\n");
}

TEST_CASE("a coloured row is as wide as it is without") {
    Table table({"batch", "items/s"});
    table.add({"1", "790"});
    table.add({"6", "no fit [1]"}, Ink::warning);
    CHECK(table.text(Paint{true}, 100) == "batch  items/s\n    1  790\n\x1b[33m    6  no fit [1]\x1b[0m\n");
}

TEST_CASE("a last column of text folds, and each of its lines has the colour") {
    Table table({"limit", "why"});
    table.add({"any", "state buffer of the core is full at conv1"}, Ink::bad);
    const std::string text = table.text(Paint{true}, 34);
    CHECK(text ==
          "limit  why\n\x1b[31many    state buffer of the core is\x1b[0m\n\x1b[31m       full at conv1\x1b[0m\n");
}

TEST_CASE("a last column of text without room stands below its row") {
    Table table({"limit", "batch", "why"});
    table.add({"without spilling", "5", "state buffer of the core is full at conv1"});
    table.add({"at all", "64", ""});
    CHECK(table.text({}, 40) ==
          "limit             batch\n    why\nwithout spilling      5\n    state buffer of the core is full at\n"
          "    conv1\nat all               64\n");
    CHECK(table.body({}, 40).rfind("without spilling", 0) == 0);
}

TEST_CASE("columns without room are named, within the width") {
    Table table({"a", "b", "c"});
    table.add({"1111111111", "2222222222", "3333333333"});
    CHECK(table.text({}, 24) == "         a           b\n1111111111  2222222222\n(no room for: c)\n");
}

TEST_CASE("a reason stands once below the table, however many rows have it") {
    Footnotes notes;
    CHECK(notes.text(100).empty());
    CHECK(notes.mark("does not fit: conv1") == "[1]");
    CHECK(notes.mark("timeout: 90 s") == "[2]");
    CHECK(notes.mark("does not fit: conv1") == "[1]");
    CHECK(notes.text(100) == "[1] does not fit: conv1\n[2] timeout: 90 s\n");
}

TEST_CASE("long lines of a message are folded, under their own indentation; others stay as they are") {
    CHECK(folded_lines("short  one\nan error with many words\n  two more words here\n", 16) ==
          "short  one\nan error with\n  many words\n  two more\n    words here\n");
    CHECK(folded_lines("/a/path/without/any/blank", 10) == "/a/path/without/any/blank");
}

TEST_CASE("numbers have as many digits as mean something") {
    CHECK(rounded(2482.71234) == "2482.7");
    CHECK(rounded(0.132430001) == "0.13243");
    CHECK(rounded(1234567.8) == "1234568");
    CHECK(rate_text(99.5) == "99.50");
    CHECK(rate_text(12345.6) == "12346");
}

}  // namespace infsim::cli
