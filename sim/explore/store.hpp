// The results of a sweep's points. A point is finished when its record is there, and it appears there whole.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "explore/point_limits.hpp"
#include "explore/result_folder.hpp"
#include "record/record.hpp"

namespace infsim::explore {

/// What is kept of one point.
struct StoredPoint {
    record::RunRecord record;
    std::string layers_csv;             ///< empty where nothing ran; not loaded, see layers_of
    std::string timing_cells;           ///< wall-clock columns of its line in timing.csv
    std::optional<std::int64_t> limit;  ///< under which it was given up: picoseconds or bytes, by the status
};

/// What is kept of a point's layers in the results of `folder`, as CSV; empty where nothing ran.
std::string layers_of(const std::string& folder, const std::string& id);

/// Whether the results of `folder` have a record of that point, whatever it says; for who does not write there.
bool is_stored(const std::string& folder, const std::string& id);

/// DIR/points/ID/. Points that this sweep does not ask for lie in DIR/set_aside/ID/ and come back when one does.
class Store {
public:
    /// Makes the folder and locks it, see ResultFolder.
    explicit Store(const std::string& folder);
    /// Leaves no folder behind where nothing was stored.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// A point finished earlier: of this record version, ok or infeasible, or given up under a limit that is no lower
    /// now. Failed points and what a loss of power has torn are run again.
    std::optional<StoredPoint> load(const std::string& id, const PointLimits& limits = {});
    /// Writes the record last, each file under a temporary name first.
    void save(const StoredPoint& point);
    /// Writes DIR/`name` in one step.
    void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }
    /// Sets aside the points that nobody loaded or saved; returns how many.
    std::size_t set_others_aside();

private:
    std::string point_folder(const std::string& id) const { return folder_.path() + "/points/" + id + "/"; }
    std::optional<StoredPoint> read(const std::string& id, const PointLimits& limits) const;

    ResultFolder folder_;
    std::unordered_set<std::string> there_, aside_, asked_;  ///< ids in points/, in set_aside/, and of this sweep
};

}  // namespace infsim::explore
