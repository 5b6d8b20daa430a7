#include <catch2/catch.hpp>

#include <signal.h>
#include <unistd.h>

#include <map>

#include "base/check.hpp"
#include "explore/process.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {
std::map<std::size_t, ProcessResult> run(const std::vector<std::string>& command,
                                         const std::vector<std::string>& inputs, int jobs) {
    std::map<std::size_t, ProcessResult> results;
    CHECK(run_workers(command, inputs, jobs, [&](std::size_t i, const ProcessResult& r) { results[i] = r; }));
    return results;
}
}  // namespace

TEST_CASE("each worker gets its input and its output comes back whole") {
    const std::string big(300'000, 'x');  // more than a pipe holds, both ways
    const auto results = run({"/bin/cat"}, {"a\n", big, "", "d"}, 2);
    REQUIRE(results.size() == 4);
    CHECK(results.at(0).out == "a\n");
    CHECK(results.at(1).out == big);
    CHECK(results.at(2).out.empty());
    CHECK(results.at(3).exited);
    CHECK(results.at(3).status == 0);
}

TEST_CASE("a worker's exit status, signal and last words are known") {
    const auto results = run({"/bin/sh", "-s"}, {"echo oops >&2; exit 4", "kill -SEGV $$", "exit 0"}, 3);
    CHECK(results.at(0).ending() == "exit status 4");
    CHECK(results.at(0).err == "oops\n");
    CHECK_FALSE(results.at(1).exited);
    CHECK(results.at(1).ending() == "signal 11 (Segmentation fault)");
    CHECK(results.at(2).status == 0);
}

TEST_CASE("a worker that ends without reading does not stop the others") {
    const std::string big(300'000, 'x');
    const auto results = run({"/bin/true"}, {big, big, big}, 1);
    CHECK(results.size() == 3);
    CHECK(results.at(2).status == 0);
}

TEST_CASE("an interrupt ends the workers and reports nothing of them") {
    int reported = 0;
    const bool finished = run_workers({"/bin/sh", "-s"}, {"kill -INT $PPID; sleep 60", "sleep 60"}, 2,
                                      [&](std::size_t, const ProcessResult&) { ++reported; });
    CHECK_FALSE(finished);
    CHECK(reported == 0);
}

TEST_CASE("a command that does not exist is an internal fault") {
    CHECK_THROWS_AS(run_workers({"/nowhere/at/all"}, {""}, 1, [](std::size_t, const ProcessResult&) {}), InternalError);
}
