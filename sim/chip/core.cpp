// Inferences of a core: input, execution, output. How its queues run is in queues.cpp.
#include "chip/core.hpp"

#include "base/check.hpp"

namespace infsim::chip {

using observe::InferencePhase;

Mover::Mover(const sc_core::sc_module_name& name, std::function<void(TransferExtension&)> over)
    : sc_module(name), socket("socket"), over_(std::move(over)) {
    socket.register_nb_transport_bw(this, &Mover::nb_transport_bw);
}

void fill_payload(tlm::tlm_generic_payload& payload, std::uint64_t address, Bytes bytes, tlm::tlm_command command) {
    INFSIM_CHECK(bytes.count() <= 0xFFFF'FFFF, "a transfer of 4 GiB or more");
    payload.set_command(command);
    payload.set_data_ptr(nullptr);
    payload.set_address(address);
    payload.set_data_length(static_cast<unsigned>(bytes.count()));
    payload.set_streaming_width(static_cast<unsigned>(bytes.count()));
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

void Mover::move(std::uint64_t address, Bytes bytes, tlm::tlm_command command, std::byte* data,
                 TransferExtension& extension, Duration ahead) {
    tlm::tlm_generic_payload payload;
    fill_payload(payload, address, bytes, command);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(data));
    payload.set_extension(&extension);
    sc_core::sc_time delay = kernel_time(ahead);
    socket->b_transport(payload, delay);
    INFSIM_CHECK(payload.is_response_ok(), "the DRAM refused a transfer");
}

void Mover::send(tlm::tlm_generic_payload& payload, Duration ahead) {
    INFSIM_CHECK(ahead >= Duration{}, "a transfer would have to arrive in the past");
    if (!payload.has_mm()) payload.set_mm(this);
    payload.acquire();
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = kernel_time(ahead);
    const auto answer = socket->nb_transport_fw(payload, phase, delay);
    INFSIM_CHECK(answer == tlm::TLM_UPDATED && phase == tlm::END_REQ, "the DRAM takes every request at once");
}

tlm::tlm_sync_enum Mover::nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase&, sc_core::sc_time&) {
    INFSIM_CHECK(payload.is_response_ok(), "the DRAM refused a transfer");
    TransferExtension* extension = nullptr;
    payload.get_extension(extension);
    payload.release();
    over_(*extension);
    return tlm::TLM_COMPLETED;
}

Core::Core(const sc_core::sc_module_name& name, int index, const Context& context)
    : sc_module(name), index_(index), context_(context) {
    const auto over = [this](TransferExtension& extension) { transfer_over(extension); };
    for (int e = 0; e < context.spec.dma.engines_per_core; ++e)
        movers_.push_back(std::make_unique<Mover>(("dma" + std::to_string(e)).c_str(), over));
    movers_.push_back(std::make_unique<Mover>("host_in", over));
    movers_.push_back(std::make_unique<Mover>("host_out", over));
    host_in_.flow = context.layout.host_flow(index, true);
    host_out_.flow = context.layout.host_flow(index, false);
    spawn("inferences", [this] { run_inferences(); });
    spawn("host_in_thread", [this] { run_host_in(); });
    spawn("host_out_thread", [this] { run_host_out(); });
    if (context.spec.psum.shared_port) {
        sc_core::sc_spawn_options options;
        options.spawn_method();
        options.set_sensitivity(&port_asked_);
        options.dont_initialize();
        sc_core::sc_spawn([this] { context_.faults.guard([this] { serve_port(); }); }, "psum_port", &options);
    }
}

void Core::spawn(const std::string& name, const std::function<void()>& body) {
    sc_core::sc_spawn([this, body] { context_.faults.guard(body); }, (std::string(this->name()) + "_" + name).c_str());
}

void Core::load(std::shared_ptr<const program::Program> program, std::shared_ptr<const StepProgram> steps,
                std::unique_ptr<CoreData> data) {
    INFSIM_CHECK(idle(), "a program is loaded into a core that has inferences outstanding");
    steps_ = std::move(steps);
    program_ = std::move(program);
    data_ = std::move(data);
    while (queues_.size() < steps_->queues.size()) {
        queues_.push_back(std::make_unique<QueueState>());
        for (Slot& slot : queues_.back()->slots) {
            slot.extension.queue = static_cast<std::uint32_t>(queues_.size() - 1);
            slot.payload.set_extension(&slot.extension);
        }
    }
}

std::uint64_t Core::submit(TimePoint at, std::unique_ptr<SegmentBytes> inputs) {
    if (inputs)
        for (const HostPiece& piece : steps_->inputs)
            INFSIM_CHECK(piece.segment < inputs->size() &&
                             static_cast<std::int64_t>((*inputs)[piece.segment].size()) == piece.bytes.count(),
                         "an input is missing or differs in size from its segment");
    const std::uint64_t inference = calls_.size();
    Call call;
    call.times.core = index_;
    call.times.inference = inference;
    call.times.submitted = at;
    call.host = std::move(inputs);
    calls_.push_back(std::move(call));
    submitted_.notify(sc_core::SC_ZERO_TIME);
    return inference;
}

void Core::phase(std::uint64_t inference, InferencePhase phase, TimePoint at) const {
    context_.emit(observe::InferenceEvent{static_cast<std::uint16_t>(index_), inference, phase, at});
}

// --- Host transfers: two buffers in device DRAM for inputs and two for outputs ---------------------------

void Core::run_host_in() {
    for (std::uint64_t n = 0;; ++n) {
        while (n >= calls_.size()) sc_core::wait(submitted_);
        if (calls_[n].times.submitted > kernel_now()) sleep_until(calls_[n].times.submitted);
        phase(n, InferencePhase::submitted, calls_[n].times.submitted);
        while (executed_ + 2 <= n) sc_core::wait(moved_);  // its buffer is still in use
        move_host_pieces(steps_->inputs, true, n);
        calls_[n].times.input_ready = kernel_now();
        phase(n, InferencePhase::input_ready, kernel_now());
        ++inputs_done_;
        moved_.notify();
    }
}

void Core::run_host_out() {
    for (std::uint64_t n = 0;; ++n) {
        while (executed_ <= n) sc_core::wait(moved_);
        if (data_) *calls_[n].host = room_for_outputs();
        move_host_pieces(steps_->outputs, false, n);
        calls_[n].times.output_done = kernel_now();
        phase(n, InferencePhase::output_done, kernel_now());
        calls_[n].times.outputs = std::move(calls_[n].host);
        completions_.push_back(std::move(calls_[n].times));
        ++outputs_done_;
        moved_.notify();
    }
}

void Core::move_host_pieces(const std::vector<HostPiece>& pieces, bool to_device, std::uint64_t inference) {
    Duration ahead = context_.spec.host.transfer_latency;  // of the first piece; the others follow without delay
    if (pieces.empty()) sc_core::wait(kernel_time(ahead));
    Mover& mover = *movers_[movers_.size() - (to_device ? 2 : 1)];
    TransferExtension& extension = to_device ? host_in_ : host_out_;
    extension.buffer = CoreData::host_buffer(inference);
    for (const HostPiece& piece : pieces) {
        extension.billed = piece.bytes;
        std::byte* bytes = data_ ? (*calls_[inference].host)[piece.segment].data() : nullptr;
        mover.move(context_.layout.address(index_, piece.region, piece.address), piece.bytes,
                   to_device ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND, bytes, extension, ahead);
        ahead = Duration{};
        context_.emit(observe::HostTransferred{static_cast<std::uint16_t>(index_), inference, to_device, piece.bytes,
                                               extension.first, extension.end});
    }
}

SegmentBytes Core::room_for_outputs() const {
    SegmentBytes room(program_->segments.size());
    for (const HostPiece& piece : steps_->outputs)
        room[piece.segment].resize(static_cast<std::size_t>(piece.bytes.count()));
    return room;
}

// --- Execution ------------------------------------------------------------------------------------------

void Core::run_inferences() {
    for (std::uint64_t n = 0;; ++n) {
        while (inputs_done_ <= n || outputs_done_ + 2 <= n) sc_core::wait(moved_);
        start_ = kernel_now();
        calls_[n].times.first_issue = start_;
        phase(n, InferencePhase::first_issue, start_);
        emit_.begin(context_.emit, static_cast<std::uint16_t>(index_), n);
        if (data_) data_->begin(n);
        retirements_.restart(*steps_, start_);
        port_.restart(start_);
        running_queues_ = steps_->queues.size();
        executing_ = true;
        for (std::size_t q = 0; q < steps_->queues.size(); ++q) {
            QueueState& queue = *queues_[q];
            queue.next = queue.wanted = 0;
            queue.free = start_;
            queue.waiting = queue.finished = false;
            make_runnable(q);
        }
        run_queues();
        while (running_queues_ > 0) sc_core::wait(drained_);
        TimePoint last = start_;
        for (std::size_t q = 0; q < steps_->queues.size(); ++q) last = std::max(last, retirements_.last(q));
        sleep_until(last);
        if (data_) data_->finish(n);
        executing_ = false;
        calls_[n].times.last_retirement = last;
        phase(n, InferencePhase::last_retirement, last);
        ++executed_;
        moved_.notify();
    }
}

std::string Core::stuck_queues() const {
    std::string text;
    if (!executing_) return text;
    for (std::size_t q = 0; q < steps_->queues.size(); ++q) {
        const std::uint32_t done = retirements_.count(q);
        if (done == steps_->queues[q].steps.size()) continue;
        const QueueState& state = *queues_[q];
        text += "\n  core " + std::to_string(index_) + ", inference " + std::to_string(executed_) + ": " +
                queue_name(*steps_, q) + " instruction " + std::to_string(state.next) + " waits for " +
                std::to_string(state.blocked_on.count) + " retirements of queue " +
                std::to_string(state.blocked_on.queue) + ", which has " +
                std::to_string(retirements_.count(state.blocked_on.queue));
    }
    return text;
}

}  // namespace infsim::chip
