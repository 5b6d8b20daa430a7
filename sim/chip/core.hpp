// One NeuronCore: its queues, and the host's transfers into and out of its part of device DRAM.
#pragma once

#include <deque>
#include <functional>
#include <memory>
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
#include "chip/outlook.hpp"
#include "hw/spec.hpp"

namespace infsim::chip {

/// What modules of one chip share.
struct Context {
    const hw::ChipSpec& spec;
    const Layout& layout;
    const Emitter& emit;
    Faults& faults;
    Outlook& outlook;
};

/// A port into DRAM: a DMA engine, or the host on behalf of one core in one direction.
class Mover final : public sc_core::sc_module {
public:
    explicit Mover(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {}
    /// Blocks the calling thread until the transfer is over. `data`: the bytes that it carries or brings, or null.
    void move(std::uint64_t address, Bytes bytes, tlm::tlm_command command, std::byte* data,
              TransferExtension& extension);

    tlm_utils::simple_initiator_socket<Mover> socket;
};

class Core final : public sc_core::sc_module {
public:
    Core(const sc_core::sc_module_name& name, int index, const Context& context);

    /// Ports to be bound to the DRAM.
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
    /// Where every unfinished queue stands; empty unless an inference is being executed.
    std::string stuck_queues() const;

private:
    /// What a queue's threads agree on within one inference.
    struct QueueState {
        sc_core::sc_event changed;           ///< the counter reached `wanted`, or the ring moved on
        std::uint32_t wanted = 0;            ///< smallest count somebody sleeps for, 0: nobody
        std::uint32_t at = 0;                ///< instruction it works on, for reports
        program::Wait blocked_on;            ///< what that one waits for
        std::uint32_t issued = 0, sent = 0;  ///< rings: instructions whose issue time is known, that were sent
        std::array<TimePoint, kRingDepth> issue_times{};
        std::array<observe::Stall, kRingDepth> reasons{};
        std::array<TransferExtension, kRingDepth> slots;
    };
    struct Call {
        Completion times;
        std::shared_ptr<SegmentBytes> host;  ///< with data: the host's memory, inputs first, then outputs
    };

    // Threads; each runs for ever.
    void run_inferences();
    void run_host_in();
    void run_host_out();
    void run_queue(std::size_t queue, int slot);

    void run_compute(std::size_t queue);
    void run_ring_slot(std::size_t queue, int slot);
    TimePoint issue_in_ring(std::size_t queue, std::uint32_t index, int slot);
    TimePoint transfer(std::size_t queue, std::uint32_t index, int slot, TimePoint issue);
    void retire_in_ring(std::size_t queue, std::uint32_t index, int slot, TimePoint at);

    Hold await(std::size_t queue, std::uint32_t index);
    void await_ring(QueueState& state, const std::uint32_t& progress, std::uint32_t count);
    void publish(std::size_t queue, TimePoint at);
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
    std::vector<std::unique_ptr<QueueState>> queues_;
    std::size_t threads_ = 0;  ///< queues that have threads

    std::deque<Call> calls_;
    std::uint64_t inputs_done_ = 0, executed_ = 0, outputs_done_ = 0;
    bool executing_ = false;
    std::size_t running_queues_ = 0;
    TimePoint start_{};
    sc_core::sc_event submitted_, moved_, start_event_, drained_;  ///< moved_: one of the three counters advanced
    std::vector<Completion> completions_;
};

}  // namespace infsim::chip
