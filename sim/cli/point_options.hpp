// The options that name a point, shared by every subcommand that works on one.
#pragma once

#include "cli/command.hpp"
#include "flow/point/point.hpp"
#include "flow/run/prices.hpp"

namespace infsim::cli {

/// --batch (not if a command searches for batches itself), --dtype, --io-dtype, --chip, --compiler, --set.
po::options_description point_group(bool with_batch = true);
/// --dim, --input.
po::options_description extents_group();
/// Our compiler switches: --batching, --no-batching, ..., --state-buffer-budget.
po::options_description compiler_group();
/// The same in the spelling of AWS's Neuron compiler: --batching_en, --sb_size, ... Our switches override them.
po::options_description neuron_group();
/// Flags of Neuron's scheduler that are refused by name.
po::options_description refused_group();
/// --cores, --workers, --seed, --offset-sets.
po::options_description load_group();

/// --price, --price-per-hour.
po::options_description price_group();
/// The prices that these options choose. Throws InputError for a wrong list or option.
flow::Prices prices_of(const po::variables_map& values);

/// The request from options of these groups and the positional MODEL. Throws InputError with all problems.
flow::PointRequest request_of(const po::variables_map& values);

/// Resolves, or throws InputError with all problems. Notices of readers go to the console.
flow::Point point_of(const flow::PointRequest& request, Console& console);

/// The extents from --dim and --input. Adds problems.
flow::Extents extents_of(const po::variables_map& values, Problems& problems);

/// The settings from all of these and --set. Later ones override: Neuron's flags, our switches, --set. Adds problems.
std::vector<flow::Setting> settings_of(const po::variables_map& values, Problems& problems);

}  // namespace infsim::cli
