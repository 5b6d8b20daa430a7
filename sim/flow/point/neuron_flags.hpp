// The flags of AWS's Neuron compiler of 2020, as in existing scripts, mapped to our compiler's options.
#pragma once

#include <string>
#include <vector>

#include "base/problems.hpp"
#include "flow/point/setting.hpp"

namespace infsim::flow {

/// A flag that has a counterpart. `key` is its name without dashes, which is also its key in a sweep file.
struct NeuronFlag {
    enum class Value { none, truth, count };
    const char* key;
    Value value;         ///< its argument on the command line
    const char* option;  ///< the option that it sets: a path below "compiler."
    bool when_given;     ///< for `none`: the option's value; in a sweep file false gives the opposite
    const char* meaning;
};
const std::vector<NeuronFlag>& neuron_flags();

/// A flag of Neuron's scheduler without a counterpart in this compiler, with the reason and the remedy.
struct RefusedFlag {
    const char* key;
    const char* why;
};
const std::vector<RefusedFlag>& refused_neuron_flags();

/// True for keys of both lists.
bool is_neuron_key(const std::string& key);

/// Converts settings with Neuron's keys to our own. These "compiler.*" keys come first, because our own spelling
/// overrides Neuron's. Adds problems for wrong values, refused flags, and for settings that request or tune spills
/// together with a ban on spilling (--spill_dis).
std::vector<Setting> translated(const std::vector<Setting>& settings, Problems& problems);

}  // namespace infsim::flow
