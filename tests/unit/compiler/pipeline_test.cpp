#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>
#include <utility>

#include "base/check.hpp"
#include "compiler/compile.hpp"
#include "compiler/pipeline.hpp"
#include "compiler/run_passes.hpp"
#include "hw/load.hpp"
#include "program/text.hpp"
#include "support/graphs.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::compiler;
using test::Net;
using test::Window;

namespace {

using Names = std::vector<std::string>;

const hw::ChipSpec& chip() {
    static const hw::ChipSpec spec = [] {
        Problems problems;
        auto loaded = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
        problems.throw_if_any();
        return loaded->spec;
    }();
    return spec;
}

graph::Graph two_convolutions() {
    Net net;
    const auto x = net.relu(net.conv(net.input({1, 3, 8, 8}), 8, Window::square(3, 1, 1)));
    return net.finish({net.conv(x, 8, Window::square(1))});
}

Compiled compiled(const CompileOptions& options, const CompileExtras& extras = {}) {
    return std::get<Compiled>(compile(two_convolutions(), chip(), 2, DType::fp16, DType::fp16, options, extras));
}

Names ran(const CompileOptions& options) {
    Names names;
    for (const PassReport& report : compiled(options).passes) names.push_back(report.pass);
    return names;
}

std::string dumped_after(const std::string& pass, const CompileOptions& options = {}) {
    std::ostringstream out;
    CompileExtras extras;
    extras.verify = true;
    extras.dump_after = pass;
    extras.dump = &out;
    compiled(options, extras);
    return out.str();
}

/// Of a dump, the lines of its heading, and the form itself.
std::pair<std::string, std::string> heading_and_form(const std::string& text) {
    std::size_t end = 0;
    while (end < text.size() && text[end] == '#') end = text.find('\n', end) + 1;
    return {text.substr(0, end), text.substr(end)};
}

std::string form_after(const std::string& pass, const CompileOptions& options = {}) {
    return heading_and_form(dumped_after(pass, options)).second;
}

std::string first_word(const std::string& text) { return text.substr(0, text.find_first_of(" \n")); }

}  // namespace

TEST_CASE("every pass gets the form that it needs from the passes before") {
    Form there = Form::graph;
    for (const Pass& pass : pipeline()) {
        INFO(pass.name);
        CHECK(pass.needs <= there);
        CHECK(pass.leaves >= pass.needs);
        there = std::max(there, pass.leaves);
    }
    CHECK(there == Form::program);
}

