#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "flow/limits/limits.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

bool setting_is(const PointRequest& r, const std::string& key, const json::Value& value) {
    for (const Setting& s : r.settings)
        if (s.key == key) return s.value == value;
    return false;
}

/// A compiler on which B images take B * 16 KiB of the state buffer, spilled ones a quarter, cut up an eighth;
/// throughput peaks at B=7, latency is 10 B ms. By the estimate each image that is cut off costs a thousandth of the
/// throughput.
struct Fake {
    int compiled = 0, simulated = 0;
    std::vector<std::string> said;
    std::set<std::string> requests;

    LimitsTools tools() {
        LimitsTools t;
        t.compile = [this](const PointRequest& r) {
            ++compiled;
            requests.insert(json::dump(to_json(r), 0));
            return answer(r);
        };
        t.prospect = [](const PointRequest& r) -> std::optional<Prospect> {
            if (answer(r)) return std::nullopt;
            return Prospect{1000.5 - std::abs(r.batch - 7), 900.0 * (1 - 0.001 * r.batch)};
        };
        t.explain = [](const PointRequest& r) { return *answer(r); };
        t.simulate = [this](const std::vector<PointRequest>& list) {
            std::vector<record::RunRecord> records;
            for (const PointRequest& r : list) {
                ++simulated;
                CHECK_FALSE(answer(r));
                record::RunRecord record;
                record.status = record::Status::ok;
                record.throughput_avg = 1000.0 - std::abs(r.batch - 7);
                record.latency_ms_p99 = 10 * r.batch;
                records.push_back(record);
            }
            return records;
        };
        t.say = [this](const std::string& what) { said.push_back(what); };
        return t;
    }
    static std::optional<compiler::DoesNotFit> answer(const PointRequest& r) {
        ModelCache models;
        Problems problems;
        const auto point = resolve(r, models, problems);
        problems.throw_if_any();
        const bool spill = setting_is(r, "compiler.spill.spill", true);
        const int part = point->compiler.search_sections ? 8 : spill ? 4 : 1;
        const std::int64_t per_image = 16384 / part * (point->compiler.batching ? 1 : 0) * dtype_bytes(r.dtype) / 2;
        const std::int64_t demand = per_image * r.batch, capacity = point->chip.state_buffer.partition_bytes.count();
        if (demand <= capacity) return std::nullopt;
        compiler::DoesNotFit no;
        no.resource = compiler::resource::state_buffer;
        no.unit = "B/partition";
        no.binding = "state buffer";
        no.layer = "some layer";
        no.wanted_bytes = demand;
        no.available_bytes = capacity;
        no.text = "too much";
        return no;
    }
};

PointRequest request() {
    PointRequest r;
    r.model = source_folder("/models/three_layers/three_layers.json");
    r.compiler = "layer_by_layer";
    return r;
}

const ProvenLever* lever(const Certificate& c, const std::string& name) {
    for (const ProvenLever& l : c.levers)
        if (l.name == name) return &l;
    return nullptr;
}

}  // namespace

TEST_CASE("four limits, each with the reason why not one more") {
    Fake fake;
    LimitsOptions options;
    options.latency_ms = 45;
    const Limits l = find_limits(request(), options, fake.tools());
    CHECK(l.resident.batch == 6);  // 96 KiB of 16 KiB each
    CHECK(l.any.batch == 24);
    CHECK(l.best_throughput->batch == 7);
    CHECK(l.latency->batch == 4);
    REQUIRE(l.resident.certificate);
    CHECK(l.resident.certificate->batch == 7);
    CHECK(l.resident.certificate->demand == 7 * 16384);
    CHECK(l.resident.certificate->gap == 16384);
    CHECK(l.any.certificate->batch == 25);
    CHECK(l.best_throughput->certificate->resource == "throughput");
    CHECK(l.best_throughput->certificate->batch == 8);
    CHECK(l.best_throughput->certificate->gap == 1);
    CHECK(l.latency->certificate->resource == "latency");
    CHECK(l.latency->certificate->demand == 50);
    CHECK(l.latency->certificate->gap == 5);
    CHECK_FALSE(fake.said.empty());
}

TEST_CASE("a batch whose items in flight take too long by Little's law is not simulated for its latency") {
    Fake without, with;
    LimitsOptions options;
    find_limits(request(), options, without.tools());
    options.latency_ms = 15;  // 10 ms at B=1; at B=2 sixteen items are in flight, at 995.5 items/s at most
    CHECK(find_limits(request(), options, with.tools()).latency->batch == 1);
    CHECK(with.simulated <= without.simulated + 2);  // B=1, and B=2 for the certificate
}

