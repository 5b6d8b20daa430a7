#include <catch2/catch.hpp>

#include <set>

#include "flow/point/point.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

PointRequest request() {
    PointRequest r;
    r.model = source_folder("/models/three_layers/three_layers.json");
    r.chip = source_folder("/configs/chips/inferentia1.json");
    r.compiler = source_folder("/configs/compilers/default.json");
    return r;
}

std::string id(const PointRequest& r) {
    ModelCache models;
    Problems problems;
    const auto point = resolve(r, models, problems);
    REQUIRE(problems.empty());
    return point->id;
}

}  // namespace

TEST_CASE("everything that determines a result is part of a point's id") {
    std::vector<PointRequest> variants(11, request());
    variants[1].batch = 2;
    variants[2].dtype = DType::bf16;
    variants[3].io_dtype = DType::fp32;
    variants[4].cores = 1;
    variants[5].workers = 1;
    variants[6].seed = 1;
    variants[7].settings = {{"chip.dram.latency", "101ns", "", "--set"}};
    variants[8].settings = {{"compiler.prefetch.depth", 3, "", "--set"}};
    variants[9].offset_sets = 2;
    variants[10].inferences = 300;
    std::set<std::string> ids;
    for (const PointRequest& r : variants) CHECK(ids.insert(id(r)).second);
}

TEST_CASE("what says the same in other words has the same id") {
    PointRequest same = request();
    same.cores = 4;
    same.io_dtype = DType::fp16;
    same.settings = {{"chip.state_buffer.partition_bytes", "98304B", "s.json", "/base"}};
    CHECK(id(same) == id(request()));
}

TEST_CASE("chips and compilers of configs/ have names") {
    PointRequest named = request();
    named.chip = "inferentia1";
    named.compiler = "default";
    CHECK(id(named) == id(request()));
    named.chip = named.compiler = "";
    CHECK(id(named) == id(request()));
    PointRequest by_path = request();
    named.compiler = "neuron-2.20";  // a name with a dot
    by_path.compiler = source_folder("/configs/compilers/neuron-2.20.json");
    CHECK(id(named) == id(by_path));

    named.chip = "inferentia";
    named.compiler = "defaul";
    ModelCache models;
    Problems problems;
    CHECK_FALSE(resolve(named, models, problems));
    REQUIRE(problems.list().size() == 2);
    CHECK(to_text(problems.list()[0])
              .find("names 'inferentia', which is neither a file nor one of configs/chips; "
                    "did you mean 'inferentia1'?") != std::string::npos);
    CHECK(to_text(problems.list()[1])
              .find("names 'defaul', which is neither a file nor one of configs/compilers; did you "
                    "mean 'default'?") != std::string::npos);
}

TEST_CASE("a request survives the way to a worker process") {
    PointRequest r = request();
    r.batch = 7;
    r.offset_sets = 8;
    r.inferences = 300;
    r.io_dtype = DType::fp32;
    r.settings = {{"chip.dram.latency", "101ns", "s.json", "/axes/0/values/1"},
                  {"compiler.prefetch.depth", 3, "", "--set"}};
    Problems problems;
    const auto text = json::dump(to_json(r), 0);
    const auto back = point_request_from_json(*json::parse_text(text, "request", problems), problems);
    CHECK(problems.empty());
    CHECK(json::dump(to_json(back), 0) == text);
    CHECK(id(back) == id(r));
}

TEST_CASE("all problems of a request are found together") {
    PointRequest r = request();
    r.model = "nosuch";
    r.batch = 0;
    r.cores = 5;
    r.settings = {{"chip.pe.colums", 3, "s.json", "/base/x"}, {"speed", 3, "s.json", "/base/y"}};
    ModelCache models;
    Problems problems;
    CHECK_FALSE(resolve(r, models, problems));
    std::string all;
    for (const Problem& p : problems.list()) all += to_text(p) + "\n";
    for (const char* part :
         {"nosuch", "batch: must be from 1", "s.json: /base/x: ", "s.json: /base/y: 'speed' is no key"})
        CHECK(all.find(part) != std::string::npos);
}

TEST_CASE("a graph's hash follows its content") {
    ModelCache models;
    Problems problems;
    const auto* entry = models.load(request().model, {}, {}, problems);
    REQUIRE(entry);
    graph::Graph changed = entry->graph;
    CHECK(content_hash(changed) == entry->content_hash);
    changed.tensors[0].shape.back() += 1;
    CHECK(content_hash(changed) != entry->content_hash);
    graph::Graph renamed = entry->graph;
    renamed.nodes[0].attributes["group"] = std::int64_t{2};
    CHECK(content_hash(renamed) != entry->content_hash);
}

TEST_CASE("what the host may run counts in the id of a network of which it runs something only") {
    const std::vector<Setting> slow = {{"chip.host.element_time", "9ns", "", "--set"},
                                       {"compiler.host.operators", json::Array{}, "", "--set"}};
    PointRequest plain = request();
    plain.settings = slow;
    CHECK(id(plain) == id(request()));
}
