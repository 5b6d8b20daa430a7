#include "chip/dram.hpp"

#include "base/check.hpp"

namespace infsim::chip {

Dram::Dram(const sc_core::sc_module_name& name, const Layout& layout, Faults& faults, Outlook& outlook)
    : sc_module(name),
      socket("socket"),
      layout_(layout),
      faults_(faults),
      outlook_(outlook),
      arbiter_(layout.arbiter_config()) {
    socket.register_b_transport(this, &Dram::b_transport);
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.dont_initialize();
    options.set_sensitivity(&wake_);
    sc_core::sc_spawn([this] { faults_.guard([this] { progress(); }); }, "progress", &options);
}

/// Does what `command` asks for if the transaction is such a one and carries data; false where there is no memory.
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
    INFSIM_CHECK(delay == sc_core::SC_ZERO_TIME, "transfers reach the DRAM in simulated time, not ahead of it");
    TransferExtension* extension = nullptr;
    payload.get_extension(extension);
    INFSIM_CHECK(extension != nullptr, "a transaction without a TransferExtension");
    extension->channel = extension->inside_core >= 0 ? layout_.inside_core(extension->inside_core)
                                                     : layout_.channel_of(payload.get_address());
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    if (!move_bytes(payload, *extension, tlm::TLM_READ_COMMAND)) return;
    const std::uint64_t id = next_id_++;
    running_.emplace(id, extension);
    const bool disturbs = arbiter_.request(
        kernel_now(), {id, extension->flow, extension->ring, extension->channel, Bytes{payload.get_data_length()},
                       extension->billed, layout_.address_in_channel(payload.get_address()), extension->walk,
                       payload.get_command() == tlm::TLM_WRITE_COMMAND});
    // One delta later, when all requests of this moment are in; an earlier notification replaces a later one. What
    // changes nothing needs no look, unless the last look ended before this arrival.
    if (disturbs || !announced_) wake_.notify(sc_core::SC_ZERO_TIME);
    sc_core::wait(extension->over);
    if (move_bytes(payload, *extension, tlm::TLM_WRITE_COMMAND)) payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Dram::progress() {
    finished_.clear();
    arbiter_.take_finished(kernel_now(), finished_);
    for (const FinishedTransfer& f : finished_) {
        const auto at = running_.find(f.id);
        at->second->first = f.first;
        at->second->end = f.end;
        at->second->over.notify();
        running_.erase(at);
    }
    // What is announced wakes this method by itself when it comes.
    const auto next = arbiter_.next_completion(outlook_.next_after(kernel_now()));
    announced_ = next.has_value();
    if (next) wake_.notify(kernel_time(*next - kernel_now()));
}

}  // namespace infsim::chip