TEST_CASE("a lever speaks of the state buffer as the request does, since both forms at once are refused") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    PointRequest r = request();
    r.settings.push_back({"chip.state_buffer.bytes", "12MiB", "", "--set"});
    const Limits l = find_limits(r, options, fake.tools());
    const ProvenLever* more = lever(*l.resident.certificate, "more state buffer");
    REQUIRE(more != nullptr);
    CHECK(more->change == "--set chip.state_buffer.bytes=14MiB");  // 112 KiB in each of 128 partitions
    CHECK(more->batch == 7);
}

TEST_CASE("levers are those that were seen to work, with the batch that they reach") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    const Limits l = find_limits(request(), options, fake.tools());
    CHECK(fake.simulated == 0);
    const Certificate& resident = *l.resident.certificate;
    const ProvenLever* more = lever(resident, "more state buffer");
    REQUIRE(more != nullptr);
    CHECK(more->change == "--set chip.state_buffer.partition_bytes=112KiB");  // the smallest for seven images
    CHECK(more->batch == 7);
    const ProvenLever* spill = lever(resident, "spilling");
    REQUIRE(spill != nullptr);
    CHECK(spill->batch == 24);
    CHECK_FALSE(spill->open);
    const ProvenLever* unbatched = lever(resident, "no batching: weights again for every image");
    REQUIRE(unbatched != nullptr);
    CHECK(unbatched->open);
    CHECK(unbatched->batch == 64);
    CHECK(lever(resident, "no replication") == nullptr);      // changes nothing on this compiler
    CHECK(lever(resident, "computing in fp32") == nullptr);   // takes more
    CHECK(lever(*l.any.certificate, "spilling") == nullptr);  // is on already
    options.levers = false;
    Fake quick;
    const Limits answers = find_limits(request(), options, quick.tools());
    CHECK(answers.resident.batch == l.resident.batch);
    CHECK(answers.resident.certificate->text == resident.text);
    CHECK(answers.resident.certificate->levers.empty());
    CHECK(quick.compiled < fake.compiled * 2 / 3);
}

TEST_CASE("a limit is told before anything is compiled for a lever") {
    Fake fake;
    LimitsOptions options;
    LimitsTools tools = fake.tools();
    tools.answer = [&](const std::string& what) { fake.said.push_back("answer " + what); };
    find_limits(request(), options, tools);
    const auto starts = [](const char* with) { return [with](const std::string& s) { return s.rfind(with, 0) == 0; }; };
    const auto lever_at = std::find_if(fake.said.begin(), fake.said.end(), starts("lever"));
    CHECK(std::count_if(fake.said.begin(), lever_at, starts("answer")) == 3);
    CHECK(std::count_if(lever_at, fake.said.end(), starts("answer")) == 0);
    CHECK(std::count_if(fake.said.begin(), lever_at, starts("answer fits without spilling: B=6; too much")) == 1);
}

TEST_CASE("the limit of a profile that does not spill is the resident one") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    PointRequest r = request();
    r.settings = {{"spill_dis", true, "", "--spill_dis"}, {"sb_size", std::int64_t{500}, "", "--sb_size"}};
    const Limits l = find_limits(r, options, fake.tools());
    CHECK(l.any.batch == 6);
    REQUIRE(lever(*l.any.certificate, "spilling") != nullptr);
}

TEST_CASE("what fits as a whole and what fits in parts are two limits of a profile that searches") {
    Fake fake;
    LimitsOptions options;
    PointRequest r = request();
    r.compiler = "default";
    const Limits l = find_limits(r, options, fake.tools());
    CHECK(l.resident.batch == 6);
    REQUIRE(l.sub_batched);
    CHECK(l.sub_batched->batch == 48);
    CHECK(l.sub_batched->certificate->batch == 49);
    CHECK(l.any.batch == 48);
    // The estimate says that no batch beyond the sixth is worth the simulation, though its roofline does not. The next
    // one up is simulated all the same, being what the sixth is held against, and gives more.
    CHECK(l.best_throughput->batch == 7);
    CHECK(l.best_throughput->certificate->text.find("by the compiler's estimate") != std::string::npos);
    CHECK(l.best_throughput->certificate->demand == Approx(1000 * (1 - 0.008) / (1 - 0.007)));
    CHECK(fake.simulated <= 5);
    for (const std::string& said : fake.said) CHECK(said.find("lever the compiler") == std::string::npos);

    Fake plain;
    CHECK_FALSE(find_limits(request(), options, plain.tools()).sub_batched);
}

