// Prices of chips, from configs/prices.json or from the user. Only columns of cost depend on them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::flow {

/// The price of an instance per hour.
struct Price {
    std::string id;  ///< its name for users: "inf1.xlarge-on-demand"
    std::string instance;
    int chips = 1;  ///< of the instance, sharing its price
    std::string region, terms;
    double usd_per_hour = 0;
    std::string date;  ///< YYYY, YYYY-MM, YYYY-MM-DD, or "unknown"
    std::string source;
};

struct PriceList {
    std::vector<Price> prices;
    std::map<std::string, std::string> defaults;  ///< name of a chip -> id of its default price
};

/// Reads a list strictly. Empty if anything was added to `problems`: unknown, missing and wrong members, a duplicate
/// id, a default that names no price.
std::optional<PriceList> read_prices(const json::Document& document, Problems& problems);

/// The user's choice of a price; at most one of the two.
struct PriceChoice {
    std::string id;                      ///< of the list, for every chip
    std::optional<double> usd_per_hour;  ///< of a chip, for every chip
};

/// The price of a chip, with its origin.
struct PriceTag {
    double usd_per_chip_hour = 0;
    std::string words;  ///< the id in the list, which has terms, date and source, or "as given"
};

/// The prices that apply in a command. A chip in neither member has no price.
struct Prices {
    std::map<std::string, PriceTag> by_chip;
    std::optional<PriceTag> of_any;
};
std::optional<PriceTag> price_of(const Prices& prices, const std::string& chip);

/// The default prices of the list, or the price that the choice names; an unknown id is a problem.
Prices chosen(const PriceList& list, const std::string& id, Problems& problems);

/// The prices of configs/prices.json, which is not read if the choice gives USD per hour. Adds problems of the file and
/// of the choice, at the options --price and --price-per-hour.
Prices load_prices(const PriceChoice& choice, Problems& problems);

}  // namespace infsim::flow
