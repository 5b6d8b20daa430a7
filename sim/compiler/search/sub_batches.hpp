// Sub-batches: ways to run a batch in parts if it does not fit as it is.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.hpp"
#include "compiler/search/fitting_sections.hpp"
#include "compiler/search/search.hpp"
#include "compiler/search/sections.hpp"

namespace infsim::compiler {

/// Parts of the network that run on some of the images, and whether buffers may be spilled for them.
struct Cut {
    std::string name;
    int images = 0;  ///< of a pass
    Sections sections;
    bool spill = false;
    bool shares = true;  ///< small images stay side by side even if something is reloaded for that
    bool evict = true;   ///< loads may be reissued
};

/// A cut, and its estimated time.
struct Priced {
    Cut cut;
    Duration time;
    std::size_t instructions = 0;  ///< of an image
};

/// Which sections are worth building for passes of `images` images.
struct SectionQuestion {
    int images = 0;
    double wanted = 0;  ///< most seconds, over all passes, that they may promise
    double promised = std::numeric_limits<double>::infinity();  ///< seconds that the best proposal so far promises
    double best = std::numeric_limits<double>::infinity();      ///< seconds of the best that was built
    std::vector<Sections> tried;
};
using SectionQuestions = std::vector<SectionQuestion>;

/// Finds cuts. What was tried is added to `attempts`.
class SubBatches {
public:
    SubBatches(const SearchInput& input, const BuildProgram& build, std::vector<Attempt>& attempts)
        : in_(input), build_(build), attempts_(attempts), too_many_(in_.batch) {}

    /// The whole batch without anything leaving the state buffer, if it fits that way. With its Program only if one of
    /// these holds.
    struct AsItIs {
        Decision decision;
        bool gave_up_sharing = false;  ///< computing small images side by side
        bool tight = false;            ///< live activations leave little room for weights to arrive ahead
        bool quick = false;            ///< few instructions, with short-lived buffers among their operands
        std::optional<program::Program> program;
    };
    std::optional<AsItIs> as_it_is();

    /// Passes of as many images as fit as they are, without their time; empty if not even one image fits.
    std::optional<Cut> passes_as_they_are();
    /// Passes of some images over all layers, and passes in sections, the shortest first, each judged on two passes.
    std::vector<Priced> all(const NetworkCosts& costs);
    /// All images in sections if that promises less than `wanted`; the same for a batch that fits as it is.
    std::vector<Priced> in_sections(const NetworkCosts& costs, Duration wanted);

    /// Builds `batch` images cut this way; with their Program if `program` and they have at most so many instructions.
    std::variant<Built, DoesNotFit> build(const Cut& cut, int batch, bool program,
                                          std::size_t most_instructions = kNoLimit) const;

private:
    static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

    const SearchInput& in_;
    const BuildProgram& build_;
    std::vector<Attempt>& attempts_;
    std::map<std::pair<int, bool>, std::optional<Plan>>
        fitting_;   ///< by number of images and whether loads are repeated
    int too_many_;  ///< smallest number of images known not to fit as they are

    const std::optional<Plan>& fitting_plan(int images, bool evict);
    std::vector<Plan> sharing_plans(const Cut& cut, int batch) const;
    int most_kept();
    int even_pass(int most) const;
    Cut passes_of(int images, Sections sections, bool spill) const;
    std::vector<Cut> whole_passes();
    std::optional<Duration> add_passes(Cut cut, std::vector<Priced>& all, const Priced* fastest = nullptr);
    void add_spilling(const std::vector<Cut>& passes, std::vector<Priced>& all);
    SectionQuestions planned(const NetworkCosts& costs, const std::vector<Cut>& passes, std::vector<Priced>& all);

    bool worth_evictions(const Sections& sections, int images) const;
    Cut in_sections_of(const SectionList& list, int images, Weights weights) const;
    std::optional<SectionList> proposal(const NetworkCosts& costs, SectionQuestion& q, std::int64_t room,
                                        Weights weights);
    template <class Add>
    void add_proposals(const NetworkCosts& costs, SectionQuestion& q, Weights weights, std::vector<Priced>& all,
                       Add&& add);
    double add_planned(const NetworkCosts& costs, SectionQuestion& q, std::vector<Priced>& all);
    void add_evicted(const NetworkCosts& costs, SectionQuestion& q, std::vector<Priced>& all);
};

}  // namespace infsim::compiler