TEST_CASE("batches that are cut up count where they give more by the estimate, more so the larger they are") {
    // Six fit whole. Throughput grows by 20 items a second with each image up to the ninth; the estimate knows.
    Fake fake;
    LimitsTools tools = fake.tools();
    const auto curve = [](int batch) { return 900.0 + 20 * std::min(batch, 9) + 0.5 * std::max(0, batch - 9); };
    std::vector<int> simulated;
    tools.prospect = [&](const PointRequest& r) -> std::optional<Prospect> {
        if (Fake::answer(r)) return std::nullopt;
        return Prospect{5000, curve(r.batch) / 2};
    };
    tools.simulate = [&](const std::vector<PointRequest>& list) {
        std::vector<record::RunRecord> records;
        for (const PointRequest& r : list) {
            simulated.push_back(r.batch);
            record::RunRecord record;
            record.status = record::Status::ok;
            record.throughput_avg = curve(r.batch);
            records.push_back(record);
        }
        return records;
    };
    LimitsOptions options;
    PointRequest r = request();
    r.compiler = "default";
    const Limits l = find_limits(r, options, tools);
    CHECK(l.resident.batch == 6);
    CHECK(l.best_throughput->batch == 9);
    CHECK(l.best_throughput->certificate->demand == Approx(curve(10)));
    // Batches that are twice as large and hardly better are told of, not simulated.
    CHECK(*std::max_element(simulated.begin(), simulated.end()) < 16);
    CHECK(l.best_throughput->certificate->text.find("of larger ones B=32 about 1091.5") != std::string::npos);
}

TEST_CASE("a profile that does not search is told of the one that does") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    const Limits l = find_limits(request(), options, fake.tools());
    const ProvenLever* parts = lever(*l.resident.certificate, "parts of the network on some of the images");
    REQUIRE(parts != nullptr);
    CHECK(parts->change == "--compiler default");
    CHECK(parts->batch == 48);
}

TEST_CASE("a search that ends before the limit says so, and one that finds nothing as well") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    options.most = 5;
    const Limits l = find_limits(request(), options, fake.tools());
    CHECK(l.resident.open);
    CHECK(l.resident.batch == 5);
    CHECK_FALSE(l.resident.certificate);
    PointRequest tiny = request();
    tiny.settings = {{"chip.state_buffer.partition_bytes", "1KiB", "", "--set"}};
    const Limits none = find_limits(tiny, options, fake.tools());
    CHECK(none.any.batch == 0);
    CHECK(none.any.certificate->batch == 1);
    CHECK_FALSE(none.best_throughput);
}

TEST_CASE("what is asked twice is compiled once") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    find_limits(request(), options, fake.tools());
    CHECK(static_cast<int>(fake.said.size()) == fake.compiled);
    CHECK(static_cast<int>(fake.requests.size()) == fake.compiled);
}

TEST_CASE("a change that comes to another limit reaches what that one is known to reach") {
    Fake fake;
    LimitsOptions options;
    options.simulate = false;
    const Limits l = find_limits(request(), options, fake.tools());
    CHECK(lever(*l.resident.certificate, "spilling")->batch == l.any.batch);
    const auto asked = [](const std::string& s) { return s.rfind("lever spilling", 0) == 0; };
    CHECK(std::count_if(fake.said.begin(), fake.said.end(), asked) == 1);  // whether it fits one more at all
}

namespace {

/// Seven images take more device DRAM than there is, unless fewer cores share it.
LimitsTools short_of_dram(std::vector<PointRequest>& asked) {
    LimitsTools t;
    t.compile = [&asked](const PointRequest& r) -> std::optional<compiler::DoesNotFit> {
        asked.push_back(r);
        const bool fewer = setting_is(r, "chip.cores", std::int64_t{2}) || setting_is(r, "chip.cores", std::int64_t{1});
        if (r.batch < 7 || fewer) return std::nullopt;
        compiler::DoesNotFit no;
        no.resource = compiler::resource::device_dram;
        no.wanted_bytes = 2 << 20;
        no.available_bytes = 1 << 20;
        no.text = "too much";
        return no;
    };
    t.explain = [](const PointRequest&) -> compiler::DoesNotFit { throw std::logic_error("nothing to explain"); };
    return t;
}

}  // namespace

TEST_CASE("a refusal that no explanation adds to is not compiled for one, and of one lever the first size is enough") {
    std::vector<PointRequest> asked;
    LimitsOptions options;
    options.simulate = false;
    const Limits l = find_limits(request(), options, short_of_dram(asked));
    CHECK(l.any.batch == 6);
    CHECK(l.any.certificate->text == "too much");
    REQUIRE(lever(*l.any.certificate, "fewer cores per chip") != nullptr);
    CHECK(lever(*l.any.certificate, "fewer cores per chip")->change == "--set chip.cores=2");
    for (const PointRequest& r : asked) CHECK(!setting_is(r, "chip.cores", std::int64_t{1}));
}

TEST_CASE("limits as JSON") {
    Fake fake;
    LimitsOptions options;
    const json::Value v = to_json(find_limits(request(), options, fake.tools()));
    const json::Object& limits = v.as_object().find("limits")->as_object();
    CHECK(limits.find("resident")->as_object().find("batch")->as_int() == 6);
    CHECK(limits.find("latency")->is_null());
    const json::Object& c = limits.find("resident")->as_object().find("certificate")->as_object();
    CHECK(c.find("gap")->as_int() == 16384);
    CHECK(c.find("resource")->as_string() == "state buffer");
    CHECK(c.find("allocator")->is_null());
}
