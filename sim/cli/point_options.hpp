// The options that name a point, shared by every subcommand that works on one.
#pragma once

#include "cli/command.hpp"
#include "flow/point.hpp"

namespace infsim::cli {

/// --batch, --dtype, --io-dtype, --chip, --compiler, --set.
po::options_description point_group();
/// --cores, --workers, --seed, --offset-sets.
po::options_description load_group();

/// The request that options of these groups and the positional MODEL make. Throws InputError with all that is
/// wrong.
flow::PointRequest request_of(const po::variables_map& values);

/// Resolves or throws InputError with everything that is wrong.
flow::Point point_of(const flow::PointRequest& request);

/// The settings of all --set options; problems are added.
std::vector<flow::Setting> settings_of(const po::variables_map& values, Problems& problems);

}  // namespace infsim::cli
