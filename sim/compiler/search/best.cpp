// The search over plans: sections first, then PSUM banks layer by layer, each judged by the estimate of its Program.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/search/assemble.hpp"
#include "compiler/search/estimate.hpp"
#include "compiler/search/plans.hpp"
#include "compiler/search/sections.hpp"
#include "compiler/stopwatch.hpp"

namespace infsim::compiler {

namespace {

struct Scored {
    Assembled assembled;
    Estimate estimate;
};

class Search {
public:
    explicit Search(const Assembly& assembly)
        : a_(assembly), plans_(plans(a_.network, a_.target, a_.batch, a_.dtype, a_.options)) {}

    CompileResult run() {
        auto plain = assemble(a_, plans_, true);
        if (!a_.options.search_sections && !a_.options.search_psum_banks) {
            if (auto* no = std::get_if<DoesNotFit>(&plain)) return std::move(*no);
            return std::move(std::get<Assembled>(plain).compiled);
        }
        if (auto* fits = std::get_if<Assembled>(&plain)) consider(std::move(*fits));
        if (a_.options.search_sections && a_.options.batching) try_sections();
        if (a_.options.search_psum_banks && best_) try_banks();
        if (!best_) return std::move(std::get<DoesNotFit>(plain));
        Compiled result = std::move(best_->assembled.compiled);
        watch_.lap(result.passes, "search",
                   fmt::format("{} programs, {} sections, estimate {:.3f} ms", programs_,
                               std::max<std::size_t>(1, best_->assembled.plan.sections.size()),
                               milliseconds(best_->estimate.makespan)));
        return result;
    }

private:
    const Assembly& a_;
    std::vector<Plan> plans_;  ///< of the plain compiler
    std::optional<Scored> best_;
    Stopwatch watch_;
    int programs_ = 0;

    /// A Program has to be estimated clearly faster to take the place of the one before, the plain one first: the
    /// estimate knows no contention between cores.
    void consider(Assembled assembled) {
        Estimate time = estimate(assembled.compiled.program, a_.spec);
        consider(std::move(assembled), std::move(time));
    }
    void consider(Assembled assembled, Estimate time) {
        constexpr double kMargin = 0.98;
        ++programs_;
        if (!best_ || seconds(time.makespan) < kMargin * seconds(best_->estimate.makespan))
            best_ = Scored{std::move(assembled), std::move(time)};
    }
    /// Plans of the search never spill: what they are for is to keep tensors on chip.
    std::optional<Assembled> without_spills(const std::vector<Plan>& list) const {
        auto outcome = assemble(a_, list, false);
        if (auto* fits = std::get_if<Assembled>(&outcome)) return std::move(*fits);
        return std::nullopt;
    }

    void try_sections() {
        const NetworkCosts costs(a_.network, a_.spec, a_.dtype, a_.options);
        for (const auto& sections : section_candidates(costs, a_.network.stem_layers, a_.batch, a_.budget.bytes)) {
            std::vector<Plan> list = plans_;
            for (Plan& plan : list) plan.sections = sections;
            if (auto fits = without_spills(list)) consider(std::move(*fits));
        }
    }

    /// One Program for each number of banks; then, layer by layer, the number under which the PE was done soonest.
    void try_banks() {
        const std::size_t layers = a_.network.layers.size();
        Plan base = best_->assembled.plan;
        if (best_->assembled.compiled.memory.spill_save_bytes > 0) return;  // what it gains is small beside spills
        std::vector<int> choice(layers, a_.options.psum_banks_per_load);
        std::vector<Duration> time = best_->estimate.pe_by_layer;
        for (int banks = 1; banks <= a_.target.psum_banks; ++banks) {
            if (banks == a_.options.psum_banks_per_load || (banks % 2 != 0 && banks != a_.target.psum_banks)) continue;
            Plan plan = base;
            plan.psum_banks.assign(layers, banks);
            auto fits = without_spills({plan});
            if (!fits) continue;
            Estimate here = estimate(fits->compiled.program, a_.spec);
            for (std::size_t l = 0; l < layers; ++l)
                if (here.pe_by_layer[l] < time[l]) choice[l] = banks, time[l] = here.pe_by_layer[l];
            consider(std::move(*fits), std::move(here));
        }
        Plan mixed = base;
        mixed.psum_banks = choice;
        if (auto fits = without_spills({mixed})) consider(std::move(*fits));
    }
};

}  // namespace

CompileResult best_program(const Assembly& assembly) { return Search(assembly).run(); }

}  // namespace infsim::compiler
