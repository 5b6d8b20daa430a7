#include "cli/keys.hpp"

namespace infsim::cli {

namespace {

using List = std::vector<KeyMeaning>;

void add_server(List& list) {
    const List server{
        {"server.model", "network loaded on every core: a path to .onnx or .json, relative to this file, or a name"},
        {"server.dims", "extents of axes that the model names", "object of integers", "none", true},
        {"server.inputs", "shapes of inputs of a model that names no axes, such as 1x3x224x224", "object of texts",
         "none", true},
        {"server.dtype", "data type of the computation"},
        {"server.io_dtype", "data type of the graph's inputs and outputs", "", "as dtype"},
        {"server.chip", "chip file, relative to this file, or the name of one in configs/chips", "", "inferentia1"},
        {"server.compiler", "compiler file, relative to this file, or the name of one in configs/compilers", "",
         "default"},
        {"server.cores", "in use, per chip", "", "all"},
        {"server.chips", "how many chips serve"},
        {"server.batches", "compiled batch sizes, ascending; all of them must fit device DRAM together",
         "list of integers"},
        {"server.outstanding", "inferences outstanding per core; cores+N: in all, N more than one per core",
         "integer: 1 to 64, or \"cores+1\", \"cores+3\"", "the workers of a closed loop, else 2"},
        {"host.per_request", "host software before a request reaches the batching queue", "", "0"},
        {"host.per_item", "additional host software for each item of a request", "", "0"},
        {"host.per_inference", "host software per call of the runtime", "", "host.call_overhead of the chip"}};
    list.insert(list.end(), server.begin(), server.end());
}

void add_policy(List& list) {
    const List policy{
        {"policy.kind",
         "how requests become batches: neuron, shards of the one compiled batch; queue, like Triton's dynamic batcher; "
         "allowed_sizes, like TensorFlow Serving; none, each request by itself"},
        {"policy.max_batch_size", "queue, allowed_sizes: most items in a batch", "integer: 1 to the largest batch",
         "the largest batch"},
        {"policy.preferred_batch_size", "queue: batch sizes that leave as soon as they are reached",
         "list of integers"},
        {"policy.max_queue_delay_microseconds", "queue: how long a request waits for others"},
        {"policy.allowed_batch_sizes", "allowed_sizes: the server's batches", "list of integers", "the server's"},
        {"policy.batch_timeout_micros", "allowed_sizes: how long a batch waits for more"},
        {"policy.enable_large_batch_splitting", "allowed_sizes: whether larger requests are split"}};
    list.insert(list.end(), policy.begin(), policy.end());
}

void add_load(List& list) {
    const List load{
        {"load.kind", "what sends requests; the last four are scenarios of MLPerf Inference"},
        {"load.rate", "poisson, constant, bursts, Server: requests per second; for bursts, while on",
         "number: 1e-4 to 1e9"},
        {"load.models", "closed: copies of the model, one per core"},
        {"load.workers", "closed: clients of each copy; each sends a request when the last one is answered"},
        {"load.ramp", "closed: time over which the first requests are spread"},
        {"load.on", "bursts: how long requests arrive"},
        {"load.off", "bursts: how long none arrives"},
        {"load.phases", "bursts: whether on and off are exact or mean durations"},
        {"load.file", "trace: CSV with arrival_s and items, ascending, relative to this file"},
        {"load.samples_per_query", "MultiStream: items per query"},
        {"load.samples", "Offline: items of the single query", "", "enough for 600 s, at least 24576"},
        {"requests.items",
         "sizes of requests: one, a list to draw from, or \"aws-example\" for 1, 4, 7, 8, 1024 in turn",
         "integer, list of integers, or \"aws-example\"", "1"},
        {"requests.weights", "relative frequency of each size", "list of numbers", "all equal"},
        {"requests.order", "whether sizes are drawn at random or taken in turn", "", "random"},
        {"stop.requests", "stop sending after this many; this or duration, whichever comes first", "", "no end"},
        {"stop.duration", "stop sending after this time", "", "no end"},
        {"seed", "of every random stream"},
        {"warm_up", "number of first requests that do not count"},
        {"live",
         "whether arrivals drive the simulated chip instead of measured times; \"auto\": if the load is above 90 % of "
         "the capacity",
         "boolean or \"auto\"", "false"}};
    list.insert(list.end(), load.begin(), load.end());
}

}  // namespace

std::vector<KeyMeaning> scenario_meanings() {
    List list{{"question", "what the scenario should answer; printed above the results", "", "none"}};
    add_server(list);
    add_policy(list);
    add_load(list);
    const List asked{
        {"bound.latency", "upper bound on the percentile", "", "required in bound"},
        {"bound.percentile", "percentile of the latency that the bound applies to", "", "99; 90 for SingleStream"},
        {"search.tolerance", "relative tolerance of the highest load within the bound"},
        {"search.candidates", "compiled batches to form sets from", "list of integers", "the server as it is"},
        {"search.at_most", "most batches in a set"},
        {"published.source", "source of the published figures, printed next to the simulated ones", "",
         "required in published"},
        {"published.throughput_avg", "published items per second", "", "none"},
        {"published.latency_ms_p50", "published median latency in ms", "", "none"}};
    list.insert(list.end(), asked.begin(), asked.end());
    return list;
}

}  // namespace infsim::cli
