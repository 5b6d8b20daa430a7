#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "base/check.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "explore/worker.hpp"
#include "explore/workers.hpp"
#include "flow/limits/limits.hpp"

namespace infsim::cli {

namespace {

using flow::Limit;
using flow::Limits;

Syntax syntax() {
    po::options_description search("Search");
    // clang-format off
    search.add_options()
        ("max-batch", po::value<std::int64_t>()->value_name("N"), "end of the search (default 64): beyond it a limit is \"N or more\"")
        ("latency-ms", po::value<double>()->value_name("X"), "also the largest batch whose latency (99th percentile) is at most X")
        ("compile-only", "leave out the limits that take simulations: best throughput and latency")
        ("no-levers", "leave out what would help: the answers alone, in a fraction of the time")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "simulations at a time, one process each (default 1)");
    // clang-format on
    po::options_description output("Output");
    output.add_options()("json", "print JSON (configs/schemas/limits.schema.json) instead of text");
    return {
        "limits MODEL [options]",
        "The largest batch that fits without spilling, that fits at all, that has the best throughput and that "
        "meets a\nlatency; for each why one more does not, and which changes would help: every one of them has been "
        "compiled.\nExit 3 where not even one image fits.",
        {point_group(false), extents_group(), compiler_group(), neuron_group(), load_group(), search, output,
         help_group()},
        refused_group(),
        "model",
        1};
}

/// Progress on stderr: one line that is redrawn on a terminal, lines elsewhere.
class Steps {
public:
    void say(const std::string& what) {
        ++count_;
        if (!terminal_) {
            std::cerr << "[" << count_ << "] " << what << "\n" << std::flush;
            return;
        }
        std::string line = fmt::format("[{}] {}", count_, what).substr(0, 100);
        const std::size_t length = line.size();
        line.resize(std::max(length, drawn_), ' ');
        drawn_ = length;
        std::cerr << '\r' << line << std::flush;
    }
    /// A line that stays.
    void answer(const std::string& what) {
        finish();
        std::cerr << wrapped(what) << "\n" << std::flush;
    }
    void finish() {
        if (drawn_ > 0) std::cerr << '\r' << std::string(drawn_, ' ') << '\r' << std::flush;
        drawn_ = 0;
    }

private:
    bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    std::size_t count_ = 0, drawn_ = 0;
};

/// Thrown through the search when the user interrupts it.
struct Interrupted {};

/// One worker process per request: SystemC elaborates once in a process.
std::vector<record::RunRecord> simulate(const std::vector<flow::PointRequest>& requests, int jobs, Steps& steps) {
    std::vector<std::string> inputs;
    for (const auto& r : requests) inputs.push_back(json::dump(flow::to_json(r), 0));
    std::vector<record::RunRecord> records(requests.size());
    const auto done = [&](std::size_t n, const explore::ProcessResult& result) {
        INFSIM_CHECK(result.good(), "a worker ended with " + result.ending() + ": " + std::string(trim(result.err)));
        auto answer = explore::parse_answer(result.out);
        if (!answer.problems.empty()) throw InputError(answer.problems);
        records[n] = std::move(answer.point.record);
        INFSIM_CHECK(records[n].status == record::Status::ok, "simulation of a program failed: " + records[n].reason);
        steps.say(fmt::format("simulated: B={} {} items/s, {} ms (p99)", requests[n].batch,
                              fixed(records[n].throughput_avg, 0), fixed(records[n].latency_ms_p99, 2)));
    };
    if (!explore::run_workers({explore::own_executable(), "worker"}, inputs, jobs, done)) throw Interrupted{};
    return records;
}

std::string batch_text(const Limit& limit) {
    if (limit.batch == 0) return "none";
    return number_text(std::int64_t{limit.batch}) + (limit.open ? " or more" : "");
}

std::string number(double x) {
    return x == static_cast<double>(static_cast<std::int64_t>(x)) ? number_text(static_cast<std::int64_t>(x))
                                                                  : fixed(x, 3);
}

std::string why_text(const Limit& limit) {
    if (!limit.certificate) return "the search ended there";
    const auto& c = *limit.certificate;
    return fmt::format("B={}: {} {} of {} {}", c.batch, c.resource, number(c.demand), number(c.capacity), c.unit);
}

std::string holes_text(const Limit& limit) {
    std::vector<std::string> list;
    for (int b : limit.holes) list.push_back(number_text(std::int64_t{b}));
    return join(list, ", ");
}

void print_refusal(const compiler::DoesNotFit& why) {
    if (why.instant)
        std::cout << "  peak at instruction " << *why.instant << " of " << *why.instants << ", in layer " << why.layer
                  << "\n";
    if (why.lower_bound_bytes) {
        std::string text = fmt::format("no placement can do with less than {} B/partition, weights in use included",
                                       *why.lower_bound_bytes);
        if (why.allocator_bytes)
            text += fmt::format("; the allocator would need {} (fragmentation {})", *why.allocator_bytes,
                                *why.allocator_bytes - *why.lower_bound_bytes);
        std::cout << "  " << wrapped(text, terminal_width() - 2) << "\n";
    }
    if (why.tensors.empty()) return;
    Table table(
        {"  " + std::string(why.instant ? "alive there" : "there"), why.unit, "images", "from layer", "to layer"});
    for (const auto& t : why.tensors)
        table.add({"  " + t.name, number_text(t.bytes), t.images > 0 ? std::to_string(t.images) : "-", t.from_layer,
                   t.to_layer});
    std::cout << table.text();
}

void print_certificate(const std::string& name, const Limit& limit) {
    if (!limit.certificate) return;
    const auto& c = *limit.certificate;
    std::cout << "\n"
              << wrapped(name + ", why not B=" + number_text(std::int64_t{c.batch}) + ": " + c.headline() + ".")
              << "\n";
    if (c.refusal) print_refusal(*c.refusal);
    if (c.levers.empty()) return;
    Table table({"  what would help", "fits up to", "as an option"});
    for (const auto& l : c.levers)
        table.add({"  " + l.name, "B=" + number_text(std::int64_t{l.batch}) + (l.open ? " or more" : ""), l.change});
    std::cout << table.text();
}

using Listed = std::vector<std::pair<std::string, const Limit*>>;

/// Where a batch that was simulated is far from its ideal; the same batch is told once.
void print_far_from_ideal(const Listed& list) {
    std::vector<int> told;
    for (const auto& [name, limit] : list) {
        if (!limit->record || limit->record->why_slow.empty()) continue;
        if (std::find(told.begin(), told.end(), limit->batch) != told.end()) continue;
        told.push_back(limit->batch);
        std::cout << wrapped(fmt::format("B={} is far from ideal: {}.", limit->batch, limit->record->why_slow)) << "\n";
    }
}

void print(const Limits& l, const flow::LimitsOptions& options) {
    std::cout << l.model << ", " << dtype_name(l.dtype);
    if (l.io_dtype != l.dtype) std::cout << " with inputs and outputs in " << dtype_name(l.io_dtype);
    std::cout << ", on " << l.chip << ", compiler " << l.compiler << (l.note.empty() ? "" : "; ") << l.note << "\n\n";
    Table table({"limit", "batch", "items/s", "p99 ms", "eff.", "why not one more"});
    Listed list{{"fits without spilling", &l.resident}};
    if (l.sub_batched) list.emplace_back("in parts, without spilling", &*l.sub_batched);
    list.emplace_back("fits at all", &l.any);
    if (l.best_throughput) list.emplace_back("best throughput", &*l.best_throughput);
    if (l.latency) list.emplace_back("latency up to " + number(*options.latency_ms) + " ms", &*l.latency);
    for (const auto& [name, limit] : list) {
        const record::RunRecord none, &r = limit->record ? *limit->record : none;
        table.add({name, batch_text(*limit), fixed(r.throughput_avg, 0), fixed(r.latency_ms_p99, 2),
                   efficiency_text(r.efficiency), why_text(*limit)});
    }
    std::cout << table.text();
    print_far_from_ideal(list);
    for (const auto& [name, limit] : list)
        if (!limit->holes.empty()) std::cout << name << ": below it these do not: B=" << holes_text(*limit) << "\n";
    std::string told;
    for (const auto& [name, limit] : list) {
        // The same refusal is told once.
        if (limit->certificate && limit->certificate->text == told) continue;
        print_certificate(name, *limit);
        if (limit->certificate) told = limit->certificate->text;
    }
}

flow::LimitsOptions options_of(const po::variables_map& values, Problems& problems) {
    flow::LimitsOptions options;
    if (values.count("max-batch") > 0) {
        const auto most = values["max-batch"].as<std::int64_t>();
        if (most < 1 || most > flow::kMaxBatch)
            problems.add("", "--max-batch",
                         "must be from 1 to " + number_text(flow::kMaxBatch) + ", and is " + number_text(most));
        options.most = static_cast<int>(most);
    }
    options.simulate = values.count("compile-only") == 0;
    options.levers = values.count("no-levers") == 0;
    if (values.count("latency-ms") > 0) {
        options.latency_ms = values["latency-ms"].as<double>();
        if (!(*options.latency_ms > 0 && *options.latency_ms < 1e9))
            problems.add("", "--latency-ms", "must be more than 0, and is " + number_text(*options.latency_ms));
        if (!options.simulate) problems.add("", "--latency-ms", "needs simulations, which --compile-only leaves out");
    }
    return options;
}

}  // namespace

int run_limits_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Problems problems;
    const flow::LimitsOptions options = options_of(*values, problems);
    const int jobs = jobs_of(*values, 1, problems);
    problems.throw_if_any();
    const flow::PointRequest request = request_of(*values);
    Steps steps;
    flow::LimitsTools tools = flow::compiling_tools();
    tools.notice = print_notice;
    tools.say = [&](const std::string& what) { steps.say(what); };
    tools.answer = [&](const std::string& what) { steps.answer(what); };
    tools.simulate = [&](const auto& requests) { return simulate(requests, jobs, steps); };
    try {
        const Limits limits = flow::find_limits(request, options, tools);
        steps.finish();
        if (values->count("json") > 0) std::cout << json::dump(flow::to_json(limits)) << "\n";
        else print(limits, options);
        return limits.any.batch > 0 ? kDone : kDoesNotFit;
    } catch (const Interrupted&) {
        steps.finish();
        std::cerr << "interrupted\n";
        return kInterrupted;
    }
}

}  // namespace infsim::cli
