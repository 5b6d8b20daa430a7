#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "compiler/pass_names.hpp"
#include "flow/point/compiler_file.hpp"
#include "support/neuron_2020.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {
compiler::CompileOptions read(const std::string& text, Problems& problems, const std::vector<Setting>& set = {}) {
    auto document = json::parse_text(text, "c.json", problems);
    REQUIRE(document);
    return read_compiler(std::move(*document), set, problems);
}

/// The compiler files of configs/, in order of their names.
std::vector<std::filesystem::path> profiles() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(source_folder("/configs/compilers")))
        if (entry.path().extension() == ".json") found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

/// "pass" or "pass.key" of every option that a compiler file does not state.
std::vector<std::string> unstated(const json::Object& file) {
    std::vector<std::string> missing;
    const json::Value* passes = file.find("passes");
    for (const std::string& pass : compiler::optional_pass_names())
        if (!passes || !passes->is_object() || !passes->as_object().find(pass)) missing.push_back("passes." + pass);
    // Of a network's identity, not of the compiler's.
    const json::Value* host = file.find("host");
    if (!host || !host->is_object() || !host->as_object().find("operators")) missing.push_back("host.operators");
    const json::Value all = canonical_json(compiler::CompileOptions{});
    for (const auto& [pass, options] : all.as_object()) {
        if (!options.is_object()) continue;  // the name, and the passes to skip
        const json::Value* group = file.find(pass);
        if (!group || !group->is_object()) {
            missing.push_back(pass);
            continue;
        }
        for (const auto& [key, value] : options.as_object())
            if (!group->as_object().find(key)) missing.push_back(pass + "." + key);
    }
    return missing;
}
}  // namespace

TEST_CASE("an option that a compiler file leaves out has its default") {
    Problems problems;
    const auto options =
        read(R"({"name": "x", "batch": {"batching": false}, "tile": {"slab_bytes": "8KiB"}})", problems);
    CHECK(problems.empty());
    const compiler::CompileOptions defaults;
    CHECK(options.name == "x");
    CHECK_FALSE(options.batching);
    CHECK(options.slab_bytes == 8192);
    CHECK(options.prefetch_depth == defaults.prefetch_depth);
}

TEST_CASE("options survive being written and read") {
    Problems problems;
    const auto options = read(R"({"name": "x", "stem": {"stripe_rows": 5}, "skip_passes": ["prefetch"]})", problems);
    Problems none;
    const auto again = read(json::dump(canonical_json(options)), none);
    CHECK(none.empty());
    CHECK(json::dump(canonical_json(again)) == json::dump(canonical_json(options)));
    CHECK(again.stem_stripe_rows == 5);
    CHECK(again.skip_passes == std::vector<std::string>{"prefetch"});
}

TEST_CASE("unknown options and wrong values are reported together at their place") {
    Problems problems;
    read(R"({"name": "x", "tile": {"slabs": 1, "psum_banks_per_load": 0, "slab_bytes": 4096}, "turbo": {}})", problems);
    REQUIRE(problems.list().size() == 4);
    std::string all;
    for (const Problem& p : problems.list()) all += to_text(p) + "\n";
    for (const char* place : {"/tile/slabs", "/tile/psum_banks_per_load", "/tile/slab_bytes", "/turbo"})
        CHECK(all.find(std::string("c.json: ") + place + ": ") != std::string::npos);
}

TEST_CASE("settings replace options and problems with them are reported where they were made") {
    Problems problems;
    const auto options = read(R"({"name": "x"})", problems,
                              {{"prefetch.prefetch", false, "s.json", "/axes/0/values/1"}, {"name", "y", "", "--set"}});
    CHECK(problems.empty());
    CHECK_FALSE(options.prefetch);
    CHECK(options.name == "y");
    read(R"({"name": "x"})", problems,
         {{"prefetch.depth", "far", "s.json", "/axes/0/values/1"}, {"prefetch.deep", 3, "", "--set"}});
    REQUIRE(problems.list().size() == 2);
    CHECK(to_text(problems.list()[0])
              .find("--set: 'compiler.prefetch.deep' is no key of a compiler: there is no 'deep'; known are prefetch, "
                    "depth") == 0);
    CHECK(to_text(problems.list()[1]).find("s.json: /axes/0/values/1: compiler.prefetch.depth: must be an integer") ==
          0);
}

TEST_CASE("every committed compiler file reads without a problem and is named as its file") {
    for (const auto& path : profiles()) {
        Problems problems;
        const auto options = load_compiler(path.string(), {}, problems);
        INFO(path);
        CHECK(problems.empty());
        CHECK(options.name == path.stem());
    }
}

