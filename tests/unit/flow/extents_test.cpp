#include <catch2/catch.hpp>

#include "base/json.hpp"
#include "flow/point/extents.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

/// What is wrong with a value, "" if nothing is.
std::string problem_of(Extents& extents, const std::string& key, const json::Value& value) {
    Problems problems;
    const bool good = set_extents(extents, {key, value, "s.json", "/base/" + key}, problems);
    CHECK(good == problems.empty());
    return good ? "" : problems.list()[0].what;
}

}  // namespace

TEST_CASE("extents of axes and shapes of inputs, one by one or all together") {
    Extents e;
    CHECK(problem_of(e, "dims", json::Object{{"seq", 16}, {"width", 8}}).empty());
    CHECK(problem_of(e, "dims.seq", 32).empty());
    CHECK(problem_of(e, "inputs", json::Object{{"x", "1x3x8x8"}}).empty());
    CHECK(problem_of(e, "inputs.a.b", "4").empty());  // names of tensors hold dots
    CHECK(e.dims == std::map<std::string, std::int64_t>{{"seq", 32}, {"width", 8}});
    CHECK(e.inputs == std::map<std::string, std::vector<std::int64_t>>{{"x", {1, 3, 8, 8}}, {"a.b", {4}}});
    Problems problems;
    const json::Document document{"extents", to_json(e)};
    CHECK(extents_from_json({document, problems}) == e);
}

TEST_CASE("an extent or a shape that is none is told with its name") {
    Extents e;
    CHECK(problem_of(e, "dims", 3) == "'dims' must be an object of extents by the names of axes, and is an integer");
    CHECK(problem_of(e, "dims.seq", 0) == "the extent of axis 'seq' must be an integer from 1 to 2147483648, and is 0");
    CHECK(problem_of(e, "inputs", "1x3") ==
          "'inputs' must be an object of shapes by the names of inputs, and is a string");
    CHECK(problem_of(e, "inputs.x", "1xx3") == "the shape of input 'x' must be text such as \"1x3x224x224\"");
    CHECK(problem_of(e, "inputs.x", 224) == "the shape of input 'x' must be text such as \"1x3x224x224\"");
    CHECK(e.empty());
    for (const char* key : {"dims", "dims.seq", "inputs", "inputs.x"}) CHECK(is_extents_key(key));
    for (const char* key : {"batch", "dim", "input", "inputs_x", "dimsx"}) CHECK_FALSE(is_extents_key(key));
}
