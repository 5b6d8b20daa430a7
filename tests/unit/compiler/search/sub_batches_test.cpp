// What sub-batches ask of the compiler; a made-up one answers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/search/sub_batches.hpp"
#include "support/lowered.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

constexpr std::int64_t kTime = 600'000;  // ps, of a Program of one ACT instruction of 500 cycles

/// A batch of eight images in sections. As they are, they take 800 instructions; with reissued loads, `evicted`.
class Sectioned {
public:
    explicit Sectioned(std::size_t evicted) : evicted_(evicted) { options_.search_only_tight = true; }

    std::vector<Priced> all() {
        const SearchInput in{network_, spec_, target_, 8, DType::fp16, options_, 16384};
        const BuildProgram build = [this](const Trial& trial) { return answer(trial); };
        const NetworkCosts costs(network_, spec_, DType::fp16, options_);
        return SubBatches(in, build, attempts_).in_sections(costs, seconds_of(1));
    }
    const std::vector<Attempt>& attempts() const { return attempts_; }

private:
    Network network_ = three_convolutions(true);
    hw::ChipSpec spec_ = round_chip();
    program::Target target_ = target_of(spec_);
    CompileOptions options_;
    std::vector<Attempt> attempts_;
    std::size_t evicted_;

    static Duration seconds_of(std::int64_t s) { return Duration{s * 1'000'000'000'000}; }

    std::variant<Built, DoesNotFit> answer(const Trial& trial) const {
        const std::size_t instructions = trial.evict ? evicted_ : 800;
        Built built;
        built.decision.dry_run.liveness.layer.resize(instructions);
        if (!trial.program || instructions > trial.most_instructions) return built;
        ProgramBuilder b(spec_);
        b.add(b.queue(program::Engine::act), ProgramBuilder::act(500));
        built.program = b.program();
        return built;
    }
};

/// The time of the sections with reissued loads; empty if there are none.
std::optional<std::int64_t> evicted_time(const std::vector<Priced>& all) {
    const auto found = std::find_if(all.begin(), all.end(), [](const Priced& p) { return p.cut.evict; });
    if (found == all.end()) return std::nullopt;
    return found->time.count();
}

}  // namespace

TEST_CASE(
    "reissued loads that take over twice the instructions of the fastest are not built, and count twice its time") {
    Sectioned few(1600), many(1601);
    CHECK(evicted_time(few.all()) == kTime);
    const auto all = many.all();
    REQUIRE(all.size() >= 2);
    CHECK_FALSE(all.front().cut.evict);
    CHECK(all.front().time.count() == kTime);
    CHECK(evicted_time(all) == 2 * kTime);
    CHECK(many.attempts().back().detail == "200 instructions of an image, too many");
}
