// The DDR4 channel of configs/chips/inferentia1-ddr4.json, by hand.
#pragma once

#include "hw/spec.hpp"

namespace infsim::test {

/// Map "row bank column bank_group", 4 GiB.
inline hw::Ddr4Dram ddr4_3200() {
    hw::Ddr4Dram d;
    d.clock = Frequency{1'600'000'000};
    d.bank_groups = d.banks_per_group = 4;
    d.row_bytes = Bytes{8192};
    using Kind = hw::AddressField::Kind;
    d.address_map = {{Kind::bank_group, 2}, {Kind::column, 7}, {Kind::bank, 2}, {Kind::row, 15}};
    d.cl = Cycles{22}, d.cwl = Cycles{16};
    d.t_rcd = d.t_rp = Cycles{22}, d.t_ras = Cycles{52};
    d.t_ccd_s = Cycles{4}, d.t_ccd_l = Cycles{8};
    d.t_rrd_s = Cycles{4}, d.t_rrd_l = Cycles{8}, d.t_faw = Cycles{34};
    d.t_wtr_s = Cycles{4}, d.t_wtr_l = Cycles{12};
    d.t_rtp = Cycles{12}, d.t_wr = Cycles{24};
    d.t_refi = picoseconds(7'800'000), d.t_rfc = picoseconds(260'000);
    return d;
}

}  // namespace infsim::test
