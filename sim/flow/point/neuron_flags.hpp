// The flags of AWS's Neuron compiler of 2020, as they stand in people's scripts, in our compiler's options.
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
    Value value;         ///< what follows it on the command line
    const char* option;  ///< what it sets: a path below "compiler."
    bool when_given;     ///< for `none`: what the option becomes; in a sweep file false gives the opposite
    const char* meaning;
};
const std::vector<NeuronFlag>& neuron_flags();

/// A flag that Neuron's scheduler had and this compiler has no counterpart of, with the reason and the remedy.
struct RefusedFlag {
    const char* key;
    const char* why;
};
const std::vector<RefusedFlag>& refused_neuron_flags();

/// True for keys of both lists.
bool is_neuron_key(const std::string& key);

/// Settings with Neuron's keys in terms of our own: keys "compiler.*" in front, because our own spelling wins over
/// Neuron's. Adds problems for wrong values, refused flags, and for settings that contradict a ban on spilling:
/// one that asks for spills or tunes them beside --spill_dis.
std::vector<Setting> translated(const std::vector<Setting>& settings, Problems& problems);

}  // namespace infsim::flow