TEST_CASE("every committed compiler file states every option, so that a new default does not move it") {
    const auto all = profiles();
    CHECK(all.size() >= 6);
    for (const auto& path : all) {
        INFO(path);
        Problems problems;
        const auto file = json::parse_file(path.string(), problems);
        REQUIRE(file);
        CHECK(unstated(file->root.as_object()) == std::vector<std::string>{});
    }
}

TEST_CASE("an option that a file leaves out is found") {
    Problems problems;
    auto file = json::parse_file(source_folder("/configs/compilers/neuron-2021.json"), problems);
    REQUIRE(file);
    file->root.as_object().set("spill", json::Object{});
    CHECK(unstated(file->root.as_object()) == std::vector<std::string>{"spill.spill"});
    file->root.as_object().set("spill", nullptr);
    CHECK(unstated(file->root.as_object()) == std::vector<std::string>{"spill"});
}

TEST_CASE("the default compiler file says what the defaults are") {
    Problems problems;
    const auto file = load_compiler(source_folder("/configs/compilers/default.json"), {}, problems);
    CHECK(json::dump(canonical_json(file)) == json::dump(canonical_json(compiler::default_options())));
}

TEST_CASE("options as they are made are those of the file that goes layer by layer") {
    Problems problems;
    const auto file = load_compiler(source_folder("/configs/compilers/layer_by_layer.json"), {}, problems);
    CHECK(json::dump(canonical_json(file)) == json::dump(canonical_json(compiler::CompileOptions{})));
}

TEST_CASE("the profile of the documented limits is what tests without files take for it") {
    Problems problems;
    const auto file = load_compiler(source_folder("/configs/compilers/neuron-2020.json"), {}, problems);
    CHECK(json::dump(canonical_json(file)) == json::dump(canonical_json(test::neuron_2020())));
}

TEST_CASE("an optional pass is switched in a file and by a setting, and off it does not change the identity") {
    Problems problems;
    const auto off = read(R"({"name": "x", "passes": {"drop_unread": false}})", problems);
    CHECK(off.optional_passes.empty());
    CHECK(json::dump(canonical_json(off)) == json::dump(canonical_json(read(R"({"name": "x"})", problems))));
    const auto on = read(R"({"name": "x"})", problems, {{"passes.drop_unread", true, "", "--set"}});
    CHECK(on.optional_passes == std::vector<std::string>{"drop_unread"});
    CHECK(problems.empty());
    const auto again = read(json::dump(canonical_json(on)), problems);
    CHECK(again.optional_passes == on.optional_passes);
    read(R"({"name": "x", "passes": {"lower": true}})", problems);
    CHECK(problems.list().size() == 1);
}

TEST_CASE("an option that came later does not change the identity of points that do without it") {
    compiler::CompileOptions options;
    const std::string before = json::dump(identity_json(options));
    CHECK(before.find("static_weights") == std::string::npos);
    CHECK(before.find("own_rings") == std::string::npos);
    CHECK(before.find("weights_in_parts") != std::string::npos);
    CHECK(json::dump(canonical_json(options)).find("static_weights") != std::string::npos);
    options.static_weights = true;
    CHECK(json::dump(identity_json(options)).find("\"static_weights\": true") != std::string::npos);
}

TEST_CASE("operators of the host are names out of a list, and off in the pinned profiles") {
    Problems problems;
    CHECK(read(R"({"name": "x", "host": {"operators": ["TopK", "NonZero"]}})", problems).host_operators ==
          std::vector<std::string>{"NonZero", "TopK"});
    CHECK(read(R"({"name": "x"})", problems, {{"host.operators", json::Array{}, "", "--set"}}).host_operators.empty());
    CHECK(read(R"({"name": "x"})", problems).host_operators == compiler::CompileOptions{}.host_operators);
    CHECK(problems.empty());
    read(R"({"name": "x", "host": {"operators": ["TopK", "Conv"]}})", problems);
    REQUIRE(problems.list().size() == 1);
    CHECK(to_text(problems.list()[0]) ==
          "c.json: /host/operators/1: 'Conv' is none of NonMaxSuppression, NonZero, TopK");
    for (const auto& path : profiles()) {
        INFO(path);
        Problems none;
        const auto options = load_compiler(path.string(), {}, none);
        const bool pinned = path.stem().string().rfind("neuron-", 0) == 0;
        CHECK(options.host_operators.size() == (pinned ? 0 : 3));
    }
}
