#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "base/atomic_file.hpp"
#include "base/json.hpp"
#include "base/output_file.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "cli/run_report.hpp"
#include "cli/table.hpp"
#include "flow/run/derived_columns.hpp"
#include "flow/run/run_data.hpp"
#include "flow/run/run_point.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

std::string layer_table(const std::vector<stats::LayerRow>& rows) {
    Table table({"layer", "kind", "time ms", "bound", "DRAM ms", "PE ms", "ACT ms", "POOL ms", "waits mostly for", "ms",
                 "DRAM", "live B/part.", "start ms"});
    for (const stats::LayerRow& r : rows)
        table.add({r.name, r.kind, fixed(r.time_ms, 3), r.bound, fixed(r.dram_ms, 3), fixed(r.pe_ms, 3),
                   fixed(r.act_ms, 3), fixed(r.pool_ms, 3), r.main_stall, fixed(r.main_stall_ms, 3),
                   megabytes(static_cast<double>(r.dram_bytes)), number_text(r.held.sum()), fixed(r.start_ms, 3)});
    return table.text();
}

std::string offset_set_table(const std::vector<flow::OffsetSet>& sets) {
    Table table({"start", "items/s", "low", "high", "latency p50 ms", "inferences"});
    for (std::size_t i = 0; i < sets.size(); ++i)
        table.add({i == 0 ? "usual" : "drawn from " + number_text(sets[i].seed), fixed(sets[i].throughput, 1),
                   fixed(sets[i].throughput_low, 1), fixed(sets[i].throughput_high, 1),
                   fixed(sets[i].latency_ms_p50, 3), number_text(sets[i].inferences_measured)});
    return table.text();
}

json::Value offset_sets_json(const std::vector<flow::OffsetSet>& sets) {
    json::Array list;
    for (const flow::OffsetSet& s : sets)
        list.push_back(json::Object{{"seed", s.seed},
                                    {"throughput", s.throughput},
                                    {"throughput_low", s.throughput_low},
                                    {"throughput_high", s.throughput_high},
                                    {"latency_ms_p50", s.latency_ms_p50},
                                    {"inferences_measured", s.inferences_measured}});
    return list;
}

json::Value layers_json(const std::vector<stats::LayerRow>& rows) {
    json::Array list;
    for (const stats::LayerRow& r : rows)
        list.push_back(json::Object{{"layer", r.name},
                                    {"kind", r.kind},
                                    {"start_ms", r.start_ms},
                                    {"end_ms", r.end_ms},
                                    {"bound", r.bound},
                                    {"dram_ms", r.dram_ms},
                                    {"dram_bytes", r.dram_bytes},
                                    {"pe_ms", r.pe_ms},
                                    {"act_ms", r.act_ms},
                                    {"pool_ms", r.pool_ms},
                                    {"pe_cycles", r.pe_cycles},
                                    {"main_stall", r.main_stall},
                                    {"main_stall_ms", r.main_stall_ms},
                                    {"live_bytes", r.held.sum()},
                                    {"macs_per_item", r.macs},
                                    {"weight_bytes", r.weight_bytes}});
    return list;
}

json::Value causes_json(const std::vector<analysis::Cause>& causes) {
    json::Array list;
    for (const analysis::Cause& c : causes) {
        json::Array layers;
        for (const auto& [name, ms] : c.layers) layers.push_back(json::Object{{"layer", name}, {"ms", ms}});
        list.push_back(json::Object{{"cause", c.name}, {"ms", c.ms}, {"layers", std::move(layers)}});
    }
    return list;
}

void print_live_tensors(const std::vector<compiler::LiveTensor>& tensors) {
    if (tensors.empty()) return;
    Table table({"alive there", "B/partition", "images"});
    for (const auto& t : tensors) table.add({t.name, number_text(t.bytes), std::to_string(t.images)});
    std::cerr << table.text({}, terminal_width(STDERR_FILENO));
}

using Seed = std::optional<std::uint64_t>;

