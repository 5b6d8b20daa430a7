// One NeuronCore: its queues, and the host's transfers into and out of its part of device DRAM.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>

#include "chip/chip.hpp"
#include "chip/core_data.hpp"
#include "chip/dram.hpp"
#include "chip/issue.hpp"
#include "chip/kernel.hpp"
#include "chip/psum_port.hpp"
#include "hw/spec.hpp"

namespace infsim::chip {

/// What the modules of a chip share.
struct Context {
    const hw::ChipSpec& spec;
    const Layout& layout;
    const Emitter& emit;
    Faults& faults;
};

/// A port into DRAM: a DMA engine, or the host on behalf of one core in one direction.
class Mover final : public sc_core::sc_module, private tlm::tlm_mm_interface {
public:
    /// `over` is called when a transfer that was sent has ended.
    Mover(const sc_core::sc_module_name& name, std::function<void(TransferExtension&)> over);

    /// Blocks the calling thread until the transfer has ended; it arrives `ahead` from now. `data`: the bytes that it
    /// carries or fetches, or null.
    void move(std::uint64_t address, Bytes bytes, tlm::tlm_command command, std::byte* data,
              TransferExtension& extension, Duration ahead);
    /// The payload and its extension must live until the transfer has ended.
    void send(tlm::tlm_generic_payload& payload, Duration ahead);

    tlm_utils::simple_initiator_socket<Mover> socket;

private:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void free(tlm::tlm_generic_payload*) override {}  // payloads belong to their sender

    std::function<void(TransferExtension&)> over_;
};

/// Sets what every transfer has; the payload carries no data yet.
void fill_payload(tlm::tlm_generic_payload& payload, std::uint64_t address, Bytes bytes, tlm::tlm_command command);

class Core final : public sc_core::sc_module {
public:
    Core(const sc_core::sc_module_name& name, int index, const Context& context);

    /// Ports that the chip binds to the DRAM.
    const std::vector<std::unique_ptr<Mover>>& movers() const { return movers_; }

    /// The core must be idle; `steps` are those of `program`. `data`: its state buffer, PSUM and segments, or null.
    void load(std::shared_ptr<const program::Program> program, std::shared_ptr<const StepProgram> steps,
              std::unique_ptr<CoreData> data);
    const std::shared_ptr<const program::Program>& program() const { return program_; }
    const std::shared_ptr<const StepProgram>& steps() const { return steps_; }
    bool loaded() const { return program_ != nullptr; }
    bool has_data() const { return data_ != nullptr; }
    /// `inputs`: the host's copy of the input segments, with data.
    std::uint64_t submit(TimePoint at, std::unique_ptr<SegmentBytes> inputs);

    std::vector<Completion>& completions() { return completions_; }
    bool idle() const { return outputs_done_ == calls_.size(); }
    /// The position of every unfinished queue; empty unless an inference is executing.
    std::string stuck_queues() const;

private:
    /// An instruction of a ring from its issue to its retirement.
    struct Slot {
        TimePoint issue{}, done{};
        Hold hold;
        bool over = false;  ///< `done` is known
        TransferExtension extension;
        tlm::tlm_generic_payload payload;
    };
    struct Waiter {
        std::uint32_t queue = 0, count = 0;
    };
    /// How far a queue is within one inference.
    struct QueueState {
        std::uint32_t next = 0;    ///< instruction to issue
        std::uint32_t wanted = 0;  ///< smallest count that a queue waits for, 0: none
        TimePoint free{};          ///< PE, ACT, POOL: when the next instruction may issue
        bool waiting = false;      ///< `blocked_on`, a wait of the next one, is not resolved
        bool finished = false;
        bool asks = false;                   ///< the next one requests PSUM's port
        std::optional<TimePoint> port_from;  ///< granted from then on
        program::Wait blocked_on;
        std::vector<Waiter> waiters;         ///< queues that wait for this one's counter
        std::array<Slot, kRingDepth> slots;  ///< rings: instructions in flight
    };
    struct Call {
        Completion times;
        std::shared_ptr<SegmentBytes> host;  ///< with data: the host's memory, inputs first, then outputs
    };

    // Threads; each runs forever.
    void run_inferences();
    void run_host_in();
    void run_host_out();

    // Queues need no threads: a queue continues when what it waits for is known.
    void make_runnable(std::size_t queue) { runnable_.push_back(static_cast<std::uint32_t>(queue)); }
    void run_queues();
    void run_compute(std::size_t queue);
    bool ask_for_port(std::size_t queue, TimePoint at);
    void serve_port();
    void run_ring(std::size_t queue);
    bool issue_in_ring(std::size_t queue);
    void send(std::size_t queue, std::uint32_t index, Slot& slot);
    void transfer_over(const TransferExtension& extension);
    void retire_in_ring(std::size_t queue, std::uint32_t index);

    bool all_known(std::size_t queue, const Step& step);
    void publish(std::size_t queue, TimePoint at);
    void wake_waiters(QueueState& state, std::uint32_t count);
    void finish(std::size_t queue);
    void move_host_pieces(const std::vector<HostPiece>& pieces, bool to_device, std::uint64_t inference);
    SegmentBytes room_for_outputs() const;
    void phase(std::uint64_t inference, observe::InferencePhase phase, TimePoint at) const;
    observe::InstructionRef ref(std::size_t queue, std::uint32_t index) const;
    static program::InstructionId id(std::size_t queue, std::uint32_t index);
    void spawn(const std::string& name, const std::function<void()>& body);

    const int index_;
    const Context context_;
    std::vector<std::unique_ptr<Mover>> movers_;  ///< DMA engines, then host in, host out
    TransferExtension host_in_, host_out_;

    std::shared_ptr<const program::Program> program_;
    std::shared_ptr<const StepProgram> steps_;
    std::unique_ptr<CoreData> data_;
    Retirements retirements_;
    InstructionEmitter emit_;
    std::vector<std::unique_ptr<QueueState>> queues_;
    std::vector<std::uint32_t> runnable_;  ///< queues that may continue
    bool running_ = false;                 ///< run_queues is active

    std::deque<Call> calls_;
    std::uint64_t inputs_done_ = 0, executed_ = 0, outputs_done_ = 0;
    bool executing_ = false;
    std::size_t running_queues_ = 0;
    TimePoint start_{};
    PsumPort port_;
    TimePoint port_settled_ = TimePoint::min();  ///< all requests of that time are in
    sc_core::sc_event port_asked_;
    sc_core::sc_event submitted_, moved_, drained_;  ///< moved_: one of the three counters advanced
    std::vector<Completion> completions_;
};

}  // namespace infsim::chip
