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
        {"base", "keys of points, below, that are the same everywhere", "object"},
        {"axes", "axes of the sweep; crossed, the last one fastest, and the table is in that order", "list of objects"},
        {"axes[].key", "a key of points, below"},
        {"axes[].values", "what the key is; \"to_limit\" of batch: up to the largest that fits, and around the knee",
         axis, "required", true},
        {"axes[].values.from", "first of values at even steps"},
        {"axes[].values.to", "the last is this or less"},
        {"axes[].values.step", "from one to the next"},
        {"axes[].values.powers_of_two", "first and last of values that double", "list of two numbers or quantities"},
        {"axes[].zip", "in place of key and values: axes that take their values together", "list of axes", "none"},
        {"where", "conditions that a point fulfils: \"workers <= batch\", a key against a value or another key",
         "list of texts", "all points"},
        {"measure", "how points are measured: by simulation, by the compiler's estimate, or the limits of every cell",
         "word: simulation, estimate, limits", "simulation"},
        {"then.simulate", "which of the estimated points are simulated: pareto, those on the front", "word: pareto",
         "required in then"},
        {"then.margin", "points are simulated, too, that would be on the front if estimates were off by this share"},
        {"max_batch", "end of \"batch\": \"to_limit\" and of \"measure\": \"limits\"", "", "64"},
        {"maximize", "a column of the table, or several: what is looked for", "text or list of texts", "nothing"},
        {"minimize", "the same for what is to be small", "text or list of texts", "nothing"},
        {"subject_to", "bounds on columns: \"latency_ms_p99 <= 10\"", "list of texts", "none"},
        {"base.model", "network: a path to .onnx or .json, relative to the sweep file, or a name", "text", "required",
         true},
        {"base.dims", "extents of axes that the model names; dims.NAME for one of them", "object of integers", "none",
         true},
        {"base.inputs", "shapes of inputs of a model that names no axes; inputs.NAME for one of them",
         "object of texts", "none", true},
        {"base.batch", "items per inference, or \"to_limit\"", integer(1, flow::kMaxBatch), "1", true},
        {"base.dtype", "what is computed in", dtypes, "fp16", true},
        {"base.io_dtype", "what the graph's inputs and outputs are", dtypes, "as dtype", true},
        {"base.chip", "chip file, relative to the sweep file, or the name of one in configs/chips", "text",
         "inferentia1", true},
        {"base.compiler", "compiler file, relative to the sweep file, or the name of one in configs/compilers", "text",
         "default", true},
        {"base.cores", "cores in use", integer(1, flow::kMaxCores), "all of the chip", true},
        {"base.workers", "inferences outstanding per core", integer(1, flow::kMaxWorkers),
         number_text(std::int64_t{flow::kDefaultWorkers}), true},
        {"base.seed", "of the jitter of the host's calls", "integer: at least 0", "0", true},
        {"base.offset_sets", "starts that are measured", integer(1, flow::kMaxOffsetSets), "1", true},
        {"base.inferences", "measured per core", integer(flow::kMinInferences, flow::kMaxInferences),
         "64 to 400, until the interval is 1.5 % to either side", true},
        {"base.chip.KEY", "a key of chip files", "as there", "the file's", true},
        {"base.compiler.KEY", "a key of compiler files", "as there", "the file's", true},
        {"base.FLAG", "a flag of Neuron's compiler of 2020, such as sb_size", "as the flag's", "none", true},
        {"base.scenario", "scenario file, relative to the sweep file: the points are scenarios of serving", "text",
         "none", true},
        {"base.scenario.KEY", "a key of scenario files", "as there", "the file's", true},
    };
}

}  // namespace infsim::cli
