#include "compiler/search/fit_memory.hpp"

#include <algorithm>

namespace infsim::compiler {

std::vector<TightPlan> FitMemory::recall(Subject subject, const std::vector<Plan>& wanted) {
    std::vector<TightPlan> known = std::exchange(plans_, {});
    const auto unwanted = [&](const TightPlan& t) {
        return !(subject == subject_) || std::find(wanted.begin(), wanted.end(), t.plan) == wanted.end();
    };
    known.erase(std::remove_if(known.begin(), known.end(), unwanted), known.end());
    return known;
}

void FitMemory::keep(Subject subject, IdVector<TightPlanId, TightPlan>&& plans) {
    subject_ = subject;
    plans_.clear();
    for (TightPlan& plan : plans) plans_.push_back(std::move(plan));
}

}  // namespace infsim::compiler
