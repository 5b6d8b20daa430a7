#include "cli/point_options.hpp"

#include <array>

#include "base/counts.hpp"
#include "base/text.hpp"
#include "cli/console.hpp"
#include "explore/sweep_file.hpp"
#include "flow/point/neuron_flags.hpp"
#include "flow/point/paths.hpp"
#include "graph/json_form.hpp"

namespace infsim::cli {

namespace {

using Words = std::vector<std::string>;

DType dtype_of(const std::string& name, const std::string& option, Problems& problems) {
    for (const char* allowed : {"fp16", "bf16", "fp32"})
        if (name == allowed) return *parse_dtype(name);
    problems.add("", option, "must be one of fp16, bf16, fp32, and is '" + name + "'");
    return DType::fp16;
}

/// Reads an integer option as text, so that a wrong value is reported like every other problem.
std::int64_t integer_of(const po::variables_map& values, const char* name, std::int64_t least, std::int64_t most,
                        std::int64_t fallback, Problems& problems) {
    if (values.count(name) == 0) return fallback;
    const std::int64_t n = values[name].as<std::int64_t>();
    const std::string wrong = problem_with(n, {least, most});
    if (!wrong.empty()) problems.add("", std::string("--") + name, wrong);
    return n;
}

/// A compiler option that --NAME switches on and --no-NAME off.
struct Switch {
    const char* name;
    const char* key;
    const char* meaning;
};
constexpr std::array kSwitches{
    Switch{"batching", "compiler.batch.batching", "read each layer's weights once for all images"},
    Switch{"rematerialization", "compiler.rematerialize.rematerialization",
           "load or compute operands again instead of keeping them"},
    Switch{"recompute", "compiler.rematerialize.recompute", "recompute intermediates if that costs less than a spill"},
    Switch{"spill", "compiler.spill.spill", "spill intermediates to DRAM when space runs out"},
    Switch{"replication", "compiler.replicate.replication", "copy low-channel inputs to idle partitions"},
};

void add_neuron_flags(const po::variables_map& values, std::vector<flow::Setting>& settings) {
    const auto add = [&](const char* key, json::Value value) {
        settings.push_back({key, std::move(value), "", std::string("--") + key});
    };
    for (const flow::NeuronFlag& flag : flow::neuron_flags()) {
        if (values.count(flag.key) == 0) continue;
        if (flag.value == flow::NeuronFlag::Value::none) add(flag.key, true);
        else if (flag.value == flow::NeuronFlag::Value::count) add(flag.key, values[flag.key].as<std::int64_t>());
        else add(flag.key, values[flag.key].as<std::string>());
    }
    for (const flow::RefusedFlag& flag : flow::refused_neuron_flags())
        if (values.count(flag.key) > 0) add(flag.key, values[flag.key].as<std::string>());
}

void add_switches(const po::variables_map& values, std::vector<flow::Setting>& settings, Problems& problems) {
    for (const Switch& s : kSwitches) {
        const std::string on = std::string("--") + s.name, off = std::string("--no-") + s.name;
        const bool is_on = values.count(on.substr(2)) > 0, is_off = values.count(off.substr(2)) > 0;
        if (is_on && is_off) problems.add("", off, "contradicts " + on + "; leave out one of the two");
        else if (is_on || is_off) settings.push_back({s.key, is_on, "", is_on ? on : off});
    }
    if (values.count("state-buffer-budget") > 0)
        settings.push_back({"compiler.place.state_buffer_budget", values["state-buffer-budget"].as<std::string>(), "",
                            "--state-buffer-budget"});
    if (values.count("host-operators") > 0) {
        json::Array names;
        if (const auto list = values["host-operators"].as<std::string>(); list != "none")
            for (const std::string& name : split(list, ',')) names.emplace_back(name);
        settings.push_back({"compiler.host.operators", std::move(names), "", "--host-operators"});
    }
}

}  // namespace

po::options_description point_group(bool with_batch) {
    po::options_description group("Point");
    if (with_batch)
        group.add_options()("batch,b", po::value<std::int64_t>()->value_name("N"), "items per inference (default 1)");
    // clang-format off
    group.add_options()
        ("dtype", po::value<std::string>()->value_name("T"),
         "data type of the computation: fp16, bf16 or fp32 (default fp16)")
        ("io-dtype", po::value<std::string>()->value_name("T"),
         "data type of the graph's inputs and outputs (default: as --dtype)")
        ("chip", po::value<std::string>()->value_name("FILE"), "chip file, or the name of one in configs/chips (default: inferentia1)")
        ("compiler", po::value<std::string>()->value_name("FILE"),
         "compiler file, or the name of one in configs/compilers (default: default)")
        ("set", po::value<Words>()->value_name("KEY=VALUE")->composing(),
         "replace a value of the chip or compiler file, such as chip.state_buffer.partition_bytes=128KiB; may be "
         "repeated, the last one wins");
    // clang-format on
    return group;
}

po::options_description extents_group() {
    po::options_description group("Extents that a model leaves open");
    // clang-format off
    group.add_options()
        ("dim", po::value<Words>()->value_name("NAME=VALUE")->composing(),
         "extent of an axis that the model only names; may be repeated")
        ("input", po::value<Words>()->value_name("NAME=SHAPE")->composing(),
         "shape of an input of an ONNX model that names no axes, such as x=1x3x224x224; may be repeated");
    // clang-format on
    return group;
}

flow::Extents extents_of(const po::variables_map& values, Problems& problems) {
    flow::Extents extents;
    if (values.count("dim") > 0)
        for (const std::string& text : values["dim"].as<Words>()) flow::add_dim(extents, text, "--dim", problems);
    if (values.count("input") > 0)
        for (const std::string& text : values["input"].as<Words>()) flow::add_input(extents, text, "--input", problems);
    return extents;
}

po::options_description compiler_group() {
    po::options_description group("Compiler (overrides the compiler file and Neuron's flags)");
    for (const Switch& s : kSwitches)
        group.add_options()(s.name, s.meaning)((std::string("no-") + s.name).c_str(), "the opposite");
    group.add_options()("state-buffer-budget", po::value<std::string>()->value_name("SIZE"),
                        "bytes per partition that the compiler may use, such as 80KiB");
    group.add_options()(
        "host-operators", po::value<std::string>()->value_name("LIST"),
        "which of TopK, NonMaxSuppression and NonZero run on the host, separated by commas, or none; a network "
        "with others is refused");
    return group;
}

po::options_description neuron_group() {
    po::options_description group("Compiler, in Neuron's spelling of 2020 (overrides the compiler file)");
    for (const flow::NeuronFlag& flag : flow::neuron_flags()) {
        if (flag.value == flow::NeuronFlag::Value::none) group.add_options()(flag.key, flag.meaning);
        else if (flag.value == flow::NeuronFlag::Value::count)
            group.add_options()(flag.key, po::value<std::int64_t>()->value_name("N"), flag.meaning);
        else group.add_options()(flag.key, po::value<std::string>()->value_name("BOOL"), flag.meaning);
    }
    return group;
}

po::options_description refused_group() {
    po::options_description group;
    for (const flow::RefusedFlag& flag : flow::refused_neuron_flags())
        group.add_options()(flag.key, po::value<std::string>(), flag.why);
    return group;
}

po::options_description load_group() {
    po::options_description group("Load");
    // clang-format off
    group.add_options()
        ("cores", po::value<std::int64_t>()->value_name("N"), "cores in use (default: all of the chip)")
        ("workers", po::value<std::int64_t>()->value_name("N"), "inferences outstanding per core (default 2)")
        ("seed", po::value<std::int64_t>()->value_name("N"),
         "seed of the jitter of the host's calls (default 0)")
        ("offset-sets", po::value<std::int64_t>()->value_name("N"),
         "measure from N starts, the usual one and N-1 random ones, and report the spread (default 1)")
        ("inferences", po::value<std::int64_t>()->value_name("N"),
         "measure exactly N inferences per core (default: 64 to 400, until the interval is 1.5 % to either side)");
    // clang-format on
    return group;
}

po::options_description price_group() {
    po::options_description group("Price");
    // clang-format off
    group.add_options()
        ("price", po::value<std::string>()->value_name("ID"),
         "price in configs/prices.json to use for every chip, such as inf1.xlarge-on-demand (default: each chip's own)")
        ("price-per-hour", po::value<double>()->value_name("USD"), "price of a chip per hour, instead of the list's");
    // clang-format on
    return group;
}

flow::Prices prices_of(const po::variables_map& values) {
    Problems problems;
    flow::PriceChoice choice;
    if (values.count("price") > 0) {
        choice.id = values["price"].as<std::string>();
        if (choice.id.empty()) problems.add("", "--price", "is empty; it must be the id of a price in the list");
    }
    if (values.count("price-per-hour") > 0) choice.usd_per_hour = values["price-per-hour"].as<double>();
    flow::Prices prices = flow::load_prices(choice, problems);
    problems.throw_if_any();
    return prices;
}

std::vector<flow::Setting> settings_of(const po::variables_map& values, Problems& problems) {
    std::vector<flow::Setting> settings;
    add_neuron_flags(values, settings);
    add_switches(values, settings, problems);
    if (values.count("set") == 0) return settings;
    for (const std::string& text : values["set"].as<Words>())
        settings.push_back(explore::parse_setting(text, "--set", problems));
    return settings;
}

flow::PointRequest request_of(const po::variables_map& values) {
    Problems problems;
    flow::PointRequest r;
    if (values.count("model") == 0)
        problems.add(
            "", "MODEL",
            "is missing: a path to .onnx or .json, or one of " + join(graph::model_names(flow::models_folder()), ", "));
    else r.model = values["model"].as<Words>().front();
    r.extents = extents_of(values, problems);
    if (values.count("chip") > 0) r.chip = values["chip"].as<std::string>();
    if (values.count("compiler") > 0) r.compiler = values["compiler"].as<std::string>();
    if (values.count("dtype") > 0) r.dtype = dtype_of(values["dtype"].as<std::string>(), "--dtype", problems);
    if (values.count("io-dtype") > 0)
        r.io_dtype = dtype_of(values["io-dtype"].as<std::string>(), "--io-dtype", problems);
    r.batch = static_cast<int>(integer_of(values, "batch", 1, flow::kMaxBatch, 1, problems));
    r.cores = static_cast<int>(integer_of(values, "cores", 1, flow::kMaxCores, 0, problems));
    r.workers = static_cast<int>(integer_of(values, "workers", 1, flow::kMaxWorkers, flow::kDefaultWorkers, problems));
    r.seed = integer_of(values, "seed", 0, std::int64_t{1} << 62, 0, problems);
    r.offset_sets = static_cast<int>(integer_of(values, "offset-sets", 1, flow::kMaxOffsetSets, 1, problems));
    r.inferences =
        static_cast<int>(integer_of(values, "inferences", flow::kMinInferences, flow::kMaxInferences, 0, problems));
    r.settings = settings_of(values, problems);
    // Problems of the files go into the same report.
    flow::ModelCache models;
    if (!problems.empty() && !r.model.empty()) {
        flow::PointRequest readable = r;
        readable.batch = readable.workers = 1;
        readable.cores = 0;
        readable.offset_sets = 1;
        readable.inferences = 0;
        readable.seed = 0;
        flow::resolve(readable, models, problems);
    }
    problems.throw_if_any();
    return r;
}

flow::Point point_of(const flow::PointRequest& request, Console& console) {
    Problems problems;
    flow::ModelCache models(console.notice());
    auto point = flow::resolve(request, models, problems);
    problems.throw_if_any();
    return std::move(*point);
}

}  // namespace infsim::cli
