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

/// Reads a compiler file with settings (key paths without "compiler.") applied. Every option may be left out
/// and then has its value in compiler::default_options(); unknown keys, wrong kinds and values out of range are added
/// to `problems`.
compiler::CompileOptions load_compiler(const std::string& path, const std::vector<Setting>& settings,
                                       Problems& problems);
/// `log`: where it is noted what is asked of the keys.
compiler::CompileOptions read_compiler(json::Document document, const std::vector<Setting>& settings,
                                       Problems& problems, json::KeyLog* log = nullptr);

/// All options with plain values, as a compiler file has them: what a point's identity is hashed from.
json::Value canonical_json(const compiler::CompileOptions& options);

/// What each option means, by its key without "compiler.".
std::map<std::string, std::string> compiler_meanings();

}  // namespace infsim::flow