TEST_CASE("passes have names of their own, and skips too") {
    Names names = pass_names(), skips;
    for (const Skip& skip : all_skips()) skips.emplace_back(skip.name);
    CHECK(skips == Names{"order", "replicate", "stem", "prefetch", "spill", "rematerialize"});
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("passes run in the order of the pipeline, and none that has nothing to do") {
    CHECK(ran({}) ==
          Names{"lower", "order", "replicate", "stem", "fit", "emit", "allocate", "insert_waits", "lay_out_dram"});
}

TEST_CASE("a pass is left out by name or by its option") {
    const Names without{"lower", "replicate", "fit", "emit", "allocate", "insert_waits", "lay_out_dram"};
    CompileOptions options;
    options.skip_passes = {"order", "stem"};
    CHECK(ran(options) == without);
    options.skip_passes.clear();
    options.reorder_layers = options.stream_stem = false;
    CHECK(ran(options) == without);
}

TEST_CASE("an optional pass runs where it is asked for by name") {
    CHECK(optional_pass_names() == Names{"drop_unread"});
    CompileOptions options;
    options.optional_passes = {"drop_unread"};
    const Names with = ran(options);
    REQUIRE(with.size() > 1);
    CHECK(with[1] == "drop_unread");
}

TEST_CASE("what the search has decided is not fitted again") {
    CompileOptions options;
    options.search_psum_banks = true;
    const Compiled result = compiled(options);
    const auto found = std::find_if(result.passes.begin(), result.passes.end(),
                                    [](const PassReport& report) { return report.pass == "search"; });
    REQUIRE(found != result.passes.end());
    REQUIRE(!found->attempts.empty());
    CHECK(found->attempts[0].name == "plain");
    CHECK(std::count_if(found->attempts.begin(), found->attempts.end(), [](const Attempt& a) { return a.taken; }) == 1);
    CHECK(std::none_of(result.passes.begin(), result.passes.end(),
                       [](const PassReport& report) { return report.pass == "fit"; }));
}

TEST_CASE("a batch that fits as it is takes the plain decision where sections are only for others") {
    CompileOptions options;
    const Compiled plain = compiled(options);
    options.search_sections = options.search_only_tight = true;
    const Compiled result = compiled(options);
    std::ostringstream with, without;
    program::write_text(result.program, with);
    program::write_text(plain.program, without);
    CHECK(with.str() == without.str());
    const auto found = std::find_if(result.passes.begin(), result.passes.end(),
                                    [](const PassReport& report) { return report.pass == "search"; });
    REQUIRE(found != result.passes.end());
    REQUIRE(found->attempts.size() == 2);
    CHECK(found->attempts[0].name == "as it is");
    CHECK(found->attempts[0].taken);
    CHECK(found->attempts[1].name == "more turns");  // of few instructions, and not faster
    CHECK_FALSE(found->attempts[1].taken);
}

namespace {

std::int64_t loaded_weights(const program::Program& p) {
    std::int64_t bytes = 0;
    for (const program::Queue& q : p.queues)
        for (const program::Instruction& i : q.instructions)
            if (const auto* load = std::get_if<program::DmaLoad>(&i.op);
                load && p.segments[load->src.segment].purpose == program::Purpose::weights)
                bytes += program::total_bytes(load->dst);
    return bytes;
}

}  // namespace

TEST_CASE("weights stay on chip if that is asked for, as far as there is space") {
    CompileOptions options;
    const Compiled plain = compiled(options);
    options.static_weights = true;
    const Compiled kept = compiled(options);
    CHECK(ran(options) == Names{"lower", "order", "replicate", "stem", "fit", "keep_weights", "emit", "allocate",
                                "insert_waits", "lay_out_dram"});
    CHECK(plain.program.static_loads.empty());
    CHECK(loaded_weights(plain.program) > 0);
    CHECK(loaded_weights(kept.program) == 0);
    CHECK(program::static_bytes(kept.program) >= loaded_weights(plain.program));
    const auto pass = std::find_if(kept.passes.begin(), kept.passes.end(),
                                   [](const PassReport& report) { return report.pass == "keep_weights"; });
    REQUIRE(pass != kept.passes.end());
    CHECK(pass->summary == "weights of 2 layers stay on chip");
    CHECK(std::count_if(pass->attempts.begin(), pass->attempts.end(), [](const Attempt& a) { return a.taken; }) == 1);
}

TEST_CASE("a batch that does not fit as it is keeps no weights") {
    CompileOptions options, keeps;
    keeps.static_weights = true;
    const auto text = [](const CompileOptions& o) {
        std::ostringstream out;
        write_text(compiled(o).program, out);
        return out.str();
    };
    // The largest budget at which something has to be loaded again or spilled.
    std::int64_t budget = compiled(options).memory.peak_bytes;
    for (std::int64_t moved = 0; moved == 0; budget -= 16) {
        options.state_buffer_budget = keeps.state_buffer_budget = budget;
        const MemoryReport memory = compiled(options).memory;
        moved = memory.reissued_bytes + memory.spill_save_bytes;
    }
    CHECK(text(keeps) == text(options));
}

TEST_CASE("names that are no pass are reported with those that are") {
    Problems problems;
    CompileOptions options;
    options.skip_passes = {"emit"};
    options.optional_passes = {"lower"};
    resolved(options, target_of(chip()), problems);
    REQUIRE(problems.list().size() == 2);
    CHECK(problems.list()[0].what ==
          "'emit' cannot be left out; order, replicate, stem, prefetch, spill and rematerialize can");
    CHECK(problems.list()[1].what.rfind("'lower' is not an optional pass", 0) == 0);
}

TEST_CASE("every pass says what it did, fitting also what it tried") {
    for (const PassReport& report : compiled({}).passes) {
        CHECK(report.seconds >= 0);
        CHECK(report.attempts.empty() == (report.pass != "fit"));
    }
    CHECK(compiled({}).passes[0].summary == "3 nodes to 2 layers");
}

TEST_CASE("the form behind each pass can be dumped, whether the pass ran or not") {
    for (const char* pass : {"lower", "order", "replicate", "stem", "search"})
        CHECK(first_word(form_after(pass)) == "network");
    CHECK(first_word(form_after("fit")) == "plan");
    CHECK(first_word(form_after("emit")) == "code");
    CHECK(first_word(form_after("evict")) == "code");
    CHECK(first_word(form_after("allocate")) == "placement");
    CHECK(first_word(form_after("insert_waits")) == "infsim-program");
    CHECK(first_word(form_after("lay_out_dram")) == "infsim-program");
    CompileOptions options;
    options.skip_passes = {"stem"};
    CHECK(form_after("replicate") == form_after("stem", options));
    CHECK(form_after("replicate") != form_after("stem"));
}

TEST_CASE("a dump is headed by what it is of, after which pass and how to read it; a whole Program stands alone") {
    CompileOptions options;
    options.skip_passes = {"stem"};
    const std::string of_a_pass = heading_and_form(dumped_after("stem")).first;
    const std::string of_none = heading_and_form(dumped_after("stem", options)).first;
    CHECK(of_a_pass.find(" at batch 2, fp16, after stem\n") != std::string::npos);
    CHECK(of_none.find(" at batch 2, fp16, after stem, which was left out or had nothing to do\n") !=
          std::string::npos);
    for (const char* pass : {"lower", "fit", "emit", "allocate", "insert_waits"}) {
        const std::string heading = heading_and_form(dumped_after(pass)).first;
        CHECK(std::count(heading.begin(), heading.end(), '\n') >= 2);
    }
    CHECK(heading_and_form(dumped_after("lay_out_dram")).first.empty());
}

TEST_CASE("a form that a pass has damaged is a fault that names pass and problem") {
    const graph::Graph graph = two_convolutions();
    Compilation c{graph, chip(), target_of(chip()), 1};
    c.budget = budget_of(c.options, c.target);
    std::vector<PassReport> reports;
    c.form = Form::network;  // of which nothing is there
    CHECK_THROWS_WITH(run_passes(c, {true, "", nullptr}, reports),
                      "pass order left an invalid form: inputs: 0 of 1; outputs: 0 of 1");
}

TEST_CASE("a refusal says which passes ran") {
    CompileOptions options;
    options.state_buffer_budget = 64;
    const auto result = compile(two_convolutions(), chip(), 2, DType::fp16, DType::fp16, options);
    const auto& no = std::get<DoesNotFit>(result);
    REQUIRE(!no.passes.empty());
    CHECK(no.passes.back().pass == "fit");
    CHECK(no.passes.back().summary == "does not fit");
}
