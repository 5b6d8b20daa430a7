// The published limit of ResNet-50, from geometry alone: five images fit into 96 KiB per partition, six do not.
#include <catch2/catch.hpp>

#include <string>

#include "base/problems.hpp"
#include "compiler/compile.hpp"
#include "graph/json_form.hpp"
#include "hw/load.hpp"
#include "support/neuron_2020.hpp"
#include "support/source_folder.hpp"
#include "support/verified.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Purpose;

namespace {

CompileResult compile_resnet50(const std::string& name, int batch, const CompileOptions& options = {},
                               DType io = DType::fp16) {
    static const hw::ChipSpec chip = [] {
        Problems problems;
        const auto file = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
        problems.throw_if_any();
        return file->spec;
    }();
    const auto graph = graph::load_model(name, source_folder("/models"));
    return compile(graph, chip, batch, DType::fp16, io, options, test::verified());
}

std::int64_t weight_bytes_read(const program::Program& p) {
    std::int64_t bytes = 0;
    for (const auto& queue : p.queues)
        for (const auto& in : queue.instructions)
            if (const auto* load = std::get_if<program::DmaLoad>(&in.op);
                load && p.segments[load->src.segment].purpose == Purpose::weights)
                bytes += program::total_bytes(load->dst);
    return bytes;
}

constexpr std::int64_t kWeightBytes = 25'502'912 * 2;

}  // namespace

TEST_CASE("ResNet-50 v1 fits at batch 5 with 87,808 bytes of activations per partition") {
    const auto result = compile_resnet50("resnet50-v1", 5);
    REQUIRE(std::holds_alternative<Compiled>(result));
    const auto& c = std::get<Compiled>(result);
    CHECK(c.memory.lower_bound_bytes == 87'808);
    CHECK(c.memory.capacity_bytes == 98'304);
    CHECK(c.memory.peak_bytes >= 87'808);
    CHECK(c.memory.peak_bytes <= 98'304);
    CHECK(weight_bytes_read(c.program) == kWeightBytes);
}

TEST_CASE("without spilling ResNet-50 v1 does not fit at batch 6, for 2,048 bytes of activations") {
    CompileOptions options;
    options.spill = false;
    const auto result = compile_resnet50("resnet50-v1", 6, options);
    REQUIRE(std::holds_alternative<DoesNotFit>(result));
    const auto& no = std::get<DoesNotFit>(result);
    CHECK(no.resource == "state buffer");
    CHECK(no.wanted_bytes == 100'352);
    CHECK(no.available_bytes == 98'304);
    CHECK(!no.layer.empty());
    CHECK(no.text.find("layer " + no.layer + " needs 100352 bytes") == 0);
    CHECK(no.text.find("2048 bytes too many") != std::string::npos);
    REQUIRE(!no.tensors.empty());
    CHECK(no.text.find(no.tensors[0].name) != std::string::npos);
}

TEST_CASE("where converted inputs are held whole, fp32 input stops at batch 1 and fp16 where it did") {
    CompileOptions options = test::neuron_2020();
    const auto fits = [&](int batch, DType io) {
        return std::holds_alternative<Compiled>(compile_resnet50("resnet50-v1", batch, options, io));
    };
    CHECK(fits(5, DType::fp16));
    CHECK_FALSE(fits(6, DType::fp16));
    CHECK(fits(1, DType::fp32));
    // Two images of 112 rows x 224 columns, one copy per filter row, in fp16: 2 x 50,176 bytes on their partitions.
    const auto two = compile_resnet50("resnet50-v1", 2, options, DType::fp32);
    REQUIRE(std::holds_alternative<DoesNotFit>(two));
    const auto& tensors = std::get<DoesNotFit>(two).tensors;
    CHECK(tensors.at(0).bytes == 2 * 112 * 224 * 2);
    CHECK(tensors.at(0).images == 2);
    options.stream_converted_input = true;
    CHECK(fits(5, DType::fp32));
}

TEST_CASE("the weights of ResNet-50 are read once per batch, or once per image without batching") {
    std::int64_t stored = 0;
    const auto one = compile_resnet50("resnet50-v1", 1);
    const program::Program& p = std::get<Compiled>(one).program;
    for (const auto& s : p.segments)
        if (s.purpose == Purpose::weights) stored += s.bytes;
    CHECK(stored == kWeightBytes);
    CHECK(weight_bytes_read(p) == kWeightBytes);
    std::int64_t of_layers = 0;
    for (const auto& layer : p.layers) of_layers += layer.weight_bytes;
    CHECK(of_layers == kWeightBytes);
    CompileOptions off;
    off.batching = false;
    const auto three = compile_resnet50("resnet50-v1", 3, off);
    CHECK(weight_bytes_read(std::get<Compiled>(three).program) == 3 * kWeightBytes);
}

TEST_CASE("multiply-accumulates of the layers add up to those of the network") {
    for (const auto& [name, gmac] : {std::pair<std::string, double>{"resnet50-v1", 3.86}, {"resnet50", 4.089}}) {
        std::int64_t macs = 0;
        const auto result = compile_resnet50(name, 1);
        for (const auto& layer : std::get<Compiled>(result).program.layers) macs += layer.macs;
        CHECK(static_cast<double>(macs) / 1e9 == Approx(gmac).epsilon(0.002));
    }
}
