// Compiler files: JSON to CompileOptions and back, one table for both.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/key_log.hpp"
#include "base/problems.hpp"
#include "compiler/options.hpp"
#include "flow/point/setting.hpp"

namespace infsim::flow {

/// Reads a compiler file with settings (key paths without "compiler.") applied. An option that is left out has its
/// value in compiler::default_options(). Unknown keys, wrong kinds and values out of range are added to `problems`.
compiler::CompileOptions load_compiler(const std::string& path, const std::vector<Setting>& settings,
                                       Problems& problems);
/// `log` records the keys that are requested.
compiler::CompileOptions read_compiler(json::Document document, const std::vector<Setting>& settings,
                                       Problems& problems, json::KeyLog* log = nullptr);

/// All options with plain values, as in a compiler file.
json::Value canonical_json(const compiler::CompileOptions& options);
/// What is hashed for a point's identity: the same, but for options that came later and are off.
json::Value identity_json(const compiler::CompileOptions& options);

/// The meaning of each option, by its key without "compiler.".
std::map<std::string, std::string> compiler_meanings();

}  // namespace infsim::flow
