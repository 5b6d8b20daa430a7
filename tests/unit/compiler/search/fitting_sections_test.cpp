// Sections that fit, found by what others lack; a made-up compiler says what they lack.
#include <catch2/catch.hpp>

#include <vector>

#include "compiler/compile.hpp"
#include "compiler/search/fitting_sections.hpp"
#include "support/lowered.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// The question about passes of four images in a batch of eight, and a compiler that refuses the second layer as long
/// as it runs on more than `most` images.
class Question {
public:
    explicit Question(int most) : most_(most) {
        build_ = [this](const Trial& trial) { return answer(trial); };
    }
    SearchInput input() const { return {network_, spec_, target_, 8, DType::fp16, options_, 16384}; }
    std::optional<SectionList> ask(std::vector<Sections>& tried, double wanted = 1) {
        const SearchInput in = input();
        return fitting_sections({in, build_, costs_, 4, 16384, wanted}, {{{0, 3, 4}}, 1e-3}, tried);
    }
    int built() const { return built_; }

private:
    Network network_ = three_convolutions(true);
    hw::ChipSpec spec_ = round_chip();
    program::Target target_ = target_of(spec_);
    CompileOptions options_;
    NetworkCosts costs_{network_, spec_, DType::fp16, options_};
    int most_, built_ = 0;
    BuildProgram build_;

    std::variant<Built, DoesNotFit> answer(const Trial& trial) {
        constexpr std::int64_t kLack = 12000;
        ++built_;
        CHECK(trial.batch == 4);
        CHECK(!(trial.spill || trial.evict || trial.program));
        const Sections& sections = trial.plans.front().sections;
        for (const Section& s : sections)
            if (s.first <= 1 && 1 < s.last && s.images > most_) {
                DoesNotFit no;
                no.layer = network_.layers[LayerId(1)].name;
                no.wanted_bytes = need_at(costs_, sections, trial.batch, LayerId(1)) + kLack;
                return no;
            }
        return Built{};
    }
};

}  // namespace

TEST_CASE("sections that fit are taken as they are") {
    Question q(4);
    std::vector<Sections> tried;
    const auto found = q.ask(tried);
    REQUIRE(found);
    CHECK(found->sections == Sections{{0, 3, 4}});
    CHECK(q.built() == 1);
    CHECK(tried.empty());
}

TEST_CASE("a layer that lacks room runs on fewer images until it does not") {
    for (const int most : {2, 1}) {
        Question q(most);
        std::vector<Sections> tried;
        const auto found = q.ask(tried);
        REQUIRE(found);
        for (const Section& s : found->sections)
            if (s.first <= 1 && 1 < s.last) CHECK(s.images == most);
        CHECK(q.built() == (most == 2 ? 2 : 3));
        CHECK(tried.back() == found->sections);
    }
}

TEST_CASE("nothing is found where no sections leave the room, and where what leaves it promises too little") {
    Question q(0);
    std::vector<Sections> tried;
    CHECK_FALSE(q.ask(tried));
    CHECK(q.built() <= 12);

    Question slow(2);
    std::vector<Sections> none;
    CHECK_FALSE(slow.ask(none, 1e-9));
    CHECK(slow.built() == 1);
}

TEST_CASE("what was tried before is not tried again") {
    Question q(2);
    std::vector<Sections> tried;
    const auto found = q.ask(tried);
    REQUIRE(found);
    CHECK_FALSE(q.ask(tried));
}

TEST_CASE("the fastest plans differ in slabs and stripes alone") {
    const Question q(4);
    const auto plans = fastest_plans(q.input(), 4, {{0, 3, 2}});
    REQUIRE(plans.size() >= 2);
    for (const Plan& p : plans) {
        CHECK(p.image_group == plans.front().image_group);
        CHECK(p.share_small_images);
        CHECK(p.sections == Sections{{0, 3, 2}});
    }
    CHECK(plans.back().slab_bytes == 1024);
}
