#include <catch2/catch.hpp>
#include <sstream>

#include "base/display.hpp"
#include "base/text.hpp"
#include "explore/progress.hpp"

namespace infsim::explore {

namespace {

using Form = Progress::Form;

/// What stands on the terminal after each time that its line was drawn.
std::vector<std::string> drawn(const std::string& out) {
    std::vector<std::string> lines;
    const std::string clear = "\r\x1b[K";
    for (std::size_t at = out.find(clear); at != std::string::npos;) {
        const std::size_t next = out.find(clear, at + clear.size());
        lines.push_back(out.substr(at + clear.size(), next == std::string::npos ? next : next - at - clear.size()));
        at = next;
    }
    return lines;
}

}  // namespace

TEST_CASE("progress is lines in a log and one line on a terminal, gone at the end") {
    std::ostringstream log, terminal, nothing;
    Progress off(log, Form::log), on(terminal, Form::line, 80), silent(nothing, Form::silent);
    for (Progress* p : {&off, &on, &silent}) {
        p->start(4, 1);
        p->step("batch=2: fine");
        p->note("a model says so");
        p->finish();
    }
    CHECK(log.str() == "1 of 4 points are stored already\n[2/4] batch=2: fine\nnote: a model says so\n");
    const auto lines = drawn(terminal.str());
    CHECK(lines[1] == "[###############...............] 2/4  batch=2: fine");
    CHECK(lines[2] == "note: a model says so\n" + lines[1]);
    CHECK(lines.back().empty());
    CHECK(nothing.str().empty());
}

TEST_CASE("the line is never as wide as the terminal") {
    for (const std::size_t width : {20U, 59U, 60U, 100U}) {
        std::ostringstream terminal;
        Progress progress(terminal, Form::line, width);
        progress.start(2, 0);
        progress.step(std::string(200, 'x'));
        for (const std::string& line : drawn(terminal.str())) CHECK(display_width(line) < width);
        CHECK(drawn(terminal.str()).back().size() == width - 1);
    }
}

TEST_CASE("the line goes when a progress does") {
    std::ostringstream terminal;
    {
        Progress progress(terminal, Form::line);
        progress.start(3, 0);
    }
    CHECK(drawn(terminal.str()).back().empty());
}

TEST_CASE("without a total the steps are counted") {
    std::ostringstream log, terminal;
    Progress off(log, Form::log), on(terminal, Form::line);
    for (Progress* p : {&off, &on}) p->step("B=4 fits");
    CHECK(log.str() == "[1] B=4 fits\n");
    CHECK(drawn(terminal.str()).back() == "[1] B=4 fits");
}

TEST_CASE("a log gets few lines: the first, the last, some between, and one after half a minute of none") {
    double now = 0;
    std::ostringstream log;
    Progress progress(log, Form::log, 100, [&] { return now; });
    progress.start(1000, 0);
    for (int i = 0; i < 1000; ++i) progress.step("x");
    const auto lines = split(log.str(), '\n');
    CHECK(lines.size() == 22);  // with the end of the last
    CHECK(lines[0] == "[1/1000] x");
    CHECK(lines[1] == "[50/1000] x");
    CHECK(lines[20] == "[1000/1000] x");

    log.str("");
    progress.start(1000, 0);
    progress.step("x");
    now = 29;
    progress.step("x");
    CHECK(log.str() == "[1/1000] x\n");
    now = 30;
    progress.step("x");
    CHECK(log.str() == "[1/1000] x\n[3/1000] x\n");
}

TEST_CASE("a point that takes long is named, in a log ever more rarely") {
    std::ostringstream log, terminal, nothing;
    Progress off(log, Form::log), on(terminal, Form::line), silent(nothing, Form::silent);
    for (Progress* p : {&off, &on, &silent}) {
        p->start(2, 0);
        for (const double seconds : {1., 29., 31., 32., 61., 63., 124.})
            p->running({{"batch=64", seconds}, {"batch=1", 1}});
    }
    CHECK(log.str() == "batch=64: for 31 s so far\nbatch=64: for 63 s so far\n");
    CHECK(terminal.str().find("0/2  batch=64: for 124 s so far") != std::string::npos);
    CHECK(terminal.str().find("for 29 s") == std::string::npos);
    CHECK(nothing.str().empty());
}

}  // namespace infsim::explore
