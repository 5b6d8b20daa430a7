#include <iostream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "flow/run_point.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

using record::RunRecord;

std::string layer_table(const std::vector<stats::LayerRow>& rows) {
    Table table({"layer", "kind", "start ms", "time ms", "bound", "DRAM ms", "PE ms", "ACT ms", "POOL ms",
                 "DRAM", "live B/part.", "waits mostly for", "ms"});
    for (const stats::LayerRow& r : rows)
        table.add({r.name, r.kind, fixed(r.start_ms, 3), fixed(r.time_ms, 3), r.bound, fixed(r.dram_ms, 3),
                   fixed(r.pe_ms, 3), fixed(r.act_ms, 3), fixed(r.pool_ms, 3),
                   megabytes(static_cast<double>(r.dram_bytes)), number_text(r.live_bytes), r.main_stall,
                   fixed(r.main_stall_ms, 3)});
    return table.text();
}

/// Every column of the record that has a value, name, value and unit; the reason stands on stderr by itself.
std::string record_table(const RunRecord& record) {
    Table table({"column", "value", "unit"});
    for (const record::Column& c : record::columns()) {
        const std::string text = record::cell_text(c, record);
        if (!text.empty() && c.name != "reason") table.add({c.name, text, c.unit});
    }
    return table.text();
}

void print_sentences(const RunRecord& r) {
    if (r.status != record::Status::ok) return;
    std::cout << r.model_name << " at batch " << *r.batch_size << " on " << *r.cores << " cores of " << r.chip
              << ": " << fixed(r.throughput_avg, 1) << " items/s, latency " << fixed(r.latency_ms_p50, 3)
              << " ms (p50), service " << fixed(r.service_ms, 3) << " ms, roofline "
              << fixed(r.roofline_ms, 3) << " ms by " << r.bound << ".\n"
              << r.main_stall << ".\n\n";
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
                                    {"live_bytes", r.live_bytes},
                                    {"macs_per_item", r.macs},
                                    {"weight_bytes", r.weight_bytes}});
    return list;
}

void print_live_tensors(std::ostream& out, const std::vector<compiler::LiveTensor>& tensors) {
    if (tensors.empty()) return;
    Table table({"alive there", "B/partition", "images"});
    for (const auto& t : tensors) table.add({t.name, number_text(t.bytes), std::to_string(t.images)});
    out << table.text();
}

Syntax syntax() {
    po::options_description output("Output");
    // clang-format off
    output.add_options()
        ("layers", "also print what each layer did")
        ("timeline", po::value<std::string>()->value_name("FILE"), "write the spans of one inference as CSV")
        ("json", "print JSON instead of tables");
    // clang-format on
    return {"run MODEL [options]",
            "Compiles and simulates one point. MODEL is a path to .onnx or .json, or the name of a network.",
            {point_group(), load_group(), output, help_group()},
            "model",
            1};
}

}  // namespace

int run_run_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    flow::RunOptions options;
    options.timeline = values->count("timeline") > 0;
    const flow::PointResult result = flow::run_point(point_of(request_of(*values)), options);
    const bool fits = result.record.status == record::Status::ok;
    if (options.timeline && fits)
        write_file_atomic((*values)["timeline"].as<std::string>(), result.timeline_csv);
    if (values->count("json") > 0) {
        json::Object all{{"record", record::to_object(result.record)}};
        if (values->count("layers") > 0) all.set("layers", layers_json(result.layers));
        std::cout << json::dump(all) << "\n";
    } else {
        print_sentences(result.record);
        std::cout << record_table(result.record);
        if (values->count("layers") > 0 && fits) std::cout << "\n" << layer_table(result.layers);
    }
    if (fits) return kDone;
    std::cerr << "does not fit: " << result.record.reason << "\n";
    print_live_tensors(std::cerr, result.live_tensors);
    return kDoesNotFit;
}

}  // namespace infsim::cli
