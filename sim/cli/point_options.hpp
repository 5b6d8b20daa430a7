// The options that name a point, shared by every subcommand that works on one.
#pragma once

#include "cli/command.hpp"
#include "flow/point/point.hpp"
#include "flow/run/prices.hpp"

namespace infsim::cli {

/// --batch (not where a command looks for batches itself), --dtype, --io-dtype, --chip, --compiler, --set.
po::options_description point_group(bool with_batch = true);
/// --dim, --input.
po::options_description extents_group();
/// Our switches of the compiler: --batching, --no-batching, ..., --state-buffer-budget.
po::options_description compiler_group();
/// The same in the spelling of AWS's Neuron compiler: --batching_en, --sb_size, ... Ours win over them.
po::options_description neuron_group();
/// Flags of Neuron's scheduler that are refused by name.
po::options_description refused_group();
/// --cores, --workers, --seed, --offset-sets.
po::options_description load_group();

/// --price, --price-per-hour.
po::options_description price_group();
/// The prices that hold with them. Throws InputError for a list or an option that is wrong.
flow::Prices prices_of(const po::variables_map& values);

/// The request that options of these groups and the positional MODEL make. Throws InputError with all that is
/// wrong.
flow::PointRequest request_of(const po::variables_map& values);

/// Resolves or throws InputError with everything that is wrong. What readers have to say is noted on the console.
flow::Point point_of(const flow::PointRequest& request, Console& console);

/// What --dim and --input say. Problems are added.
flow::Extents extents_of(const po::variables_map& values, Problems& problems);

/// What all of these and --set say, the later winning: Neuron's flags, our switches, --set. Problems are added.
std::vector<flow::Setting> settings_of(const po::variables_map& values, Problems& problems);

}  // namespace infsim::cli
