#include <catch2/catch.hpp>

#include "flow/point/neuron_flags.hpp"
#include "flow/point/point.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

std::vector<Setting> translate(const std::vector<Setting>& settings, Problems& problems) {
    return translated(settings, problems);
}

Setting flag(const std::string& key, json::Value value) { return {key, std::move(value), "", "--" + key}; }

}  // namespace

TEST_CASE("Neuron's flags become our options, located where they were given") {
    Problems problems;
    const auto own = translate({flag("batching_en", true), flag("rematerialization_en", true), flag("spill_dis", true),
                                flag("sb_size", std::int64_t{110}), flag("enable-replication", "False")},
                               problems);
    CHECK(problems.empty());
    REQUIRE(own.size() == 5);
    CHECK(own[0].key == "compiler.batch.batching");
    CHECK(own[0].value == json::Value{true});
    CHECK(own[1].key == "compiler.rematerialize.rematerialization");
    CHECK(own[1].value == json::Value{true});
    CHECK(own[2].key == "compiler.spill.spill");
    CHECK(own[2].value == json::Value{false});
    CHECK(own[3].key == "compiler.place.sb_size");
    CHECK(own[3].value == json::Value{std::int64_t{110}});
    CHECK(own[4].key == "compiler.replicate.replication");
    CHECK(own[4].value == json::Value{false});
    CHECK(own[4].where == "--enable-replication");
}

TEST_CASE("ours stand behind Neuron's, wherever they were given, so that they win") {
    Problems problems;
    const auto own = translate(
        {{"compiler.place.sb_size", std::int64_t{80}, "", "--set"}, flag("sb_size", std::int64_t{110})}, problems);
    CHECK(problems.empty());
    REQUIRE(own.size() == 2);
    CHECK(own[1].value == json::Value{std::int64_t{80}});
}

TEST_CASE("in a sweep file false is the opposite of a flag") {
    Problems problems;
    const auto own =
        translate({flag("batching_en", false), flag("spill_dis", false), flag("enable_replication", true)}, problems);
    CHECK(problems.empty());
    REQUIRE(own.size() == 3);
    CHECK(own[0].value == json::Value{false});
    CHECK(own[1].value == json::Value{true});
    CHECK(own[2].value == json::Value{true});
}

TEST_CASE("wrong values of Neuron's flags are problems at their place") {
    for (const Setting& wrong :
         {flag("sb_size", std::int64_t{-3}), flag("sb_size", std::int64_t{0}), flag("sb_size", "110KiB"),
          flag("batching_en", std::int64_t{1}), flag("enable-replication", "yes"), flag("sb_watermark_low", 0.25),
          flag("sb_watermark_high", 0.75), flag("arith_intensity_target", std::int64_t{2300}),
          flag("spill_depth_limit", std::int64_t{5})}) {
        CAPTURE(wrong.key);
        Problems problems;
        CHECK(translate({wrong}, problems).empty());
        REQUIRE(problems.list().size() == 1);
        CHECK(problems.list()[0].where == wrong.where);
        CHECK(problems.list()[0].what.rfind(wrong.key, 0) == 0);
    }
}

TEST_CASE("a ban on spilling contradicts every setting that asks for spills or tunes them") {
    const Setting asks{"compiler.spill.spill", true, "", "--spill"},
        tunes{"compiler.spill.depth", std::int64_t{3}, "", "--set"},
        bans{"compiler.spill.spill", false, "", "--no-spill"};
    for (const auto& both : std::vector<std::vector<Setting>>{
             {flag("spill_dis", true), asks}, {tunes, flag("spill_dis", true)}, {bans, tunes}, {asks, bans}}) {
        Problems problems;
        translate(both, problems);
        REQUIRE(problems.list().size() == 1);
        CHECK(problems.list()[0].what.find("leave out one of the two") != std::string::npos);
    }
    Problems none;
    translate({flag("spill_dis", true), bans}, none);
    translate({flag("spill_dis", false), tunes}, none);
    translate({asks, tunes}, none);
    CHECK(none.empty());
}

TEST_CASE("a point knows Neuron's flags") {
    PointRequest request;
    request.model = source_folder("/models/three_layers/three_layers.json");
    ModelCache models;
    Problems problems;
    request.settings = {flag("sb_size", std::int64_t{3}), flag("batching_en", false)};
    const auto point = resolve(request, models, problems);
    CHECK(problems.empty());
    REQUIRE(point);
    CHECK(point->compiler.sb_size == 3);
    CHECK_FALSE(point->compiler.batching);
    // What determines the results is the option, not its spelling.
    request.settings = {{"compiler.batch.batching", false, "", ""},
                        {"compiler.place.sb_size", std::int64_t{3}, "", ""}};
    CHECK(resolve(request, models, problems)->id == point->id);
}
