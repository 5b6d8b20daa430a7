#include <catch2/catch.hpp>

#include "base/json_override.hpp"

namespace infsim::json {

namespace {

Value document() {
    return Object{{"name", "x"},
                  {"dma", Object{{"engines", 3}, {"rate", Object{{"value", "1GB/s"}, {"grade", "DOC"}}}}}};
}

const OverrideRules kAny{"a scenario", "", {}, {}, {}, {}};

/// A document with fixed keys, of which dma.depth may be absent.
OverrideRules strict() {
    OverrideRules rules{"a chip", "chip.", {}, {}, {}, {}};
    rules.keys = [](const std::string& path, const Object& /*there*/) {
        return path.empty() ? std::vector<std::string>{"name", "dma"}
                            : std::vector<std::string>{"engines", "rate", "depth"};
    };
    rules.is_value = [](const Value& v) { return v.is_object() && v.as_object().find("value"); };
    rules.put = [](Value& place, const Value& value) {
        if (place.is_object()) place.as_object().set("value", value);
        else place = value;
    };
    return rules;
}

std::string text_after(const std::vector<Override>& overrides, const OverrideRules& rules, Problems& problems) {
    Value root = document();
    Overridden set;
    for (const Override& o : overrides) set.apply(root, o, rules, problems);
    return dump_canonical(root);
}

std::string refusal(const Override& override, const OverrideRules& rules) {
    Problems problems;
    const std::string after = text_after({override}, rules, problems);
    CHECK(after == dump_canonical(document()));
    return problems.empty() ? "" : to_text(problems.list().front());
}

}  // namespace

TEST_CASE("an override replaces a value, and the last of a key counts") {
    Problems problems;
    CHECK(text_after({{"dma.engines", 4, "", "a"}, {"dma.engines", 5, "", "b"}}, kAny, problems) ==
          R"({"dma":{"engines":5,"rate":{"grade":"DOC","value":"1GB/s"}},"name":"x"})");
    CHECK(problems.empty());
}

TEST_CASE("where any key may be set, what is missing on the way is made") {
    Problems problems;
    CHECK(text_after({{"a.b.c", 1, "", ""}}, kAny, problems).find(R"("a":{"b":{"c":1}})") != std::string::npos);
    CHECK(problems.empty());
}

TEST_CASE("the rules of a document say how a value is put") {
    Problems problems;
    CHECK(text_after({{"dma.rate", "2GB/s", "", ""}, {"dma.depth", 7, "", ""}}, strict(), problems) ==
          R"({"dma":{"depth":7,"engines":3,"rate":{"grade":"DOC","value":"2GB/s"}},"name":"x"})");
    CHECK(problems.empty());
}

TEST_CASE("a key that leads nowhere is a problem at its own place, with the one that was meant") {
    CHECK(refusal({"dma.engine", 4, "", "--set"}, strict()) ==
          "--set: 'chip.dma.engine' is no key of a chip: there is no 'engine'; did you mean 'engines'?");
    CHECK(refusal({"dna.engines", 4, "s.json", "/base"}, strict()) ==
          "s.json: /base: 'chip.dna.engines' is no key of a chip: there is no 'dna'; did you mean 'dma'?");
    CHECK(refusal({"dma", 4, "", "--set"}, strict()) ==
          "--set: 'chip.dma' is a section, not a value; its keys are engines, rate, depth");
    CHECK(refusal({"dma.rate.value", 4, "", "--set"}, strict()) ==
          "--set: 'chip.dma.rate.value' is no key of a chip: there is no 'value'");
    CHECK(refusal({"name.x", 4, "", "--set"}, kAny) == "--set: 'name.x' is no key of a scenario: there is no 'x'");
    CHECK(refusal({"", 4, "", "--set"}, kAny) == "--set: '' is no key of a scenario: there is no ''");
    CHECK(refusal({"dma..x", 4, "", "--set"}, kAny) == "--set: 'dma..x' is no key of a scenario: there is no ''");
}

TEST_CASE("problems with a value that was set move to the place that set it") {
    Value root = document();
    const std::vector<Override> overrides{{"dma.engines", 4, "", "--set one"},
                                          {"dma.rate", "1", "s.json", "/axes/0"},
                                          {"dma.engines", 5, "", "--set two"}};
    Overridden set;
    Problems none, found, problems;
    for (const Override& o : overrides) set.apply(root, o, strict(), none);
    found.add("c.json", "/dma/engines", "must be 6");
    found.add("c.json", "/dma/rate/value", "must be more");
    found.add("c.json", "/dma/engines_more", "is unknown");
    found.add("other.json", "/dma/engines", "is another file's");
    set.relocate(found, "c.json", problems);
    std::vector<std::string> texts;
    for (const Problem& p : problems.list()) texts.push_back(to_text(p));
    CHECK(texts == std::vector<std::string>{
                       "--set two: chip.dma.engines: must be 6", "s.json: /axes/0: chip.dma.rate: must be more",
                       "c.json: /dma/engines_more: is unknown", "other.json: /dma/engines: is another file's"});
    CHECK(set.at("/dma/engines")->where == "--set two");
    CHECK(set.at("/dma")->where == "--set two");
    CHECK(set.at("/dma/rate/value")->file == "s.json");
    CHECK(set.at("/name") == nullptr);
}

TEST_CASE("a document that is no object is left to its reader") {
    Value root = 3;
    Problems problems;
    const Override override{"a", 1, "", ""};
    Overridden().apply(root, override, kAny, problems);
    CHECK(problems.empty());
    CHECK(root == Value(3));
}

}  // namespace infsim::json