Seed seed_of(const po::variables_map& values, const char* name, Problems& problems) {
    if (values.count(name) == 0) return std::nullopt;
    const auto seed = values[name].as<std::int64_t>();
    if (seed < 0) problems.add("", std::string("--") + name, "must be at least 0, and is " + number_text(seed));
    return static_cast<std::uint64_t>(seed);
}

/// Where the data of a run come from; empty for a run without data. Throws InputError for options that conflict.
std::optional<flow::DataSource> data_source_of(const po::variables_map& values) {
    Problems problems;
    flow::DataSource source;
    if (values.count("data") > 0) source.file = values["data"].as<std::string>();
    source.random_inputs = seed_of(values, "random-inputs", problems);
    source.random_weights = seed_of(values, "random-weights", problems);
    const bool file = values.count("data") > 0, data = file || source.random_inputs;
    if (file && source.random_inputs) problems.add("", "--random-inputs", "and --data exclude each other");
    if (data && values.count("out") == 0) problems.add("", "--out", "is missing: where the outputs go");
    for (const char* name : {"out", "random-weights"})
        if (!data && values.count(name) > 0)
            problems.add("", std::string("--") + name, "needs inputs: --data FILE or --random-inputs SEED");
    problems.throw_if_any();
    return data ? std::optional{source} : std::nullopt;
}

/// The columns of --columns. Throws InputError for an unknown column, or if another option also prints something.
std::vector<std::string> checked_columns(const po::variables_map& values) {
    Problems problems;
    auto names =
        columns_of(values, record::names_of(record::columns()), "infsim sweep --help-columns lists them", problems);
    problems.throw_if_any();
    return names;
}

void print_outputs(const flow::PointResult& result, const std::string& path) {
    std::cout << "\nOne inference computed in " << number_text(result.alone_service->count())
              << " ps of simulated time, alone on the chip. " << path << ":";
    for (const auto& o : result.outputs)
        std::cout << " " << o.name << " " << tensorio::shape_text(o.array.shape) << " " << dtype_name(o.array.dtype);
    std::cout << "\n";
}

/// Where a trace is written, and which part of the run it covers.
struct TraceFile {
    TraceFile(const std::string& path, flow::TraceOptions o) : file(path), options(std::move(o)) {
        options.sink = [this](std::string_view bytes) { file.write(bytes); };
    }
    AtomicFile file;
    flow::TraceOptions options;
};

/// The file of --trace. Checks that it can be written before anything else is done.
std::unique_ptr<TraceFile> trace_file_of(const po::variables_map& values) {
    Problems problems;
    flow::TraceOptions options;
    if (values.count("trace-window") > 0) {
        const auto window = stats::parse_trace_window(values["trace-window"].as<std::string>());
        if (!window) problems.add("", "--trace-window", window.error);
        else options.window = *window.value;
        if (values.count("trace") == 0) problems.add("", "--trace-window", "needs --trace FILE");
    }
    problems.throw_if_any();
    if (values.count("trace") == 0) return nullptr;
    return std::make_unique<TraceFile>(values["trace"].as<std::string>(), options);
}

po::options_description data_group() {
    po::options_description group("Data");
    // clang-format off
    group.add_options()
        ("data", po::value<std::string>()->value_name("FILE"),
         "also compute, on the inputs in an .npz (arrays named as the inputs, [N, item...]) or a TensorProto .pb")
        ("random-inputs", po::value<std::int64_t>()->value_name("SEED"), "also compute, on inputs drawn from this seed")
        ("random-weights", po::value<std::int64_t>()->value_name("SEED"),
         "draw weights that the model lacks, or that have one value everywhere")
        ("out", po::value<std::string>()->value_name("FILE"), "write the outputs to an .npz, or a single one to a .pb");
    // clang-format on
    return group;
}

