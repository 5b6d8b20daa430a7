// Device DRAM as a TLM-2.0 target: a shell around the arbiter.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <systemc>
#include <tlm>

#include "chip/dram_arbiter.hpp"
#include "chip/dram_store.hpp"
#include "chip/kernel.hpp"
#include "chip/layout.hpp"

namespace infsim::chip {

/// Which flow moves the payload of a transaction, and when it was moved. `inside_core` >= 0: the transfer stays in that
/// core's state buffer and the address means nothing. A DMA descriptor is more than an address and a length: `rows`
/// lists the pieces in DRAM that the data pointer's bytes come from or go to (null: one piece).
struct TransferExtension final : tlm::tlm_extension<TransferExtension> {
    int flow = 0, ring = 0, inside_core = -1;
    Bytes billed;
    const DramWalk* walk = nullptr;  ///< null: one run of bytes
    const exec::DramRows* rows = nullptr;
    int buffer = 0;              ///< of the segment (CoreData::kBuffers)
    std::uint32_t queue = 0;     ///< for the initiator: the queue of the transfer
    std::function<void()> pack;  ///< with data: called when the transfer arrives, sets data pointer and `rows`
    int channel = 0;             ///< filled in by Dram, like the two below
    TimePoint first{}, end{};
    sc_core::sc_event over;  ///< of a blocking transfer

    tlm::tlm_extension_base* clone() const override { return nullptr; }
    void copy_from(const tlm::tlm_extension_base&) override {}
    void free() override {}  // it belongs to its sender
};

/// Transfers come by b_transport, which blocks until the last byte has crossed its channel, or by nb_transport:
/// BEGIN_REQ is accepted at once (END_REQ) and BEGIN_RESP follows when the last byte has crossed. In both, the delay
/// says how much later the transfer arrives. A sender that knows this in advance needs no event for it, and the
/// arbiter need not run past the arrival and undo it. Transfers of a ring must come in the order of their arrivals.
/// The length of a transaction is what the channel carries. With a data pointer, a read copies its bytes out of the
/// store when it arrives, and a write stores them when its last byte has crossed; an address without memory behind it
/// is an address error. Without a data pointer (data off) only time passes.
class Dram final : public sc_core::sc_module {
public:
    Dram(const sc_core::sc_module_name& name, const Layout& layout, Faults& faults);

    /// See Arbiter::forget_turns.
    void forget_turns() { arbiter_.forget_turns(kernel_now()); }
    /// See Arbiter::ddr4_counts.
    std::vector<Ddr4Channel::Counts> ddr4_counts() const { return arbiter_.ddr4_counts(); }

    tlm_utils::multi_passthrough_target_socket<Dram> socket;
    DramStore& store() { return store_; }

private:
    static constexpr int kBlocking = -1;
    struct Running {
        tlm::tlm_generic_payload* payload = nullptr;
        TransferExtension* extension = nullptr;
        int initiator = kBlocking;  ///< receives the response; kBlocking: a thread waits
    };
    struct Arrival {
        TimePoint at;
        std::uint64_t number;  ///< order of arrivals at the same time
        std::uint32_t running;
        bool operator>(const Arrival& o) const { return at != o.at ? at > o.at : number > o.number; }
    };

    void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    tlm::tlm_sync_enum nb_transport_fw(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void expect(tlm::tlm_generic_payload& payload, int initiator, const sc_core::sc_time& delay);
    bool move_bytes(const tlm::tlm_generic_payload& payload, const TransferExtension& extension,
                    tlm::tlm_command command);
    void progress();
    bool take_arrivals(TimePoint now);
    bool begin(std::uint32_t index, TimePoint now);
    void end(std::uint32_t index, tlm::tlm_response_status status);
    TimePoint next_arrival() const { return arrivals_.empty() ? TimePoint::max() : arrivals_.front().at; }
    void wake_at(TimePoint at);

    const Layout& layout_;
    Faults& faults_;
    DramArbiter arbiter_;
    DramStore store_;
    std::vector<Running> running_;
    std::vector<std::uint32_t> free_;  ///< free places in running_
    std::vector<Arrival> arrivals_;    ///< to come; a heap, the first one on top
    std::uint64_t arrival_number_ = 0;
    std::vector<FinishedTransfer> finished_;
    sc_core::sc_event wake_;
    TimePoint wakes_at_ = TimePoint::max();  ///< when wake_ is due
    TimePoint next_end_ = TimePoint::max();  ///< as the arbiter said; max: none by the next arrival
    bool progressing_ = false;
};

}  // namespace infsim::chip
