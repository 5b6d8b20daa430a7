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
            {"lanes", "partitions that it works on at a time; more take turns", "", "all"},
            {"elements_32bit", "elements per lane and cycle where an operand has 32 bits, as all in PSUM", "", "1"},
            {"elements_16bit", "elements per lane and cycle where no operand has more than 16 bits", "", "1"},
            {"min_cycles", "least time of an instruction"},
            {"overhead", "added to the time of every instruction"},
            {"latency", "from the end of an instruction to its semaphore"}};
}

void add_engines(List& list) {
    add(list, "pe",
        {{"clock", "of the PE array"},
         {"rows", "rows of the array: elements that are summed in one pass"},
         {"columns", "columns of the array: outputs of one pass"},
         {"max_moving", "elements of one moving operand: one PSUM bank of fp32"},
         {"min_matmul", "least time of a matmul; the columns of the stationary operand where those are fewer"},
         {"fp32_passes", "passes that fp32 operands take"},
         {"stationary_load", "time to shift a stationary operand in"},
         {"stationary_load_unhidden", "the part of it that does not overlap the matmul before"},
         {"matmul_overhead", "added to the time of every matmul"},
         {"latency", "from the end of a matmul to its semaphore"}});
    add(list, "act", vector_engine("at which ACT takes elements"));
    add(list, "pool", vector_engine("at which POOL takes elements"));
}

void add_memories(List& list) {
    add(list, "state_buffer",
        {{"partitions", "of a core's state buffer; every row of the array reads one of its own"},
         {"partition_bytes", "bytes of one partition; or bytes", "", "required, or bytes"},
         {"bytes", "of all partitions of a core, in place of partition_bytes", "", "partition_bytes"}});
    add(list, "psum",
        {{"partitions", "of a core's PSUM; every column of the array writes one of its own"},
         {"banks", "per partition"},
         {"bank_bytes", "of one bank in one partition"},
         {"shared_port", "true: ACT and POOL access PSUM one at a time", "", "false"}});
    add(list, "dma",
        {{"engines_per_core", "DMA engines of a core"},
         {"rings_per_engine", "queues of an engine"},
         {"max_descriptor", "bytes that one descriptor moves at most"},
         {"start_latency", "semaphore to first byte, once per instruction"},
         {"completion_latency", "last byte to semaphore"},
         {"engine_bandwidth", "ceiling of one engine"},
         {"core_bandwidth", "ceiling of all engines of a core together"},
         {"min_row", "what a shorter contiguous run costs; or payload_curve", "", "required, or payload_curve"},
         {"payload_curve",
          "in place of min_row: share of an engine's bandwidth that contiguous runs of so many bytes reach, by "
          "ascending "
          "bytes and up to an efficiency of 1; in between a straight line of costs (bytes over efficiency)",
          "list of {\"bytes\", \"efficiency\"}", "min_row"},
         {"payload_curve[].bytes", "length of a run"},
         {"payload_curve[].efficiency", "share of the bandwidth that it reaches"}});
}

void add_dram(List& list) {
    add(list, "dram",
        {{"capacity", "of the chip"},
         {"channels", "separate apertures; region r of core c lies in channel (c + r) % channels"},
         {"channel_bandwidth", "peak of one channel; or bandwidth", "", "required, or bandwidth"},
         {"bandwidth", "peak of all channels together, in place of channel_bandwidth", "", "channel_bandwidth"},
         {"burst", "grain at which transfers take turns"},
         {"latency", "of the first burst of a transfer on an idle channel"},
         {"arbitration",
          "how transfers share a channel: exact, burst by burst, or fluid, at max-min fair rates (not with ddr4)", "",
          "exact"},
         {"model.kind", "bandwidth: peak times efficiency. ddr4: JEDEC's timings, with the keys below"},
         {"model.efficiency", "bandwidth: share of a channel's peak that is sustained", "number above 0 and up to 1"}});
    add(list, "dram.model",
        {{"clock", "ddr4: of the commands; data move on both edges"},
         {"bus_bits", "ddr4: width of a channel"},
         {"bank_groups", "ddr4: of a rank"},
         {"banks_per_group", "ddr4: of a bank group"},
         {"row_bytes", "ddr4: of one bank over the whole bus"},
         {"address_map",
          "ddr4: most significant first: row, bank, column, bank_group, each with :BITS where it is only a part"},
         {"cl", "ddr4: read command to data"},
         {"cwl", "ddr4: write command to data"},
         {"t_rcd", "ddr4: activate to column command"},
         {"t_rp", "ddr4: precharge to activate"},
         {"t_ras", "ddr4: activate to precharge"},
         {"t_ccd_s", "ddr4: column to column command, other bank group"},
         {"t_ccd_l", "ddr4: column to column command, same bank group"},
         {"t_rrd_s", "ddr4: activate to activate, other bank group"},
         {"t_rrd_l", "ddr4: activate to activate, same bank group"},
         {"t_faw", "ddr4: of any five activates the last to the first"},
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
         {"element_time", "of an element that an operator on the host reads", "", "5ns"},
         {"item_overhead", "host software per inference, for each of its items", "", "none"},
         {"copy_bandwidth", "at which host software moves inputs and outputs, on top", "", "at no cost"},
         {"threads", "calls that the host works on at a time, for this chip", "", "all"}});
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
    List list{{"base", "chip file beside this one, of which this says only what differs", "file name", "none", true},
              {"name", "of the chip, in tables and in the list of prices"},
              {"cores", "of the chip"}};
    add_engines(list);
    add_memories(list);
    add_dram(list);
    add_surroundings(list);
    return list;
}

}  // namespace infsim::cli
