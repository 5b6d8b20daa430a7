// search: finds the fastest plan, judging each by the estimate of its Program.
#pragma once

#include <functional>
#include <limits>
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
    bool first_that_fits = false;  ///< whatever its time: the only question is whether something fits
};

/// A decision, and the Program that results from it.
struct Built {
    Decision decision;         ///< without its code
    program::Program program;  ///< empty if the only question is what fits, or if it would be too long
    bool to_dram = false;      ///< the Program stores intermediates to device DRAM, for whatever reason
};

/// What to try: one of `plans`, for `batch` images.
struct Trial {
    std::vector<Plan> plans;
    int batch = 1;
    bool spill = true;    ///< whether buffers may be saved to device DRAM
    bool evict = true;    ///< whether loads may be reissued
    bool program = true;  ///< whether the Program is wanted; never if the only question is what fits
    /// One of the first plans is likely to be taken, so their codes are kept; otherwise that costs more than it saves.
    bool likely = false;
    int rotation = 0;  ///< turns that short-lived buffers of one name take, see AllocateOptions; 0: as usual
    /// A decision with more instructions than that gets no Program.
    std::size_t most_instructions = std::numeric_limits<std::size_t>::max();
};
/// Fits one of the plans, carries it out and returns the result.
using BuildProgram = std::function<std::variant<Built, DoesNotFit>(const Trial&)>;

/// The plain compiler's decision or refusal. With search options, the decision whose Program has the shortest estimate,
/// among the plain one and the search's plans: sections first, then PSUM banks layer by layer. A plan of the search
/// also replaces a refusal. With `search_only_tight`, a batch that fits as it is takes the plain decision, unless that
/// is slow for lack of space, and other plans are judged on as few images as will tell their time. Every Program that
/// was built is noted in `attempts`.
std::variant<Decision, DoesNotFit> search(const SearchInput& input, const BuildProgram& build,
                                          std::vector<Attempt>& attempts);

}  // namespace infsim::compiler
