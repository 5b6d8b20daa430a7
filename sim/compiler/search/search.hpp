// search: which plan is the fastest, each judged by the estimate of its Program.
#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "base/dtype.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/options.hpp"
#include "compiler/outcome.hpp"
#include "compiler/search/fit.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

struct SearchInput {
    const Network& network;
    const hw::ChipSpec& spec;
    const program::Target& target;
    int batch = 1;
    DType dtype = DType::fp16;
    const CompileOptions& options;
    std::int64_t capacity = 0;     ///< bytes of state buffer per partition
    bool first_that_fits = false;  ///< whatever its time: only whether something fits is asked
};

/// A decision, and the Program that it comes to.
struct Built {
    Decision decision;         ///< without its code
    program::Program program;  ///< empty where only what fits is asked
    bool to_dram = false;      ///< the Program stores intermediates to device DRAM, for whatever reason
};

/// What is tried: one of `plans`, for `batch` images.
struct Trial {
    std::vector<Plan> plans;
    int batch = 1;
    bool spill = true;    ///< whether buffers may be saved to device DRAM
    bool evict = true;    ///< whether loads may be issued again
    bool program = true;  ///< whether the Program is wanted; where only what fits is asked it never is
};
/// Fits one of the plans, carries that out and says what came of it.
using BuildProgram = std::function<std::variant<Built, DoesNotFit>(const Trial&)>;

/// The plain compiler's decision or refusal; with search options, the decision whose Program has the shortest estimate
/// among that one and those of the search's plans: sections first, then PSUM banks layer by layer. A plan of the search
/// is taken in place of a refusal, too. With `search_only_tight` a batch that fits as it is takes the plain decision,
/// unless that is slow for want of room, and others are judged on as few images as tell their time. Every Program that
/// was built is noted in `attempts`.
std::variant<Decision, DoesNotFit> search(const SearchInput& input, const BuildProgram& build,
                                          std::vector<Attempt>& attempts);

}  // namespace infsim::compiler
