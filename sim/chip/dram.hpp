// Device DRAM as a TLM-2.0 target: a shell around the arbiter.
#pragma once

#include <unordered_map>
#include <vector>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <systemc>
#include <tlm>

#include "chip/dram_arbiter.hpp"
#include "chip/dram_store.hpp"
#include "chip/kernel.hpp"
#include "chip/layout.hpp"
#include "chip/outlook.hpp"

namespace infsim::chip {

/// Who moves the payload of a transaction, and when it was moved. `inside_core` >= 0: the transfer stays in that
/// core's state buffer and the address means nothing. A DMA descriptor is more than an address and a length: `rows` are
/// the pieces in DRAM that the data pointer's bytes come from or go to (none: one piece).
struct TransferExtension final : tlm::tlm_extension<TransferExtension> {
    int flow = 0, ring = 0, inside_core = -1;
    Bytes billed;
    const DramWalk* walk = nullptr;  ///< null: one run of bytes
    const exec::DramRows* rows = nullptr;
    int buffer = 0;   ///< of the segment (CoreData::kBuffers)
    int channel = 0;  ///< filled in by Dram, like the two below
    TimePoint first{}, end{};
    sc_core::sc_event over;

    tlm::tlm_extension_base* clone() const override { return nullptr; }
    void copy_from(const tlm::tlm_extension_base&) override {}
};

/// b_transport blocks until the last byte has crossed its channel; the delay argument must be zero. The length of a
/// transaction is what the channel carries. With a data pointer, a read copies its bytes out of the store when it
/// arrives and a write puts them there when its last byte has crossed; an address without memory behind it is an
/// address error. Without one (data off) only time passes.
class Dram final : public sc_core::sc_module {
public:
    Dram(const sc_core::sc_module_name& name, const Layout& layout, Faults& faults, Outlook& outlook);

    /// See Arbiter::forget_turns.
    void forget_turns() { arbiter_.forget_turns(kernel_now()); }
    /// See Arbiter::ddr4_counts.
    std::vector<Ddr4Channel::Counts> ddr4_counts() const { return arbiter_.ddr4_counts(); }

    tlm_utils::multi_passthrough_target_socket<Dram> socket;
    DramStore& store() { return store_; }

private:
    void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool move_bytes(const tlm::tlm_generic_payload& payload, const TransferExtension& extension,
                    tlm::tlm_command command);
    void progress();

    const Layout& layout_;
    Faults& faults_;
    Outlook& outlook_;
    DramArbiter arbiter_;
    DramStore store_;
    std::uint64_t next_id_ = 0;
    std::unordered_map<std::uint64_t, TransferExtension*> running_;
    std::vector<FinishedTransfer> finished_;
    sc_core::sc_event wake_;
    bool announced_ = false;  ///< wake_ comes when the next transfer ends
};

}  // namespace infsim::chip
