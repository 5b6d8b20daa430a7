#include "base/text.hpp"
#include "cli/keys.hpp"
#include "flow/point/point.hpp"

namespace infsim::cli {

std::vector<KeyMeaning> sweep_meanings() {
    const auto integer = [](std::int64_t least, std::int64_t most) {
        return "integer: " + number_text(least) + " to " + number_text(most);
    };
    const std::string dtypes = "word: fp16, bf16, fp32",
                      axis = "list, {\"from\", \"to\", \"step\"}, {\"powers_of_two\"} or \"to_limit\"";
    return {
        {"question", "what the sweep asks, in a sentence"},
        {"base", "keys of points (below) that are the same for all points", "object"},
        {"axes", "axes of the sweep, crossed; the last one varies fastest, also in the table", "list of objects"},
        {"axes[].key", "a key of points, below"},
        {"axes[].values", "values of the key; \"to_limit\" for batch: up to the largest that fits, and around the knee",
         axis, "required", true},
        {"axes[].values.from", "first of evenly spaced values"},
        {"axes[].values.to", "the last value is at most this"},
        {"axes[].values.step", "from one value to the next"},
        {"axes[].values.powers_of_two", "first and last of values that double", "list of two numbers or quantities"},
        {"axes[].zip", "instead of key and values: axes that move together", "list of axes", "none"},
        {"where", "conditions on points: \"workers <= batch\" compares a key with a value or another key",
         "list of texts", "all points"},
        {"measure", "how points are measured: by simulation, by the compiler's estimate, or the limits of every cell",
         "word: simulation, estimate, limits", "simulation"},
        {"then.simulate", "which of the estimated points are simulated: pareto, those on the front", "word: pareto",
         "required in then"},
        {"then.margin", "also simulate points that would be on the front if estimates were off by this share"},
        {"max_batch", "largest batch for \"batch\": \"to_limit\" and \"measure\": \"limits\"", "", "64"},
        {"maximize", "one or more columns of the table to maximize", "text or list of texts", "nothing"},
        {"minimize", "one or more columns of the table to minimize", "text or list of texts", "nothing"},
        {"subject_to", "bounds on columns: \"latency_ms_p99 <= 10\"", "list of texts", "none"},
        {"base.model", "network: a path to .onnx or .json, relative to the sweep file, or a name", "text", "required",
         true},
        {"base.dims", "extents of axes that the model names; dims.NAME for one of them", "object of integers", "none",
         true},
        {"base.inputs", "shapes of inputs of a model that names no axes; inputs.NAME for one of them",
         "object of texts", "none", true},
        {"base.batch", "items per inference, or \"to_limit\"", integer(1, flow::kMaxBatch), "1", true},
        {"base.dtype", "data type of the computation", dtypes, "fp16", true},
        {"base.io_dtype", "data type of the graph's inputs and outputs", dtypes, "as dtype", true},
        {"base.chip", "chip file, relative to the sweep file, or the name of one in configs/chips", "text",
         "inferentia1", true},
        {"base.compiler", "compiler file, relative to the sweep file, or the name of one in configs/compilers", "text",
         "default", true},
        {"base.cores", "cores in use", integer(1, flow::kMaxCores), "all of the chip", true},
        {"base.workers", "inferences outstanding per core", integer(1, flow::kMaxWorkers),
         number_text(std::int64_t{flow::kDefaultWorkers}), true},
        {"base.seed", "of the jitter of the host's calls", "integer: at least 0", "0", true},
        {"base.offset_sets", "number of starts to measure", integer(1, flow::kMaxOffsetSets), "1", true},
        {"base.inferences", "inferences measured per core", integer(flow::kMinInferences, flow::kMaxInferences),
         "64 to 400, until the interval is 1.5 % to either side", true},
        {"base.chip.KEY", "a key of chip files", "as there", "the file's", true},
        {"base.compiler.KEY", "a key of compiler files", "as there", "the file's", true},
        {"base.FLAG", "a flag of Neuron's compiler of 2020, such as sb_size", "as the flag's", "none", true},
        {"base.scenario", "scenario file, relative to the sweep file; the points are then serving scenarios", "text",
         "none", true},
        {"base.scenario.KEY", "a key of scenario files", "as there", "the file's", true},
    };
}

}  // namespace infsim::cli
