// Prices of chips: data (configs/prices.json), or what a user says. No result but columns of cost depends on them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::flow {

/// What an hour of an instance costs.
struct Price {
    std::string id;  ///< by which a user names it: "inf1.xlarge-on-demand"
    std::string instance;
    int chips = 1;  ///< of the instance, which share its price
    std::string region, terms;
    double usd_per_hour = 0;
    std::string date;  ///< YYYY, YYYY-MM, YYYY-MM-DD, or "unknown"
    std::string source;
};

struct PriceList {
    std::vector<Price> prices;
    std::map<std::string, std::string> defaults;  ///< name of a chip -> id of its price where nobody names one
};

/// Reads a list strictly. Empty if anything was added to `problems`: unknown, missing and wrong members, an id that
/// occurs twice, a default that names no price.
std::optional<PriceList> read_prices(const json::Document& document, Problems& problems);

/// What a user says of prices; at most one of the two.
struct PriceChoice {
    std::string id;                      ///< of the list, for every chip
    std::optional<double> usd_per_hour;  ///< of a chip, for every chip
};

/// The price of a chip with words that say whose it is.
struct PriceTag {
    double usd_per_chip_hour = 0;
    std::string words;  ///< the id in the list, where terms, date and source stand, or "as given"
};

/// The prices that hold in a command. A chip of neither has none.
struct Prices {
    std::map<std::string, PriceTag> by_chip;
    std::optional<PriceTag> of_any;
};
std::optional<PriceTag> price_of(const Prices& prices, const std::string& chip);

/// The default prices of the list, or the one of it that the choice names; an id that it does not have is a problem.
Prices chosen(const PriceList& list, const std::string& id, Problems& problems);

/// The prices of configs/prices.json, which is not read where the choice says all. Adds problems of the file and of the
/// choice, at the options --price and --price-per-hour.
Prices load_prices(const PriceChoice& choice, Problems& problems);

}  // namespace infsim::flow
