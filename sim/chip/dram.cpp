#include "chip/dram.hpp"

#include <algorithm>
#include <functional>

#include "base/check.hpp"

namespace infsim::chip {

Dram::Dram(const sc_core::sc_module_name& name, const Layout& layout, Faults& faults)
    : sc_module(name), socket("socket"), layout_(layout), faults_(faults), arbiter_(layout.arbiter_config()) {
    socket.register_b_transport(this, &Dram::b_transport);
    socket.register_nb_transport_fw(this, &Dram::nb_transport_fw);
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.dont_initialize();
    options.set_sensitivity(&wake_);
    sc_core::sc_spawn([this] { faults_.guard([this] { progress(); }); }, "progress", &options);
}

/// Copies the bytes if the transaction has this command and carries data; false if there is no memory at the address.
bool Dram::move_bytes(const tlm::tlm_generic_payload& payload, const TransferExtension& extension,
                      tlm::tlm_command command) {
    unsigned char* data = payload.get_data_ptr();
    if (data == nullptr || payload.get_command() != command) return true;
    auto* bytes = reinterpret_cast<std::byte*>(data);
    const auto length = static_cast<std::int64_t>(payload.get_data_length());
    return command == tlm::TLM_READ_COMMAND
               ? store_.read(payload.get_address(), extension.buffer, extension.rows, length, bytes)
               : store_.write(payload.get_address(), extension.buffer, extension.rows, length, bytes);
}

void Dram::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    TransferExtension* extension = nullptr;
    payload.get_extension(extension);
    expect(payload, kBlocking, delay);
    delay = sc_core::SC_ZERO_TIME;
    sc_core::wait(extension->over);
}

tlm::tlm_sync_enum Dram::nb_transport_fw(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                         sc_core::sc_time& delay) {
    INFSIM_CHECK(phase == tlm::BEGIN_REQ, "a transfer begins with its request");
    expect(payload, initiator, delay);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
}

/// The transfer arrives `delay` from now.
void Dram::expect(tlm::tlm_generic_payload& payload, int initiator, const sc_core::sc_time& delay) {
    TransferExtension* extension = nullptr;
    payload.get_extension(extension);
    INFSIM_CHECK(extension != nullptr, "a transaction without a TransferExtension");
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(running_.size()));
        running_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    running_[index] = {&payload, extension, initiator};
    const TimePoint at = kernel_now() + Duration{static_cast<std::int64_t>(delay.value())};
    arrivals_.push_back({at, arrival_number_++, index});
    std::push_heap(arrivals_.begin(), arrivals_.end(), std::greater<>{});
    if (!progressing_) wake_at(at);
}

/// If `at` is now: one delta later, when all requests of this time are in.
void Dram::wake_at(TimePoint at) {
    if (at >= wakes_at_) return;
    wakes_at_ = at;
    wake_.notify(kernel_time(at - kernel_now()));  // an earlier notification replaces a later one
}

void Dram::progress() {
    progressing_ = true;
    wakes_at_ = TimePoint::max();
    const TimePoint now = kernel_now();
    finished_.clear();
    arbiter_.take_finished(now, finished_);
    for (const FinishedTransfer& f : finished_) {
        const auto index = static_cast<std::uint32_t>(f.id);
        running_[index].extension->first = f.first;
        running_[index].extension->end = f.end;
        const auto& [payload, extension, initiator] = running_[index];
        const bool there = move_bytes(*payload, *extension, tlm::TLM_WRITE_COMMAND);
        end(index, there ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }
    // Ask the arbiter again only if something changed, or if it stopped looking ahead at this arrival.
    if (take_arrivals(now) || !finished_.empty() || next_end_ == TimePoint::max())
        next_end_ = arbiter_.next_completion(next_arrival()).value_or(TimePoint::max());
    progressing_ = false;
    const TimePoint next = std::min(next_end_, next_arrival());
    if (next != TimePoint::max()) wake_at(next);
}

/// Passes arrivals of this time to the arbiter; true if they invalidate its last answer.
bool Dram::take_arrivals(TimePoint now) {
    bool disturbs = false;
    while (next_arrival() <= now) {
        const std::uint32_t index = arrivals_.front().running;
        std::pop_heap(arrivals_.begin(), arrivals_.end(), std::greater<>{});
        arrivals_.pop_back();
        disturbs = begin(index, now) || disturbs;
    }
    return disturbs;
}

bool Dram::begin(std::uint32_t index, TimePoint now) {
    auto& [payload, extension, initiator] = running_[index];
    extension->channel = extension->inside_core >= 0 ? layout_.inside_core(extension->inside_core)
                                                     : layout_.channel_of(payload->get_address());
    if (extension->pack) extension->pack();
    if (!move_bytes(*payload, *extension, tlm::TLM_READ_COMMAND)) {
        end(index, tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return false;
    }
    return arbiter_.request(
        now, {index, extension->flow, extension->ring, extension->channel, Bytes{payload->get_data_length()},
              extension->billed, layout_.address_in_channel(payload->get_address()), extension->walk,
              payload->get_command() == tlm::TLM_WRITE_COMMAND});
}

/// Tells the initiator, which may send the next transfer at once.
void Dram::end(std::uint32_t index, tlm::tlm_response_status status) {
    const auto [payload, extension, initiator] = running_[index];
    free_.push_back(index);
    payload->set_response_status(status);
    if (initiator == kBlocking) {
        extension->over.notify();
        return;
    }
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const auto answer = socket[initiator]->nb_transport_bw(*payload, phase, delay);
    INFSIM_CHECK(answer == tlm::TLM_COMPLETED, "an initiator completes its transfer when told that it has ended");
}

}  // namespace infsim::chip
