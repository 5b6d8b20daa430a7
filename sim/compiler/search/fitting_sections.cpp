#include "compiler/search/fitting_sections.hpp"

#include <algorithm>
#include <utility>

#include "compiler/search/plans.hpp"

namespace infsim::compiler {

std::vector<Plan> plans_with(const SearchInput& input, int batch, const Sections& sections) {
    std::vector<Plan> list = plans(input.network, input.target, batch, input.dtype, input.options);
    for (Plan& plan : list)
        if (!sections.empty()) plan.sections = sections;
    return list;
}

std::vector<Plan> fastest_plans(const SearchInput& input, int batch, const Sections& sections) {
    std::vector<Plan> list{plans_with(input, batch, sections).front()};
    for (int rows = list.front().stem_stripe_rows; rows >= 1; rows /= 2) {
        list.push_back(list.front());
        list.back().slab_bytes = std::min<std::int64_t>(list.back().slab_bytes, 1024);
        list.back().stem_stripe_rows = rows;
    }
    return list;
}

Trial unspilled(std::vector<Plan> plans, int batch, bool evict) {
    return {std::move(plans), batch, false, evict, false};
}

namespace {

/// Notes how much more the layer that `why` names needs than was assumed for these sections; false if that is not new.
bool learn(const FittingQuestion& q, const Sections& sections, const DoesNotFit& why, LearntNeeds& learnt) {
    bool news = false;
    for (LayerId l : q.input.network.layers.ids()) {
        if (q.input.network.layers[l].name != why.layer) continue;
        for (const Section& s : sections) {
            if (l.value() < s.first || l.value() >= s.last) continue;
            const std::int64_t more = why.wanted_bytes - need_at(q.costs, sections, q.images, l);
            auto& known = learnt[{l, s.images_of(q.images), s.stripe_rows > 0}];
            if (more > known) known = more, news = true;
        }
    }
    return news;
}

}  // namespace

std::optional<SectionList> fitting_sections(const FittingQuestion& q, SectionList list, std::vector<Sections>& tried) {
    constexpr int kRounds = 12;
    LearntNeeds learnt;
    for (int round = 0; round < kRounds; ++round) {
        const auto outcome = q.build(unspilled(fastest_plans(q.input, q.images, list.sections), q.images, false));
        const auto* no = std::get_if<DoesNotFit>(&outcome);
        if (!no) return list;
        if (!learn(q, list.sections, *no, learnt)) return std::nullopt;
        auto next = best_sections(q.costs, q.input.network.stem_layers, q.images, q.room, learnt);
        if (!next || next->seconds * q.input.batch / q.images > q.wanted) return std::nullopt;
        if (std::find(tried.begin(), tried.end(), next->sections) != tried.end()) return std::nullopt;
        list = std::move(*next);
        tried.push_back(list.sections);
    }
    return std::nullopt;
}

}  // namespace infsim::compiler
