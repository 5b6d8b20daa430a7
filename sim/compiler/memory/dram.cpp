#include "compiler/memory/dram.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace infsim::compiler {

namespace {

using program::Purpose;

/// insert_waits adds an instruction if more queues have to be waited for than one can carry. That is rare: about twenty
/// in a million instructions. It never adds more than one per this many instructions, plus a hundred.
constexpr std::int64_t kLeastPerWait = 2000;

bool is_host(Purpose purpose) { return purpose == Purpose::input || purpose == Purpose::output; }

std::string purpose_name(Purpose purpose) {
    switch (purpose) {
        case Purpose::weights: return "weights";
        case Purpose::constants: return "constants";
        case Purpose::input: return "inputs, twice";
        case Purpose::output: return "outputs, twice";
        case Purpose::spill: return "intermediates";
        case Purpose::relayout: return "changes of layout";
    }
    return "";
}

/// The instructions alone fill a core's DRAM region.
DoesNotFit too_many_instructions(std::int64_t instructions, const program::Target& target) {
    DoesNotFit no;
    no.resource = resource::instruction_count;
    no.unit = "instructions";
    no.wanted_bytes = instructions;
    no.available_bytes = target.dram_region_bytes / program::kInstructionBytes;
    no.text = fmt::format(
        "{} instructions of {} bytes exceed a core's DRAM region, which holds {}: a limit of this compiler, whose "
        "programs "
        "repeat what a loop would say once, not of the chip",
        no.wanted_bytes, program::kInstructionBytes, no.available_bytes);
    return no;
}

DoesNotFit refusal_with_list(const DramNeeds& needs, int region, const program::Target& target) {
    DoesNotFit no = dram_refusal(needs.bytes(region), region, target, needs.at_least);
    const auto name_of = [&](Purpose purpose) {
        const bool takes_turns = purpose == Purpose::relayout && !needs.scratch.empty();
        return purpose_name(purpose) + (takes_turns ? " of images in use at once" : "");
    };
    std::map<std::string, std::int64_t> sums;
    if (const auto found = needs.segments.find(region); found != needs.segments.end())
        for (const auto& [purpose, bytes] : found->second) sums[name_of(purpose)] += bytes;
    if (region == 0) sums["program"] = needs.instructions * program::kInstructionBytes;
    std::string list;
    for (const auto& [name, bytes] : sums) {
        no.tensors.push_back({name, bytes, 0, "", ""});
        list += fmt::format("{}{} {} B", list.empty() ? "" : ", ", name, bytes);
    }
    std::stable_sort(no.tensors.begin(), no.tensors.end(),
                     [](const LiveTensor& a, const LiveTensor& b) { return a.bytes > b.bytes; });
    no.text += "; " + list;
    const std::int64_t own = sums["program"] + sums[name_of(Purpose::relayout)];
    if (needs.bytes(region) - own <= target.dram_region_bytes)
        no.text +=
            "; without its instructions and changes of layout it would fit: a limit of this compiler, not of the chip";
    return no;
}

bool take_turns(const DramNeeds& needs) {
    return std::any_of(needs.scratch.begin(), needs.scratch.end(),
                       [](const ScratchPlaces& s) { return s.places < s.batch; });
}

int fullest_region(const DramNeeds& needs) {
    int fullest = 0;
    for (const auto& [region, purposes] : needs.segments)
        if (needs.bytes(region) > needs.bytes(fullest)) fullest = region;
    return fullest;
}

bool is_too_much(const DramNeeds& needs, const program::Target& target) {
    return needs.bytes(fullest_region(needs)) > target.dram_region_bytes;
}

}  // namespace

std::int64_t DramNeeds::bytes(int region) const {
    std::int64_t sum = region == 0 ? instructions * program::kInstructionBytes : 0;
    if (const auto found = segments.find(region); found != segments.end())
        for (const auto& [purpose, bytes] : found->second) sum += bytes;
    return sum;
}

std::int64_t dram_bytes(const program::Segment& segment) {
    return (segment.bytes * (is_host(segment.purpose) ? 2 : 1) + 63) / 64 * 64;
}

DramNeeds dram_needs(const std::vector<program::Segment>& segments, std::size_t instructions) {
    DramNeeds needs;
    needs.instructions = static_cast<std::int64_t>(instructions);
    needs.segments[0];
    for (const program::Segment& s : segments) needs.segments[s.region][s.purpose] += dram_bytes(s);
    return needs;
}

std::int64_t turn_waits(std::int64_t stores, int dma_engines) {
    const int waits = 2 * dma_engines;
    return stores * ((waits + program::kMaxWaits - 1) / program::kMaxWaits);
}

DramNeeds with_waits(DramNeeds needs) {
    needs.instructions += needs.instructions / kLeastPerWait + 100;
    if (take_turns(needs)) needs.instructions += needs.turn_waits;
    return needs;
}

DramNeeds with_scratch_for(DramNeeds needs, int images) {
    const auto bytes_of = [](const ScratchPlaces& s) {
        program::Segment segment;
        segment.purpose = Purpose::relayout;
        segment.bytes = s.image_bytes * s.places;
        return dram_bytes(segment);
    };
    for (ScratchPlaces& s : needs.scratch) {
        std::int64_t& sum = needs.segments[s.region][Purpose::relayout];
        sum -= bytes_of(s);
        s.places = std::min(std::max(images, s.at_once), s.batch);
        sum += bytes_of(s);
    }
    return needs;
}

DramNeeds with_scratch_that_fits(DramNeeds needs, const program::Target& target) {
    int most = 1;
    for (const ScratchPlaces& s : needs.scratch) most = std::max(most, s.batch);
    const auto fits = [&](int images) { return !is_too_much(with_waits(with_scratch_for(needs, images)), target); };
    if (fits(most)) return with_scratch_for(std::move(needs), most);
    int enough = 1, too_many = most;
    while (enough + 1 < too_many) {
        const int middle = (enough + too_many) / 2;
        (fits(middle) ? enough : too_many) = middle;
    }
    return with_scratch_for(std::move(needs), enough);
}

std::optional<DoesNotFit> dram_shortage(const DramNeeds& asked, const program::Target& target) {
    const DramNeeds needs = with_scratch_for(asked, 1);
    if (needs.instructions * program::kInstructionBytes > target.dram_region_bytes)
        return too_many_instructions(needs.instructions, target);
    if (!is_too_much(needs, target)) return std::nullopt;
    return refusal_with_list(needs, fullest_region(needs), target);
}

DoesNotFit dram_refusal(std::int64_t wanted, int region, const program::Target& target, bool at_least) {
    DoesNotFit no;
    no.resource = resource::device_dram;
    no.unit = "B";
    no.wanted_bytes = wanted;
    no.available_bytes = target.dram_region_bytes;
    no.text = fmt::format(
        "a core's own copy of program and data needs {}{} bytes in DRAM region {}, {} are there: {} bytes too many",
        at_least ? "at least " : "", wanted, region, no.available_bytes, wanted - no.available_bytes);
    return no;
}

void lay_out_dram(program::Program& program) {
    std::map<int, std::int64_t>
        used;  // the program lies after the segments, so that addresses do not depend on the encoding
    for (program::Segment& s : program.segments) {
        s.address = used[s.region];
        used[s.region] += dram_bytes(s);
    }
}

}  // namespace infsim::compiler
