// The folder of a sweep's results. A point is finished when its record is there, and it appears there whole.
#pragma once

#include <optional>
#include <string>

#include "record/record.hpp"

namespace infsim::explore {

/// What is kept of one point.
struct StoredPoint {
    record::RunRecord record;
    std::string layers_csv;    ///< empty where nothing ran; not loaded, see layers_of
    std::string timing_cells;  ///< wall-clock columns of its line in timing.csv
};

/// What is kept of a point's layers in the results of `folder`, as CSV; empty where nothing ran.
std::string layers_of(const std::string& folder, const std::string& id);

class Store {
public:
    /// Makes the folder. Throws InputError where that is not possible.
    explicit Store(std::string folder);

    const std::string& folder() const { return folder_; }
    std::string layers_path(const std::string& id) const;

    /// A point finished earlier: of this record version, ok or infeasible. Failed and damaged ones are run
    /// again.
    std::optional<StoredPoint> load(const std::string& id) const;
    /// Writes the record last, each file under a temporary name first.
    void save(const StoredPoint& point) const;
    /// Writes DIR/`name` in one step.
    void write(const std::string& name, const std::string& text) const;
    /// Removes what the constructor made, if nothing was stored since.
    void remove_if_empty() const;

private:
    std::string folder_;
    bool made_folder_ = false;
};

}  // namespace infsim::explore
