#include "cli/keys.hpp"

namespace infsim::cli {

namespace {

using List = std::vector<KeyMeaning>;

void add(List& list, const std::string& section, List more) {
    for (KeyMeaning& m : more) {
        m.key = section + "." + m.key;
        list.push_back(std::move(m));
    }
}

List vector_engine(const char* clock) {
    return {{"clock", clock},
            {"lanes", "partitions processed at a time; more take turns", "", "all"},
            {"elements_32bit", "elements per lane and cycle when an operand has 32 bits, as in PSUM", "", "1"},
            {"elements_16bit", "elements per lane and cycle when all operands have at most 16 bits", "", "1"},
            {"min_cycles", "minimum time of an instruction"},
            {"overhead", "added to the time of every instruction"},
            {"latency", "from the end of an instruction to its semaphore"}};
}

void add_engines(List& list) {
    add(list, "pe",
        {{"clock", "of the PE array"},
         {"rows", "rows of the array: elements summed in one pass"},
         {"columns", "columns of the array: outputs of one pass"},
         {"max_moving", "elements of one moving operand: one PSUM bank of fp32"},
         {"min_matmul", "minimum time of a matmul; the columns of the stationary operand if those are fewer"},
         {"fp32_passes", "passes that fp32 operands need"},
         {"stationary_load", "time to shift in a stationary operand"},
         {"stationary_load_unhidden", "the part of stationary_load that does not overlap the preceding matmul"},
         {"matmul_overhead", "added to the time of every matmul"},
         {"latency", "from the end of a matmul to its semaphore"}});
    add(list, "act", vector_engine("at which ACT processes elements"));
    add(list, "pool", vector_engine("at which POOL processes elements"));
}

void add_memories(List& list) {
    add(list, "state_buffer",
        {{"partitions", "of a core's state buffer; each row of the array reads its own partition"},
         {"partition_bytes", "bytes of one partition; or bytes", "", "required, or bytes"},
         {"bytes", "of all partitions of a core, instead of partition_bytes", "", "partition_bytes"}});
    add(list, "psum",
        {{"partitions", "of a core's PSUM; each column of the array writes its own partition"},
         {"banks", "per partition"},
         {"bank_bytes", "of one bank in one partition"},
         {"shared_port", "true: ACT and POOL access PSUM one at a time", "", "false"}});
    add(list, "dma",
        {{"engines_per_core", "DMA engines of a core"},
         {"rings_per_engine", "queues of an engine"},
         {"max_descriptor", "most bytes that one descriptor moves"},
         {"start_latency", "semaphore to first byte, once per instruction"},
         {"completion_latency", "last byte to semaphore"},
         {"engine_bandwidth", "ceiling of one engine"},
         {"core_bandwidth", "ceiling of all engines of a core together"},
         {"min_row", "a shorter contiguous run costs as much as this many bytes; or payload_curve", "",
          "required, or payload_curve"},
         {"payload_curve",
          "instead of min_row: share of an engine's bandwidth that contiguous runs of a given length reach, by "
          "ascending bytes and up to an efficiency of 1; costs (bytes over efficiency) are interpolated linearly",
          "list of {\"bytes\", \"efficiency\"}", "min_row"},
         {"payload_curve[].bytes", "length of a run"},
         {"payload_curve[].efficiency", "share of the bandwidth reached"}});
}

void add_dram(List& list) {
    add(list, "dram",
        {{"capacity", "of the chip"},
         {"channels", "separate address ranges; region r of core c lies in channel (c + r) % channels"},
         {"channel_bandwidth", "peak of one channel; or bandwidth", "", "required, or bandwidth"},
         {"bandwidth", "peak of all channels together, instead of channel_bandwidth", "", "channel_bandwidth"},
         {"burst", "granularity at which transfers take turns"},
         {"latency", "of the first burst of a transfer on an idle channel"},
         {"arbitration",
          "how transfers share a channel: exact, burst by burst, or fluid, at max-min fair rates (not with ddr4)", "",
          "exact"},
         {"model.kind", "bandwidth: peak times efficiency. ddr4: JEDEC's timings, with the keys below"},
         {"model.efficiency", "bandwidth: sustained share of a channel's peak", "number above 0 and up to 1"}});
    add(list, "dram.model",
        {{"clock", "ddr4: of the commands; data move on both edges"},
         {"bus_bits", "ddr4: width of a channel"},
         {"bank_groups", "ddr4: of a rank"},
         {"banks_per_group", "ddr4: of a bank group"},
         {"row_bytes", "ddr4: of one bank over the whole bus"},
         {"address_map",
          "ddr4: fields, most significant first: row, bank, column, bank_group; :BITS for a part of a field"},
         {"cl", "ddr4: read command to data"},
         {"cwl", "ddr4: write command to data"},
         {"t_rcd", "ddr4: activate to column command"},
         {"t_rp", "ddr4: precharge to activate"},
         {"t_ras", "ddr4: activate to precharge"},
         {"t_ccd_s", "ddr4: column to column command, other bank group"},
         {"t_ccd_l", "ddr4: column to column command, same bank group"},
         {"t_rrd_s", "ddr4: activate to activate, other bank group"},
         {"t_rrd_l", "ddr4: activate to activate, same bank group"},
         {"t_faw", "ddr4: first to last of any five consecutive activates"},
         {"t_wtr_s", "ddr4: end of write data to read command, other bank group"},
         {"t_wtr_l", "ddr4: end of write data to read command, same bank group"},
         {"t_rtp", "ddr4: read command to precharge"},
         {"t_wr", "ddr4: end of write data to precharge"},
         {"t_refi", "ddr4: refresh interval"},
         {"t_rfc", "ddr4: duration of a refresh"}});
}

void add_surroundings(List& list) {
    add(list, "host",
        {{"link_bandwidth", "per direction, shared by all cores of the chip"},
         {"transfer_latency", "of every transfer"},
         {"call_overhead", "host software per inference, on the worker that submits it"},
         {"element_time", "per element that an operator on the host reads", "", "5ns"},
         {"item_overhead", "host software per inference, for each of its items", "", "none"},
         {"copy_bandwidth", "at which host software copies inputs and outputs, in addition", "", "at no cost"},
         {"threads", "calls that the host processes at a time, for this chip", "", "all"}});
    add(list, "sync",
        {{"max_queues", "instruction queues that a program may have"},
         {"semaphores", "of a core; every queue owns one"}});
    const auto range = [&](const std::string& name, const std::string& unit, const std::string& meaning) {
        const std::string text = "number with the unit " + unit;
        list.push_back({"energy." + name + ".low", meaning + ", lower end", text, "unknown"});
        list.push_back({"energy." + name + ".high", meaning + ", upper end", text, "unknown"});
    };
    range("mac_fp16", "pJ", "a multiply-accumulate in fp16");
    range("mac_bf16", "pJ", "a multiply-accumulate in bf16");
    range("mac_fp32", "pJ", "a multiply-accumulate in fp32");
    range("state_buffer", "pJ/B", "a byte read from or written to the state buffer");
    range("psum", "pJ/B", "a byte read from or written to PSUM");
    range("dram", "pJ/B", "a byte of device DRAM");
    range("host_link", "pJ/B", "a byte between host and chip");
    range("static_power", "W", "power of the idle chip");
}

}  // namespace

std::vector<KeyMeaning> chip_meanings() {
    List list{{"base", "path of a chip file, relative to this one, which states only what differs", "file name", "none",
               true},
              {"name", "of the chip, in tables and in the list of prices"},
              {"cores", "of the chip"}};
    add_engines(list);
    add_memories(list);
    add_dram(list);
    add_surroundings(list);
    return list;
}

}  // namespace infsim::cli
