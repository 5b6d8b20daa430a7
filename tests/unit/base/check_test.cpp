#include <catch2/catch.hpp>

#include "base/check.hpp"

using namespace infsim;

TEST_CASE("a failed check names its source file without the folder it was compiled in") {
    CHECK(source_name("/home/somebody/infsim/sim/chip/core.cpp") == "sim/chip/core.cpp");
    CHECK(source_name("../sim/chip/core.cpp") == "sim/chip/core.cpp");
    CHECK(source_name("/home/sim/infsim/sim/chip/core.cpp") == "sim/chip/core.cpp");
    CHECK(source_name("sim/chip/core.cpp") == "sim/chip/core.cpp");
    CHECK(source_name("core.cpp") == "core.cpp");
    CHECK_THROWS_WITH(internal_error("../sim/chip/core.cpp", 7, "no core"), "sim/chip/core.cpp:7: no core");
    CHECK_NOTHROW([] { INFSIM_CHECK(1 + 1 == 2, "arithmetic"); }());
    CHECK_THROWS_WITH([] { INFSIM_CHECK(1 + 1 == 3, "arithmetic"); }(), Catch::EndsWith(": arithmetic"));
}
