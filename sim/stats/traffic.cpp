#include "stats/traffic.hpp"

#include <numeric>

namespace infsim::stats {

std::int64_t TrafficBytes::dram() const {
    return std::accumulate(read.begin(), read.end(), std::int64_t{0}) +
           std::accumulate(written.begin(), written.end(), std::int64_t{0}) + host_in + host_out;
}

bool operator==(const TrafficBytes& a, const TrafficBytes& b) {
    return a.read == b.read && a.written == b.written && a.host_in == b.host_in && a.host_out == b.host_out;
}

TrafficBytes expected_traffic(const program::Program& program, const ProgramIndex& index) {
    TrafficBytes t;
    for (std::size_t q = 0; q < index.queue_count(); ++q)
        for (const InstructionFacts& facts : index.queue(q))
            (facts.writes_dram ? t.written : t.read)[facts.purpose] += facts.dram_bytes;
    for (const program::Segment& segment : program.segments) {
        if (segment.purpose == program::Purpose::input) t.host_in += segment.bytes;
        if (segment.purpose == program::Purpose::output) t.host_out += segment.bytes;
    }
    return t;
}

Traffic::Traffic(const ProgramIndex& index, int cores, int channels)
    : index_(index), cores_(static_cast<std::size_t>(cores)), channels_(static_cast<std::size_t>(channels)) {}

TrafficBytes& Traffic::at(int core, std::uint64_t inference) {
    auto& list = cores_[static_cast<std::size_t>(core)];
    if (list.size() <= inference) list.resize(inference + 1);
    return list[inference];
}

void Traffic::on(const observe::Transferred& event) {
    TrafficBytes& t = at(event.who.core, event.who.inference);
    (event.write ? t.written : t.read)[index_[event.who].purpose] += event.bytes.count();
    channels_.at(static_cast<std::size_t>(event.channel)) += event.bytes.count();
}

void Traffic::on(const observe::HostTransferred& event) {
    TrafficBytes& t = at(event.core, event.inference);
    (event.to_device ? t.host_in : t.host_out) += event.bytes.count();
}

TrafficBytes Traffic::inference(int core, std::uint64_t inference) const {
    const auto& list = cores_[static_cast<std::size_t>(core)];
    return inference < list.size() ? list[inference] : TrafficBytes{};
}

}  // namespace infsim::stats
