#include "stats/timeline.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.hpp"
#include "record/csv.hpp"

namespace infsim::stats {

void Timeline::on(const observe::Issued& event) {
    if (!mine(event.who)) return;
    const InstructionFacts& facts = index_[event.who];
    // A DMA over DRAM is drawn as a transfer, and its issue would draw the bar twice; an on-chip copy has no transfer.
    const bool crosses_dram = facts.dram_bytes > 0;
    if (event.at == event.busy_until || crosses_dram) return;
    spans_.push_back({event.who.queue, facts.layer, facts.image, false, 0, 0, event.at, event.busy_until});
}

void Timeline::on(const observe::Transferred& event) {
    if (!mine(event.who)) return;
    const InstructionFacts& facts = index_[event.who];
    spans_.push_back({event.who.queue, facts.layer, facts.image, true, facts.purpose,
                      static_cast<std::uint32_t>(event.bytes.count()), event.from, event.until});
}

namespace {

std::vector<Span> merged(std::vector<Span> spans) {
    std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
        return std::tie(a.queue, a.from, a.until) < std::tie(b.queue, b.from, b.until);
    });
    std::vector<Span> result;
    for (const Span& s : spans) {
        const bool joins = !result.empty() && result.back().queue == s.queue && result.back().layer == s.layer &&
                           result.back().image == s.image && result.back().transfer == s.transfer &&
                           result.back().purpose == s.purpose && s.from <= result.back().until;
        if (joins) {
            result.back().until = std::max(result.back().until, s.until);
            result.back().dram_bytes += s.dram_bytes;
        } else {
            result.push_back(s);
        }
    }
    return result;
}

std::string purpose_name(const Span& span) {
    constexpr std::array<const char*, kPurposes> names{"weights", "constants", "input", "output", "spill", "relayout"};
    return span.transfer ? names[span.purpose] : "";
}

}  // namespace

std::string timeline_csv(const program::Program& program, const ProgramIndex& index, std::vector<Span> spans) {
    TimePoint origin = TimePoint::max();
    for (const Span& s : spans) origin = std::min(origin, s.from);
    std::string text = "queue,engine,layer,image,kind,purpose,start_us,end_us,dram_bytes\n";
    for (const Span& s : merged(std::move(spans))) {
        const auto micros = [&](TimePoint t) { return number_text(static_cast<double>((t - origin).count()) / 1e6); };
        text += record::csv_line({std::to_string(s.queue), std::string{record::engine_name(index.engine(s.queue))},
                                  program.layers[s.layer].name, std::to_string(s.image),
                                  s.transfer ? "transfer" : "work", purpose_name(s), micros(s.from), micros(s.until),
                                  number_text(std::int64_t{s.dram_bytes})}) +
                "\n";
    }
    return text;
}

}  // namespace infsim::stats
