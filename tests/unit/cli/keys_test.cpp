#include <catch2/catch.hpp>

#include "base/json.hpp"
#include "cli/keys.hpp"

namespace infsim::cli {

namespace {

const KeyLine& line_of(const std::vector<KeyLine>& lines, const std::string& key) {
    for (const KeyLine& line : lines)
        if (line.key == key) return line;
    throw std::out_of_range(key);
}

}  // namespace

TEST_CASE("every key that is read has a type and a meaning, and every meaning is of a key that is read") {
    for (const KeyKind kind : {KeyKind::chip, KeyKind::compiler, KeyKind::scenario, KeyKind::sweep}) {
        INFO(kKeyKinds[static_cast<std::size_t>(kind)]);
        const auto asked = asked_keys(kind);
        CHECK(asked.size() > 10);
        CHECK(gaps(asked, meanings_of(kind)) == std::vector<std::string>{});
    }
}

TEST_CASE("a key without a meaning, a meaning without a key and a key without a type are found") {
    json::AskedKey good{"a", "integer", "", {}, false}, bare{"b", "", "", {}, false};
    CHECK(gaps({good}, {{"a", "x"}}).empty());
    CHECK(gaps({good}, {}) == std::vector<std::string>{"'a' has no meaning"});
    CHECK(gaps({good}, {{"a", ""}}) == std::vector<std::string>{"the meaning of 'a' is empty"});
    CHECK(gaps({}, {{"a", "x"}}) == std::vector<std::string>{"'a' is a key that no reader reads"});
    CHECK(gaps({bare}, {{"b", "x"}}) == std::vector<std::string>{"'b' has no type"});
    CHECK(gaps({bare}, {{"b", "x", "text"}}).empty());
    CHECK(gaps({good}, {{"a", "x", "", "", true}}) == std::vector<std::string>{"'a' is read with the others"});
}

TEST_CASE("lines have the type, the range and the default that the reader has") {
    const auto chip = key_lines(KeyKind::chip);
    CHECK(line_of(chip, "cores").type == "integer: 1 to 64");
    CHECK(line_of(chip, "cores").otherwise == "required");
    CHECK(line_of(chip, "psum.shared_port").type == "boolean");
    CHECK(line_of(chip, "dram.model.t_faw").type == "cycles: 0cycles to 1000cycles");
    const auto compiler = key_lines(KeyKind::compiler);
    CHECK(line_of(compiler, "prefetch.depth").type == "integer: 1 to 1048576");
    CHECK(line_of(compiler, "spill.spill").otherwise == "true");
    const auto scenario = key_lines(KeyKind::scenario);
    CHECK(line_of(scenario, "server.dtype").type == "word: fp16, bf16, fp32");
    CHECK(line_of(scenario, "server.dtype").otherwise == "fp16");
    CHECK(line_of(scenario, "server.model").otherwise == "required");
    CHECK(line_of(key_lines(KeyKind::sweep), "base.batch").type == "integer: 1 to 4096");
}

TEST_CASE("the manual is a table of Markdown, too") {
    const std::vector<KeyLine> lines{{"a.b", "integer: 1 to 2", "1", "x"}, {"c", "text", "required", "y"}};
    CHECK(key_markdown(lines) ==
          "| key | is | default | meaning |\n|---|---|---|---|\n| `a.b` | integer: 1 to 2 | `1` | x |\n| `c` | text | "
          "required | y |\n");
    CHECK(key_table(lines) == "a.b  (integer: 1 to 2; default 1)\n  x\nc  (text; required)\n  y\n");
}

}  // namespace infsim::cli
