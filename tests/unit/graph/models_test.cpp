// The networks of models/, and published networks as another exporter writes them.
#include <catch2/catch.hpp>

#include <set>

#include "graph/counts.hpp"
#include "support.hpp"

using namespace infsim;
using namespace infsim::graph;

namespace {

Graph light(const std::string& name) {
    const test::TempFolder folder;
    const auto path = folder.file(name + ".onnx");
    test::write_light_network(name, path);
    return import_onnx(path);
}
Graph ours(const std::string& name) { return load_model(name, test::models_folder()); }

bool has_weights(Op op) { return op == Op::conv || op == Op::conv_transpose || op == Op::gemm || op == Op::matmul; }

/// Elements of constant weights, without biases; a tensor that several nodes share counts once.
std::int64_t conv_gemm_weight_count(const Graph& graph) {
    std::set<TensorId> weights;
    for (const auto& node : graph.nodes)
        if (has_weights(node.op) && graph.tensor(node.inputs[1]).kind == TensorKind::constant)
            weights.insert(node.inputs[1]);
    std::int64_t total = 0;
    for (const auto id : weights) total += element_count(graph.tensor(id).shape);
    return total;
}

}  // namespace

TEST_CASE("networks of models/ have the published MACs and weights") {
    CHECK(total_macs(ours("resnet50")) == 4'089'184'256);
    CHECK(total_macs(ours("resnet50-v1")) == 3'857'973'248);
    CHECK(total_macs(ours("resnet50-v2")) == 4'089'184'256);
    CHECK(conv_gemm_weight_count(ours("resnet50")) == 25'502'912);
    CHECK(conv_gemm_weight_count(ours("resnet50-v2")) == 25'502'912);
    CHECK(conv_gemm_weight_count(ours("resnet50-v1")) == 25'502'912);
    CHECK(total_macs(ours("vgg16")) == 15'470'264'320);
    CHECK(conv_gemm_weight_count(ours("vgg16")) == 138'344'128);
    CHECK(total_macs(ours("bert_base")) ==
          12LL * (4LL * 128 * 768 * 768 + 2LL * 128 * 128 * 768 + 2LL * 128 * 768 * 3072));
    CHECK(conv_gemm_weight_count(ours("bert_base")) == 12LL * (4 * 768 * 768 + 2 * 768 * 3072));
    CHECK(total_macs(ours("bert_large")) ==
          24LL * (4LL * 128 * 1024 * 1024 + 2LL * 128 * 128 * 1024 + 2LL * 128 * 1024 * 4096));
    CHECK(conv_gemm_weight_count(ours("bert_large")) == 24LL * (4 * 1024 * 1024 + 2 * 1024 * 4096));
    // The members of BERT's family have its layers, six or twelve; ALBERT's are one layer's weights.
    CHECK(total_macs(ours("roberta_base")) == total_macs(ours("bert_base")));
    CHECK(conv_gemm_weight_count(ours("roberta_base")) == conv_gemm_weight_count(ours("bert_base")));
    for (const char* distilled : {"distilbert_base", "distilroberta_base"}) {
        CHECK(2 * total_macs(ours(distilled)) == total_macs(ours("bert_base")));
        CHECK(2 * conv_gemm_weight_count(ours(distilled)) == conv_gemm_weight_count(ours("bert_base")));
    }
    CHECK(total_macs(ours("albert_base")) == total_macs(ours("bert_base")) + 128LL * 128 * 768);
    CHECK(conv_gemm_weight_count(ours("albert_base")) == 4LL * 768 * 768 + 2LL * 768 * 3072 + 128LL * 768);
    CHECK(total_macs(ours("attention_block")) == 27'262'976);
    CHECK(total_macs(ours("three_layers")) == 7'700'480);
    CHECK(total_macs(ours("three_heavy_layers")) == 158'924'800);
}

namespace {

/// Elements of all constants with a shape: weights, biases, tables.
std::int64_t parameters(const Graph& graph) {
    std::int64_t n = 0;
    for (const Tensor& t : graph.tensors)
        if (t.kind == TensorKind::constant && !t.shape.empty()) n += element_count(t.shape);
    return n;
}

}  // namespace

TEST_CASE("BERT's family has the parameters of the published models, but for the pooler") {
    ImportOptions options;
    options.dims = {{"seq", 512}};  // as many positions as were trained, where they are no input
    options.optimize = false;
    const auto count = [&](const char* name) { return parameters(load_model(name, test::models_folder(), options)); };
    constexpr std::int64_t kPooler = 768 * 768 + 768;
    CHECK(count("bert_base") + kPooler == 109'482'240);
    CHECK(count("bert_large") + 1024 * 1024 + 1024 == 335'141'888);
    CHECK(count("distilbert_base") == 66'362'880);
    CHECK(count("roberta_base") + kPooler == 124'645'632);
    CHECK(count("distilroberta_base") + kPooler == 82'118'400);
    CHECK(count("albert_base") + kPooler == 11'683'584);
}

TEST_CASE("ALBERT's layers read the same weights") {
    const Graph g = ours("albert_base");
    std::map<TensorId, int> readers;
    for (const Node& node : g.nodes)
        if (node.op == Op::matmul && g.tensor(node.inputs[1]).kind == TensorKind::constant) ++readers[node.inputs[1]];
    REQUIRE(readers.size() == 7);  // six of a layer and the projection of the embeddings
    CHECK(std::count_if(readers.begin(), readers.end(), [](const auto& r) { return r.second == 12; }) == 6);
}

TEST_CASE("every network of models/ is batchable and passes the check") {
    for (const auto& name : model_names(test::models_folder())) {
        const auto g = ours(name);
        INFO(name << ": " << g.why_not_batchable);
        CHECK(g.batchable);
        CHECK(test::first_problem(g) == "");
    }
}

TEST_CASE("the committed graphs are what their generators write") {
    if (std::system("/usr/bin/python3 -c pass 2>/dev/null") != 0) {
        WARN("skipped: no /usr/bin/python3");
        return;
    }
    for (const auto& family : std::filesystem::directory_iterator(test::models_folder())) {
        if (!family.is_directory() || !std::filesystem::exists(family.path() / "generate.py")) continue;
        const auto command = "/usr/bin/python3 -B " + (family.path() / "generate.py").string() + " --check";
        INFO(command);
        CHECK(std::system(command.c_str()) == 0);
    }
}

TEST_CASE("ResNet-50 of another exporter is models/resnet50, node for node") {
    const auto theirs = light("resnet50");
    CHECK(total_macs(theirs) == 4'089'184'256);
    CHECK(conv_gemm_weight_count(theirs) == 25'502'912);
    CHECK(theirs.batchable);
    CHECK(test::structure(theirs) == test::structure(ours("resnet50")));
}

TEST_CASE("AlexNet, GoogLeNet, SqueezeNet and VGG-19 of another exporter import with their published size") {
    struct Expected {
        const char* name;
        double gmacs, mweights;
    };
    // AlexNet in two groups 0.65 G and 61 M; GoogLeNet 1.43 G and 7.0 M; SqueezeNet 1.0 (227 pixels would be
    // 0.39 G) and 1.2 M; VGG-19 19.6 G and 143.7 M.
    for (const Expected e : {Expected{"alexnet", 0.6546, 60.955}, Expected{"inception_v1", 1.4316, 6.990},
                             Expected{"squeezenet", 0.34915, 1.2316}, Expected{"vgg19", 19.632, 143.652}}) {
        const auto g = light(e.name);
        INFO(e.name << ": " << g.why_not_batchable);
        CHECK(g.batchable);
        CHECK(static_cast<double>(total_macs(g)) / 1e9 == Approx(e.gmacs).epsilon(1e-4));
        CHECK(static_cast<double>(conv_gemm_weight_count(g)) / 1e6 == Approx(e.mweights).epsilon(1e-4));
        CHECK(test::first_problem(g) == "");
        CHECK(g.inputs.size() == 1);
    }
}

TEST_CASE("a model of another exporter that is cut off anywhere is an input error") {
    const test::TempFolder folder;
    test::write_light_network("squeezenet", folder.file("whole.onnx"));
    std::ifstream in(folder.file("whole.onnx"), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    REQUIRE(bytes.size() > 10'000);
    for (std::size_t length = 0; length + 1 < bytes.size(); length += 499) {
        test::write_bytes(folder.file("cut.onnx"), bytes.substr(0, length));
        CHECK_THROWS_AS(import_onnx(folder.file("cut.onnx")), infsim::InputError);
    }
}

namespace {

/// Whether the whole graph's outputs have the shapes that the file declares, where it declares any.
void check_declared_shapes(const Graph& g, const std::string& path) {
    onnx::ModelProto model;
    std::ifstream in(path, std::ios::binary);
    REQUIRE(model.ParseFromIstream(&in));
    for (int i = 0; i < model.graph().output_size(); ++i) {
        const auto& type = model.graph().output(i).type().tensor_type();
        Shape declared;
        bool complete = type.has_shape();
        for (const auto& d : type.shape().dim()) {
            complete = complete && d.has_dim_value();
            declared.push_back(d.dim_value());
        }
        if (complete) CHECK(test::output_shape(g, static_cast<std::size_t>(i)) == declared);
    }
}

}  // namespace

TEST_CASE("every ONNX node test imports or says why not") {
    const std::filesystem::path folder = "/usr/include/onnx/backend/test/data";
    if (!std::filesystem::is_directory(folder)) {
        WARN("skipped: libonnx-testdata is not installed");
        return;
    }
    int imported = 0;
    for (const char* kind : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
        for (const auto& entry : std::filesystem::directory_iterator(folder / kind)) {
            const auto path = (entry.path() / "model.onnx").string();
            if (!std::filesystem::exists(path)) continue;
            for (const auto batch : {ImportOptions::Batch::whole, ImportOptions::Batch::auto_leading}) {
                INFO(path);
                ImportOptions options;
                options.batch = batch;
                try {
                    const auto g = import_onnx(path, options);
                    CHECK(test::first_problem(g) == "");
                    if (batch != ImportOptions::Batch::whole) continue;
                    check_declared_shapes(g, path);
                    ++imported;
                } catch (const infsim::InputError& error) {
                    CHECK(std::string(error.what()).find("model.onnx") != std::string::npos);
                }
            }
        }
    }
    CHECK(imported >= 560);  // of 1,072 in libonnx 1.12; fewer means that an operator was lost
}
