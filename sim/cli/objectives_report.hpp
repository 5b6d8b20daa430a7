// The output of a finished sweep about its objectives.
#pragma once

#include <string>

#include "base/json.hpp"
#include "explore/sweep.hpp"

namespace infsim::cli {

/// For each network the winner, what each bound costs, and how many points the front has. "" without objectives.
std::string objective_sentences(const explore::Sweep& sweep, const explore::SweepResult& result);

/// The same for programs: {"maximize", "minimize", "subject_to", "networks": [{"network", "winner", "without", "front",
/// ...}]}; points are named by their point_id.
json::Value objectives_json(const explore::Sweep& sweep, const explore::SweepResult& result);

}  // namespace infsim::cli
