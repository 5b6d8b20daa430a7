#include "hw/load.hpp"

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "hw/bounds.hpp"
#include "hw/override.hpp"
#include "hw/read_ddr4.hpp"
#include "hw/read_dma.hpp"
#include "hw/read_energy.hpp"
#include "hw/section.hpp"
#include "hw/totals.hpp"
#include "hw/variant.hpp"

namespace infsim::hw {
namespace {

using json::Range;

constexpr Range<Frequency> clocks{Frequency{1'000'000}, Frequency{1'000'000'000'000}};
constexpr Range<Cycles> cycles{Cycles{0}, Cycles{1'000'000}};
constexpr Range<Duration> element_times{Duration{0}, Duration{1'000'000}};
constexpr Range<Bytes> dram_sizes{Bytes{1 << 20}, Bytes{std::int64_t{1} << 40}};
constexpr Range<Bytes> partition_sizes{Bytes{1 << 10}, Bytes{1 << 24}};
constexpr Range<Bytes> bank_sizes{Bytes{4}, Bytes{1 << 16}};
constexpr Range<Bytes> burst_sizes{Bytes{32}, Bytes{1 << 20}};
constexpr Range<Frequency> ddr_clocks{Frequency{100'000'000}, Frequency{10'000'000'000}};
constexpr Range<Bytes> ddr_rows{Bytes{64}, Bytes{1 << 20}};
constexpr Range<Cycles> ddr_cycles{Cycles{0}, Cycles{1'000}};
constexpr Range<Duration> refreshes{Duration{1'000}, Duration{1'000'000'000}};
constexpr int max_cores = 64, min_partitions = 8, max_partitions = 512, max_queues = 250, max_rate = 64,
              max_threads = 1024;

PeSpec read_pe(Section pe) {
    PeSpec spec;
    spec.clock = pe.quantity("clock", clocks);
    spec.rows = pe.integer("rows", min_partitions, max_partitions);
    spec.columns = pe.integer("columns", min_partitions, max_partitions);
    spec.max_moving = pe.integer("max_moving", 1, 1 << 14);
    spec.min_matmul = pe.quantity("min_matmul", cycles);
    spec.fp32_passes = pe.integer("fp32_passes", 1, 16);
    spec.stationary_load = pe.quantity("stationary_load", cycles);
    spec.stationary_load_unhidden = pe.quantity("stationary_load_unhidden", cycles);
    spec.matmul_overhead = pe.quantity("matmul_overhead", cycles);
    spec.latency = pe.quantity("latency", cycles);
    if (spec.stationary_load_unhidden > spec.stationary_load)
        pe.problem("stationary_load_unhidden", "is more than stationary_load, of which it is a part");
    pe.finish();
    return spec;
}

VectorEngineSpec read_vector_engine(Section engine) {
    VectorEngineSpec spec;
    spec.clock = engine.quantity("clock", clocks);
    spec.lanes = engine.optional_integer("lanes", 1, max_partitions);
    spec.elements_32bit = engine.optional_integer("elements_32bit", 1, max_rate).value_or(1);
    spec.elements_16bit = engine.optional_integer("elements_16bit", 1, max_rate).value_or(1);
    spec.min_cycles = engine.quantity("min_cycles", cycles);
    spec.overhead = engine.quantity("overhead", cycles);
    spec.latency = engine.quantity("latency", cycles);
    engine.finish();
    return spec;
}

StateBufferSpec read_state_buffer(Section buffer, const PeSpec& pe) {
    StateBufferSpec spec;
    spec.partitions = buffer.integer("partitions", min_partitions, max_partitions);
    spec.partition_bytes = read_per_part(buffer, kStateBufferForms, spec.partitions, partition_sizes);
    if (spec.partitions > 0 && spec.partitions < pe.rows)
        buffer.problem("partitions", fmt::format("is less than the {} rows of the PE array that read it", pe.rows));
    else if (spec.partitions > 0 && spec.partitions < pe.columns)
        buffer.problem("partitions", fmt::format("is less than the {} columns of the PE array, whose results go to one "
                                                 "partition each",
                                                 pe.columns));
    buffer.finish();
    return spec;
}

PsumSpec read_psum(Section psum, const PeSpec& pe) {
    PsumSpec spec;
    spec.partitions = psum.integer("partitions", min_partitions, max_partitions);
    spec.banks = psum.integer("banks", 1, 64);
    spec.bank_bytes = psum.quantity("bank_bytes", bank_sizes);
    spec.shared_port = psum.optional_boolean("shared_port");
    if (spec.partitions > 0 && spec.partitions < pe.columns)
        psum.problem("partitions",
                     fmt::format("is less than the {} columns of the PE array that write it", pe.columns));
    if (spec.bank_bytes.count() > 0 && spec.bank_bytes.count() < std::int64_t{pe.max_moving} * 4)
        psum.problem("bank_bytes", fmt::format("must hold the {} fp32 results of one matmul (pe.max_moving), {} bytes",
                                               pe.max_moving, pe.max_moving * 4));
    psum.finish();
    return spec;
}

Ddr4Dram read_ddr4(Section& model, const DramSpec& dram) {
    Ddr4Dram d;
    d.clock = model.quantity("clock", ddr_clocks);
    d.bus_bits = model.integer("bus_bits", 8, 1024);
    d.bank_groups = model.integer("bank_groups", 1, 8);
    d.banks_per_group = model.integer("banks_per_group", 1, 16);
    d.row_bytes = model.quantity("row_bytes", ddr_rows);
    const std::string map = model.text("address_map");
    const std::pair<const char*, Cycles Ddr4Dram::*> timings[] = {
        {"cl", &Ddr4Dram::cl},           {"cwl", &Ddr4Dram::cwl},         {"t_rcd", &Ddr4Dram::t_rcd},
        {"t_rp", &Ddr4Dram::t_rp},       {"t_ras", &Ddr4Dram::t_ras},     {"t_ccd_s", &Ddr4Dram::t_ccd_s},
        {"t_ccd_l", &Ddr4Dram::t_ccd_l}, {"t_rrd_s", &Ddr4Dram::t_rrd_s}, {"t_rrd_l", &Ddr4Dram::t_rrd_l},
        {"t_faw", &Ddr4Dram::t_faw},     {"t_wtr_s", &Ddr4Dram::t_wtr_s}, {"t_wtr_l", &Ddr4Dram::t_wtr_l},
        {"t_rtp", &Ddr4Dram::t_rtp},     {"t_wr", &Ddr4Dram::t_wr}};
    for (const auto& [key, member] : timings) d.*member = model.quantity(key, ddr_cycles);
    d.t_refi = model.quantity("t_refi", refreshes);
    d.t_rfc = model.quantity("t_rfc", refreshes);
    const Bytes channel{dram.channels > 0 ? dram.capacity.count() / dram.channels : 0};
    const Report report = [&](const std::string& key, const std::string& what) { model.problem(key, what); };
    check_ddr4(d, channel, dram.channel_bandwidth, report);
    if (!map.empty()) d.address_map = parse_address_map(map, d, channel, report);
    return d;
}

DramModel read_dram_model(Section model, const DramSpec& dram) {
    const std::string kind = model.choice("kind", {"bandwidth", "ddr4"});
    DramModel read;
    if (kind == "ddr4") read = read_ddr4(model, dram);
    else if (kind == "bandwidth") read = BandwidthDram{model.fraction("efficiency")};
    else return read;  // without a known model, its keys are unknown
    model.finish();
    return read;
}

/// DDR4 channels transfer single bursts: the cost of one depends on the rows that earlier bursts left open.
Arbitration read_arbitration(Section& dram, const DramModel& model) {
    if (dram.choice("arbitration", {"exact", "fluid"}) != "fluid") return Arbitration::exact;
    if (std::holds_alternative<Ddr4Dram>(model))
        dram.problem("arbitration",
                     "is fluid, which does not model bursts, but the ddr4 model prices every burst by the rows "
                     "it finds open; use exact with ddr4");
    return Arbitration::fluid;
}

DramSpec read_dram(Section dram, int cores) {
    DramSpec spec;
    spec.capacity = dram.quantity("capacity", dram_sizes);
    spec.channels = dram.integer("channels", 1, 64);
    spec.channel_bandwidth = read_per_part(dram, kDramForms, spec.channels, bandwidths);
    spec.burst = dram.quantity("burst", burst_sizes);
    spec.latency = dram.quantity("latency", delays);
    spec.model = read_dram_model(Section(dram, "model"), spec);
    spec.arbitration = read_arbitration(dram, spec.model);
    const std::int64_t regions = std::int64_t{spec.channels} * cores;
    if (regions > 0 && spec.capacity.count() > 0 && spec.capacity.count() / regions < (1 << 20))
        dram.problem("capacity", fmt::format("leaves each core less than 1MiB per channel ({} cores x {} channels)",
                                             cores, spec.channels));
    dram.finish();
    return spec;
}

HostSpec read_host(Section host) {
    HostSpec spec;
    spec.link_bandwidth = host.quantity("link_bandwidth", bandwidths);
    spec.transfer_latency = host.quantity("transfer_latency", delays);
    spec.call_overhead = host.quantity("call_overhead", delays);
    spec.element_time = host.quantity("element_time", element_times);
    spec.item_overhead = host.optional_quantity("item_overhead", delays).value_or(Duration{});
    spec.copy_bandwidth = host.optional_quantity("copy_bandwidth", bandwidths);
    spec.threads = host.optional_integer("threads", 1, max_threads);
    host.finish();
    return spec;
}

SyncSpec read_sync(Section sync) {
    // PE, ACT, POOL, host in, host out and one DMA ring: no Program works with fewer.
    SyncSpec spec;
    spec.max_queues = sync.integer("max_queues", 6, max_queues);
    spec.semaphores = sync.integer("semaphores", 6, 1 << 16);
    if (spec.semaphores > 0 && spec.max_queues > spec.semaphores)
        sync.problem("max_queues", "is more than semaphores, but every queue owns one");
    sync.finish();
    return spec;
}

ChipFile read_sections(const json::Document& document, Problems& problems, json::KeyLog* log) {
    ChipFile file;
    json::ObjectReader root(json::Cursor(document, problems, log));
    ChipSpec& spec = file.spec;
    const auto section = [&](std::string_view key) { return Section(root, key, file.provenance); };
    spec.name = root.string("name");
    if (root.has("name") && spec.name.empty()) root.problem("name", "must be a name and not empty");
    if (const auto cores = root.required("cores"))
        spec.cores = static_cast<int>(Section::read_graded<std::int64_t>(
            *cores, "cores", file.provenance, [](const json::Cursor& value) { return value.integer(1, max_cores); }));
    spec.pe = read_pe(section("pe"));
    spec.act = read_vector_engine(section("act"));
    spec.pool = read_vector_engine(section("pool"));
    spec.state_buffer = read_state_buffer(section("state_buffer"), spec.pe);
    spec.psum = read_psum(section("psum"), spec.pe);
    spec.dma = read_dma(section("dma"));
    spec.dram = read_dram(section("dram"), spec.cores);
    spec.host = read_host(section("host"));
    spec.sync = read_sync(section("sync"));
    file.energy = read_energy(root, file.provenance);
    root.finish();
    return file;
}

/// A chip file may leave these keys out; an override may still name them.
void add_defaults(json::Document& document) {
    json::Value* const dram = document.root.is_object() ? document.root.as_object().find("dram") : nullptr;
    if (dram != nullptr && dram->is_object() && dram->as_object().find("arbitration") == nullptr)
        dram->as_object().set("arbitration", "exact");
    json::Value* const host = document.root.is_object() ? document.root.as_object().find("host") : nullptr;
    if (host != nullptr && host->is_object() && host->as_object().find("element_time") == nullptr)
        host->as_object().set(
            "element_time",
            json::Object{{"value", "5ns"}, {"grade", "UNK"}, {"source", "assumption, as in inferentia1.json"}});
}

}  // namespace

std::optional<ChipFile> read_chip(json::Document document, const std::vector<Override>& overrides, Problems& problems,
                                  json::KeyLog* log) {
    const std::size_t before = problems.list().size();
    Problems found;
    add_defaults(document);
    const json::Overridden overridden = apply_overrides(document, overrides, problems);
    ChipFile file = read_sections(document, found, log);
    overridden.relocate(found, document.file, problems);
    if (problems.list().size() != before) return std::nullopt;

    for (Provenance& origin : file.provenance) {
        std::string pointer;
        for (const std::string& key : split(origin.path, '.')) pointer = json::pointer_to(pointer, key);
        const Override* const set = overridden.at(pointer);  // of the number, or of one end of a range
        if (set == nullptr || set->value.is_object()) continue;
        origin.grade = "override";
        origin.source = set->file.empty() ? set->where : set->file + ": " + set->where;
    }
    return file;
}

std::optional<ChipFile> load_chip(const std::string& path, const std::vector<Override>& overrides, Problems& problems) {
    const std::size_t before = problems.list().size();
    auto document = json::parse_file(path, problems);
    if (!document || problems.list().size() != before) return std::nullopt;
    auto resolved = resolve_variant(std::move(*document), problems);
    if (!resolved) return std::nullopt;
    Problems found;
    auto file = read_chip(resolved->document, overrides, found);
    add_to_variant(found, *resolved, problems);
    return file;
}

std::optional<json::Document> chip_document(const std::string& path, const std::vector<Override>& overrides,
                                            Problems& problems) {
    auto document = json::parse_file(path, problems);
    if (!document) return std::nullopt;
    auto resolved = resolve_variant(std::move(*document), problems);
    if (!resolved) return std::nullopt;
    apply_overrides(resolved->document, overrides, problems);
    return std::move(resolved->document);
}

}  // namespace infsim::hw
