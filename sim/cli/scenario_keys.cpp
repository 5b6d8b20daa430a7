#include "cli/keys.hpp"

namespace infsim::cli {

namespace {

using List = std::vector<KeyMeaning>;

void add_server(List& list) {
    const List server{
        {"server.model",
         "network that is loaded on every core: a path to .onnx or .json, relative to this file, or a name"},
        {"server.dims", "extents of axes that the model names", "object of integers", "none", true},
        {"server.inputs", "shapes of inputs of a model that names no axes, such as 1x3x224x224", "object of texts",
         "none", true},
        {"server.dtype", "what is computed in"},
        {"server.io_dtype", "what the graph's inputs and outputs are", "", "as dtype"},
        {"server.chip", "chip file, relative to this file, or the name of one in configs/chips", "", "inferentia1"},
        {"server.compiler", "compiler file, relative to this file, or the name of one in configs/compilers", "",
         "default"},
        {"server.cores", "in use, per chip", "", "all"},
        {"server.chips", "how many chips serve"},
        {"server.batches", "compiled batch sizes, ascending; all of them must fit device DRAM together",
         "list of integers"},
        {"server.outstanding", "inferences outstanding per core, or so many beyond one per core, in all",
         "integer: 1 to 64, or \"cores+1\", \"cores+3\"", "the workers of a closed loop, else 2"},
        {"host.per_request", "host software before a request reaches the batching queue", "", "0"},
        {"host.per_item", "host software on top, for each of its items", "", "0"},
        {"host.per_inference", "a call of the runtime", "", "host.call_overhead of the chip"}};
    list.insert(list.end(), server.begin(), server.end());
}

void add_policy(List& list) {
    const List policy{
        {"policy.kind",
         "how requests become batches: neuron, shards of the one compiled batch; queue, as Triton's dynamic batcher; "
         "allowed_sizes, as TensorFlow Serving; none, each request by itself"},
        {"policy.max_batch_size", "queue, allowed_sizes: items that a batch holds at most",
         "integer: 1 to the largest batch", "the largest batch"},
        {"policy.preferred_batch_size", "queue: sizes that are taken as soon as they are there", "list of integers"},
        {"policy.max_queue_delay_microseconds", "queue: how long a request waits for others"},
        {"policy.allowed_batch_sizes", "allowed_sizes: the server's batches", "list of integers", "the server's"},
        {"policy.batch_timeout_micros", "allowed_sizes: how long a batch waits for more"},
        {"policy.enable_large_batch_splitting", "allowed_sizes: whether larger requests are split"}};
    list.insert(list.end(), policy.begin(), policy.end());
}

void add_load(List& list) {
    const List load{
        {"load.kind", "what sends requests; the last four are scenarios of MLPerf Inference"},
        {"load.rate", "poisson, constant, bursts, Server: requests per second, of bursts while on",
         "number: 1e-4 to 1e9"},
        {"load.models", "closed: copies of the model, one per core"},
        {"load.workers", "closed: clients of each copy; each asks again when it is answered"},
        {"load.ramp", "closed: over which the first requests are spread"},
        {"load.on", "bursts: how long requests come"},
        {"load.off", "bursts: how long none comes"},
        {"load.phases", "bursts: whether phases last as said or on average so long"},
        {"load.file", "trace: CSV with arrival_s and items, ascending, relative to this file"},
        {"load.samples_per_query", "MultiStream: items of a query"},
        {"load.samples", "Offline: items of the one query", "", "as many as last 600 s, at least 24576"},
        {"requests.items",
         "sizes of requests: one, a list to draw from, or \"aws-example\" for 1, 4, 7, 8, 1024 in turn",
         "integer, list of integers, or \"aws-example\"", "1"},
        {"requests.weights", "how often each of the sizes comes", "list of numbers", "all alike"},
        {"requests.order", "whether sizes are drawn or come in turn", "", "random"},
        {"stop.requests", "no more are sent after so many; this or duration, the first of the two", "", "no end"},
        {"stop.duration", "no more are sent after so long", "", "no end"},
        {"seed", "of every random stream"},
        {"warm_up", "first requests that do not count"},
        {"live",
         "whether arrivals drive the simulated chip instead of measured times; \"auto\": where the load is above 90 % "
         "of "
         "the capacity",
         "boolean or \"auto\"", "false"}};
    list.insert(list.end(), load.begin(), load.end());
}

}  // namespace

std::vector<KeyMeaning> scenario_meanings() {
    List list{{"question", "what the scenario is to answer; printed above the results", "", "none"}};
    add_server(list);
    add_policy(list);
    add_load(list);
    const List asked{
        {"bound.latency", "that the percentile has to keep", "", "required in bound"},
        {"bound.percentile", "of the latencies that the bound is for", "", "99, of SingleStream 90"},
        {"search.tolerance", "of the highest load within the bound, relative"},
        {"search.candidates", "compiled batches of which sets are tried", "list of integers", "the server as it is"},
        {"search.at_most", "batches in a set"},
        {"published.source", "where published figures are from, which are printed beside the simulated ones", "",
         "required in published"},
        {"published.throughput_avg", "published items per second", "", "none"},
        {"published.latency_ms_p50", "published median latency in ms", "", "none"}};
    list.insert(list.end(), asked.begin(), asked.end());
    return list;
}

}  // namespace infsim::cli