Syntax syntax() {
    po::options_description output("Output");
    // clang-format off
    output.add_options()
        ("all", "also print every column of the record, with its unit")
        ("layers", "also print what each layer did")
        ("timeline", po::value<std::string>()->value_name("FILE"), "write the spans of one inference as CSV")
        ("trace", po::value<std::string>()->value_name("FILE"),
         "write a timeline for Perfetto (ui.perfetto.dev): engines, DMA, waits, state buffer, DRAM; usually *.pftrace")
        ("trace-window", po::value<std::string>()->value_name("N|FROM..TO"),
         "trace the last N measured inferences of each core (default 1), or everything between two times since the "
         "start (10ms..20ms)")
        ("json", "print JSON instead of tables")
        ("verify", "verify the program after each pass of the compiler; exit status 4 if it is wrong");
    // clang-format on
    add_columns_option(output, "print these columns of the record instead (infsim sweep --help-columns explains them)");
    return {"run MODEL [options]",
            "Compiles and simulates one point. MODEL is a path to .onnx or .json, or the name of a network.",
            {point_group(), extents_group(), compiler_group(), neuron_group(), load_group(), price_group(),
             data_group(), output, common_group()},
            refused_group(),
            "model",
            1};
}

void print_json(const flow::PointResult& result, const po::variables_map& values) {
    json::Object all{{"record", record::to_object(result.record)}};
    if (values.count("layers") > 0) {
        all.set("layers", layers_json(result.layers));
        all.set("causes", causes_json(result.causes));
    }
    if (result.offset_sets.size() > 1) all.set("offset_sets", offset_sets_json(result.offset_sets));
    std::cout << json::dump(all) << "\n";
}

void print_text(const flow::PointResult& result, const std::optional<flow::PriceTag>& price,
                const po::variables_map& values, const std::vector<std::string>& columns, const Paint& paint) {
    if (!columns.empty()) {
        std::cout << record_table(result.record, columns);
        return;
    }
    std::cout << answer_text(result, price, paint);
    if (values.count("all") > 0) std::cout << "\n" << record_table(result.record, {});
    if (result.record.status != record::Status::ok) return;
    if (result.offset_sets.size() > 1) std::cout << "\n" << offset_set_table(result.offset_sets);
    if (values.count("layers") > 0) std::cout << "\n" << layer_table(result.layers);
}

}  // namespace

int run_run_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Console console(*values);
    const auto columns = checked_columns(*values);
    const auto source = data_source_of(*values);
    const auto trace = trace_file_of(*values);
    const flow::Prices prices = prices_of(*values);
    const flow::Point point = point_of(request_of(*values), console);
    flow::RunOptions options;
    options.verify = values->count("verify") > 0;
    options.timeline = values->count("timeline") > 0;
    if (trace) options.trace = trace->options;
    if (options.timeline) check_output_file((*values)["timeline"].as<std::string>());
    flow::Inputs inputs;
    const std::string out = source ? (*values)["out"].as<std::string>() : "";
    if (source) {
        flow::check_output_path(point, out);
        check_output_file(out);
        if (source->random_inputs) flow::check_weights(point, *source);
        else inputs = flow::read_inputs(point, *source);
        // Drawing takes time and much memory, so it is done only if the point fits.
        options.inputs = [&] { return source->random_inputs ? flow::read_inputs(point, *source) : std::move(inputs); };
    }
    flow::PointResult result = flow::run_point(point, options);
    flow::fill_derived(result.record, point.energy, prices);
    const bool fits = result.record.status == record::Status::ok;
    if (options.timeline && fits) write_file_atomic((*values)["timeline"].as<std::string>(), result.timeline_csv);
    if (trace && fits) trace->file.commit();
    if (source && fits) flow::write_outputs(out, result.outputs);
    if (values->count("json") > 0) print_json(result, *values);
    else {
        print_text(result, flow::price_of(prices, result.record.chip), *values, columns, console.paint());
        if (source && fits) print_outputs(result, out);
    }
    if (fits) return kDone;
    console.error("does not fit: " + result.record.reason);
    print_live_tensors(result.live_tensors);
    return kDoesNotFit;
}

}  // namespace infsim::cli
