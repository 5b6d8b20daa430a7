// The spans of one core, for figures: what each queue worked on and when.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "observe/observer.hpp"
#include "program/program.hpp"
#include "stats/program_index.hpp"
#include "stats/stall_accounts.hpp"

namespace infsim::stats {

/// One span of one queue.
struct Span {
    std::uint16_t queue = 0, layer = 0, image = 0;
    bool transfer = false;     ///< bytes on the DRAM channel rather than an engine's occupancy
    std::uint8_t purpose = 0;  ///< program::Purpose of a transfer
    std::uint32_t dram_bytes = 0;
    TimePoint from{}, until{};
};

/// Keeps every span of the inferences of one range. Spans of one queue come in time order.
class Timeline final : public observe::Observer {
public:
    Timeline(const ProgramIndex& index, InferenceRange range) : index_(index), range_(range) {}

    observe::Attention attention(std::uint16_t core, std::uint64_t inference) const override {
        const bool mine = core == range_.core && inference >= range_.first && inference < range_.last;
        return {mine, false, false, mine};
    }
    void on(const observe::Issued& event) override;
    void on(const observe::Transferred& event) override;
    const std::vector<Span>& spans() const { return spans_; }

private:
    bool mine(const observe::InstructionRef& who) const {
        return who.core == range_.core && who.inference >= range_.first && who.inference < range_.last;
    }

    const ProgramIndex& index_;
    InferenceRange range_;
    std::vector<Span> spans_;
};

/// CSV with one line per span, neighbours of one queue, layer, image and purpose that touch merged: queue,
/// engine, layer, image, kind (work or transfer), purpose, start_us, end_us, dram_bytes. Times since the
/// earliest span.
std::string timeline_csv(const program::Program& program, const ProgramIndex& index, std::vector<Span> spans);

}  // namespace infsim::stats
