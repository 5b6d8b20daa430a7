#include "compiler/search/sub_batches.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/search/estimate.hpp"
#include "compiler/search/fitting_sections.hpp"
#include "compiler/search/tried.hpp"

namespace infsim::compiler {

namespace {

constexpr int kPacks = 4;  ///< from this many images on, a power of two is worth a pass of its own

int power_of_two_up_to(int n) {
    int power = 1;
    while (2 * power <= n) power *= 2;
    return power;
}

/// The largest divisor of `batch` below `n` and at least half of it; 0 if there is none.
int smaller_even_pass(int batch, int n) {
    for (int d = n - 1; 2 * d >= n; --d)
        if (batch % d == 0) return d;
    return 0;
}

/// The largest number of images from `enough` on and below `too_many` for which `fits` holds, given that it holds for
/// `enough`; more images are assumed to need more space.
template <class Fits>
int most_images(int enough, int too_many, Fits&& fits) {
    while (enough + 1 < too_many) {
        const int middle = (enough + too_many) / 2;
        (fits(middle) ? enough : too_many) = middle;
    }
    return enough;
}

/// Whether `taken` computes small images one by one although the fastest of `list` computes them side by side.
bool gave_up_sharing(const std::vector<Plan>& list, const Plan& taken) {
    return list.front().share_small_images && !taken.share_small_images;
}

/// The shortest first.
std::vector<Priced> sorted(std::vector<Priced> all) {
    std::stable_sort(all.begin(), all.end(), [](const Priced& a, const Priced& b) { return a.time < b.time; });
    return all;
}

/// Whether a code is compiled quickly and has buffers that take turns. It may be longer if something changes its layout
/// in device DRAM: then images wait long for each other's buffers.
bool is_quick(const Network& network, const Liveness& liveness) {
    constexpr std::size_t kFew = 4096, kMore = 65536;  // instructions
    const bool stores = std::any_of(network.layers.begin(), network.layers.end(),
                                    [](const Layer& l) { return std::holds_alternative<StoreOp>(l.op); });
    return liveness.layer.size() <= (stores ? kMore : kFew) &&
           std::any_of(liveness.buffers.begin(), liveness.buffers.end(), [](const Buffer& b) { return b.rotates; });
}

}  // namespace

/// Tries a quarter of a large batch first: if that does not fit, the whole batch does not.
std::optional<SubBatches::AsItIs> SubBatches::as_it_is() {
    constexpr int kLarge = 16;
    constexpr double kTight = 0.85;  // of the state buffer
    const Timer timer;
    std::optional<AsItIs> found;
    if (in_.batch >= kLarge && !fitting_plan(in_.batch / 4, false)) {
        too_many_ = in_.batch / 4;
    } else {
        Trial trial = unspilled(plans_with(in_, in_.batch, {}), in_.batch, false);
        trial.likely = true;
        auto outcome = build_(trial);
        if (auto* built = std::get_if<Built>(&outcome)) found.emplace(AsItIs{std::move(built->decision)});
        if (found) {
            found->gave_up_sharing = gave_up_sharing(trial.plans, found->decision.plan);
            found->tight = static_cast<double>(found->decision.allocation.lower_bound) >
                           kTight * static_cast<double>(in_.capacity);
            found->quick = is_quick(in_.network, found->decision.dry_run.liveness);
        }
        if (found && !in_.first_that_fits && (found->gave_up_sharing || found->tight || found->quick)) {
            trial.program = true;
            outcome = build_(trial);
            if (auto* built = std::get_if<Built>(&outcome)) found->program = std::move(built->program);
        }
    }
    Attempt attempt{"as it is", found ? "fits" : "does not fit", timer.seconds()};
    attempt.taken = found.has_value();
    attempts_.push_back(std::move(attempt));
    return found;
}

/// The plan with which `images` fit without spilling, if there is one: as they are, or (`evict`) with loads reissued
/// and cheap results recomputed.
const std::optional<Plan>& SubBatches::fitting_plan(int images, bool evict) {
    const auto [known, fresh] = fitting_.try_emplace({images, evict});
    if (!fresh) return known->second;
    auto outcome = build_(unspilled(plans_with(in_, images, {}), images, evict));
    if (auto* built = std::get_if<Built>(&outcome)) known->second = std::move(built->decision.plan);
    return known->second;
}

/// Images per pass that make the passes about even, with at most `most` images each.
int SubBatches::even_pass(int most) const {
    const int passes = (in_.batch + most - 1) / most;
    return (in_.batch + passes - 1) / passes;
}

/// All layers on that many of the images at a time.
Cut SubBatches::passes_of(int images, Sections sections, bool spill) const {
    if (sections.empty()) sections.push_back({0, static_cast<int>(in_.network.layers.size())});
    for (Section& s : sections) s.images = s.weights_for = images;
    return {fmt::format("passes of {}{}", images, spill ? ", spilling" : ""), images, std::move(sections), spill, true};
}

/// Most images that fit as they are; 0: not even one.
int SubBatches::most_kept() {
    return most_images(0, too_many_, [&](int n) { return fitting_plan(n, false).has_value(); });
}

std::optional<Cut> SubBatches::passes_as_they_are() {
    const int kept = most_kept();
    if (kept == 0) return std::nullopt;
    const int images = even_pass(kept);
    const auto& plan = fitting_plan(images, false);
    return plan ? std::optional(passes_of(images, plan->sections, false)) : std::nullopt;
}

/// Passes over all layers: of as many images as fit as they are; of the power of two below, which packs better; or, if
/// these leave a smaller last pass, of fewer images that do not; of more images (up to twice as many) that fit if
/// something is reloaded or recomputed; of one more, spilling.
std::vector<Cut> SubBatches::whole_passes() {
    std::vector<Cut> found;
    const auto add = [&](int images, bool evict) {
        if (const auto& plan = fitting_plan(images, evict)) {
            found.push_back(passes_of(images, plan->sections, false));
            found.back().shares = plan->share_small_images;
        }
    };
    const auto shares = [&](int n) { return fitting_plan(n, false) && fitting_plan(n, false)->share_small_images; };
    const auto fits_again = [&](int n) { return fitting_plan(n, true).has_value(); };
    const int kept = most_kept(), even = kept > 0 ? even_pass(kept) : 0;
    if (kept > 0) add(even, false);
    if (const int packed = power_of_two_up_to(even); packed >= kPacks && packed < even) add(packed, false);
    else if (even > 0 && in_.batch % even != 0)
        if (const int smaller = smaller_even_pass(in_.batch, even)) add(smaller, false);
    if (even > 1 && !shares(even))
        if (const int side_by_side = most_images(0, even, shares); side_by_side > 1)
            add(even_pass(side_by_side), false);
    int most = kept;
    if (in_.options.rematerialization && kept < in_.batch && fits_again(kept + 1))
        most = most_images(kept + 1, std::min(in_.batch, 2 * kept + 1) + 1, fits_again);
    if (most > kept && even_pass(most) > even) add(even_pass(most), true);
    if (in_.options.spill && most > 0 && most < in_.batch && even_pass(most + 1) > even_pass(most))
        found.push_back(passes_of(even_pass(most + 1), {}, true));
    return found;
}

/// The plans that compute small images side by side, if they come before others; else all.
std::vector<Plan> SubBatches::sharing_plans(const Cut& cut, int batch) const {
    std::vector<Plan> list = plans_with(in_, batch, cut.sections);
    const auto frugal = std::find_if(list.begin(), list.end(), [](const Plan& p) { return !p.share_small_images; });
    if (frugal != list.begin()) list.erase(frugal, list.end());
    return list;
}

std::variant<Built, DoesNotFit> SubBatches::build(const Cut& cut, int batch, bool program,
                                                  std::size_t most_instructions) const {
    Trial trial{{}, batch, cut.evict && cut.spill, cut.evict, program};
    trial.most_instructions = most_instructions;
    if (cut.evict && cut.shares) {
        trial.plans = sharing_plans(cut, batch);
        auto outcome = build_(trial);
        if (std::holds_alternative<Built>(outcome)) return outcome;
    }
    trial.plans = cut.evict ? plans_with(in_, batch, cut.sections) : fastest_plans(in_, batch, cut.sections);
    return build_(trial);
}

/// Adds passes to `all` if they fit. Returns their time for the whole batch, derived from two of them. If there is a
/// `fastest` and they have over twice its instructions, they are taken to last twice as long, without being built.
std::optional<Duration> SubBatches::add_passes(Cut cut, std::vector<Priced>& all, const Priced* fastest) {
    constexpr int kTooMany = 2;
    const Timer timer;
    const int judged_on = std::min(in_.batch, 2 * cut.images);
    const auto judged = static_cast<std::size_t>(judged_on);
    auto outcome = build(cut, judged_on, true, fastest ? kTooMany * fastest->instructions * judged : kNoLimit);
    const auto* built = std::get_if<Built>(&outcome);
    if (!built) {
        attempts_.push_back({cut.name, "does not fit", timer.seconds()});
        return std::nullopt;
    }
    Priced priced{std::move(cut), {}, built->decision.dry_run.liveness.layer.size() / judged};
    const bool too_long = built->program.queues.empty() && !in_.first_that_fits;
    if (too_long) priced.time = kTooMany * fastest->time;
    else if (!in_.first_that_fits)
        priced.time = Duration{expected_service(built->program, in_.spec).count() / judged_on * in_.batch};
    attempts_.push_back({priced.cut.name,
                         too_long ? fmt::format("{} instructions of an image, too many", priced.instructions)
                                  : fmt::format("estimate {:.3f} ms", milliseconds(priced.time)),
                         timer.seconds()});
    all.push_back(std::move(priced));
    return all.back().time;
}

/// Adds the passes that spill; if not even one image fits without that, those of 1, 2, 4, ... images as long as more
/// images take less time each.
void SubBatches::add_spilling(const std::vector<Cut>& passes, std::vector<Priced>& all) {
    for (const Cut& cut : passes)
        if (cut.spill) add_passes(cut, all);
    if (!passes.empty() || !in_.options.spill) return;
    std::optional<Duration> best;
    for (int images = 1; images < in_.batch; images *= 2) {
        const auto time = add_passes(passes_of(images, {}, true), all);
        if (!time || (best && *time >= *best)) return;
        best = time;
    }
}

std::vector<Priced> SubBatches::all(const NetworkCosts& costs) {
    std::vector<Priced> all;
    const Timer timer;
    const std::vector<Cut> passes = whole_passes();
    attempts_.push_back({"images of a pass", passes.empty() ? "none" : "found", timer.seconds()});
    for (const Cut& cut : passes)
        if (!cut.spill) add_passes(cut, all);
    const std::size_t whole = all.size();
    SectionQuestions questions = planned(costs, passes, all);
    if (all.size() == whole) add_spilling(passes, all);  // sections that fit have always been faster
    // The most promising first: where they succeed, the others are far from the best.
    std::stable_sort(questions.begin(), questions.end(),
                     [](const SectionQuestion& a, const SectionQuestion& b) { return a.best < b.best; });
    for (SectionQuestion& q : questions) add_evicted(costs, q, all);
    return sorted(std::move(all));
}

std::vector<Priced> SubBatches::in_sections(const NetworkCosts& costs, Duration wanted) {
    std::vector<Priced> all;
    SectionQuestion question{in_.batch, seconds(wanted)};
    add_planned(costs, question, all);
    add_evicted(costs, question, all);
    return sorted(std::move(all));
}

}  // namespace infsim::compiler
