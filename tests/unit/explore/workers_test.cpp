#include <catch2/catch.hpp>

#include <signal.h>

#include <map>

#include "base/check.hpp"
#include "explore/workers.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {

using Results = std::map<std::size_t, ProcessResult>;

/// A worker whose requests are lines of shell.
const std::vector<std::string> kShell{"/bin/sh", "-c", "while read -r line; do eval \"$line\"; done"};

Results run(const std::vector<std::string>& command, const std::vector<std::string>& requests, int jobs) {
    Results results;
    const bool all =
        run_workers(command, requests, jobs, [&](std::size_t i, const ProcessResult& r) { results[i] = r; });
    CHECK(all);
    return results;
}

}  // namespace

TEST_CASE("a worker takes request after request, and answers come back whole") {
    const std::string big(300'000, 'x');  // more than a pipe holds, both ways
    const auto results = run(kShell,
                             {"printf 'exit 0 2\\na\\n'", "t=" + big + "; printf 'exit 0 300000\\n%s' $t",
                              "printf 'exit 0 '; sleep 0.1; printf '0\\n'", "printf \"exit 0 5\\n%s\" ${#t}"},
                             1);
    REQUIRE(results.size() == 4);
    CHECK(results.at(0).out == "a\n");
    CHECK(results.at(1).out == big);
    CHECK(results.at(2).out.empty());
    CHECK(results.at(2).good());
    CHECK(results.at(3).out.substr(0, 5) == "30000");  // the same process as before: it knows t
}

TEST_CASE("how what a worker ran ended is told apart, with its last words") {
    using End = ProcessResult::End;
    const auto results = run(kShell,
                             {"echo oops >&2; printf 'exit 4 0\\n'", "printf 'signal 11 0\\n'",
                              "printf 'timeout 0 0\\n'", "printf 'memory 0 0\\n'", "printf 'signal 9 0\\n'"},
                             3);
    CHECK(results.at(0).ending() == "exit status 4");
    CHECK(results.at(0).err == "oops\n");
    CHECK(results.at(1).ending() == "signal 11 (Segmentation fault)");
    CHECK(results.at(1).err.empty());
    CHECK(results.at(2).end == End::timeout);
    CHECK(results.at(3).end == End::out_of_memory);
    CHECK(results.at(4).end == End::signalled);  // killed, and not because memory ran out
}

TEST_CASE("a worker that ends is the answer, and another goes on") {
    const auto results = run(kShell, {"exit 3", "kill -SEGV $$", "printf 'exit 0 1\\nb'", "echo bye >&2; exit 1"}, 1);
    REQUIRE(results.size() == 4);
    CHECK(results.at(0).ending() == "exit status 3");
    CHECK(results.at(1).ending() == "signal 11 (Segmentation fault)");
    CHECK(results.at(2).out == "b");
    CHECK(results.at(3).err == "bye\n");
    const std::string big(300'000, 'x');  // which nobody reads
    const auto silent = run({"/bin/true"}, {big, big, big}, 2);
    CHECK(silent.size() == 3);
    CHECK(silent.at(2).out.empty());
}

TEST_CASE("an answer out of order is an internal fault") {
    CHECK_THROWS_AS(run(kShell, {"echo hello"}, 1), InternalError);
}

TEST_CASE("signals that end a run end the workers and report nothing of them") {
    for (const std::string signal : {"INT", "TERM", "HUP"}) {
        int reported = 0;
        const bool finished = run_workers(kShell, {"kill -" + signal + " $PPID; sleep 60", "sleep 60"}, 2,
                                          [&](std::size_t, const ProcessResult&) { ++reported; });
        CHECK_FALSE(finished);
        CHECK(reported == 0);
    }
}

TEST_CASE("a pool goes on with its workers in the next round") {
    Workers workers(kShell, 1);
    std::string said;
    for (const char* const line : {"t=7; printf 'exit 0 0\\n'", "printf 'exit 0 1\\n%s' $t"}) {
        bool asked = false;
        CHECK(workers.run([&] { return std::exchange(asked, true) ? std::nullopt : std::optional<std::string>(line); },
                          [&](std::size_t n, const ProcessResult& r) {
                              CHECK(n == 0);
                              said = r.out;
                          }));
    }
    CHECK(said == "7");
}

TEST_CASE("what takes long is told, the longest first") {
    std::vector<RunningRequest> told;
    CHECK(run_workers(
        kShell, {"sleep 1.3; printf 'exit 0 0\\n'", "sleep 1.2; printf 'exit 0 0\\n'"}, 2,
        [](std::size_t, const ProcessResult&) {}, [&](const auto& all) { told = all; }));
    REQUIRE(told.size() == 2);
    CHECK(told[0].seconds >= told[1].seconds);
    CHECK(told[1].seconds >= 0.9);
}

TEST_CASE("a command that does not exist is an internal fault") {
    CHECK_THROWS_AS(run({"/nowhere/at/all"}, {""}, 1), InternalError);
}
