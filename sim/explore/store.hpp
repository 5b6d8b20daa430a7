// The results of a sweep's points. A point is finished when its record exists; records appear atomically.
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
    std::string layers_csv;             ///< empty if nothing ran; not loaded, see layers_of
    std::string timing_cells;           ///< wall-clock columns of its line in timing.csv
    std::optional<std::int64_t> limit;  ///< the limit it exceeded: picoseconds or bytes, by the status
};

/// The stored layers of a point in `folder`, as CSV; empty if nothing ran.
std::string layers_of(const std::string& folder, const std::string& id);

/// Whether `folder` has a record of that point, with any status; for callers that do not write there.
bool is_stored(const std::string& folder, const std::string& id);

/// DIR/points/ID/. Points that this sweep does not need are in DIR/set_aside/ID/ and come back when a sweep needs them.
class Store {
public:
    /// Makes the folder and locks it, see ResultFolder.
    explicit Store(const std::string& folder);
    /// Leaves no folder if nothing was stored.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// A point finished earlier: of this record version, and ok, infeasible, or given up under a limit not below the
    /// current one. Failed points and files damaged by a power failure are run again.
    std::optional<StoredPoint> load(const std::string& id, const PointLimits& limits = {});
    /// Writes the record last; each file first gets a temporary name.
    void save(const StoredPoint& point);
    /// Writes DIR/`name` atomically.
    void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }
    /// Sets aside the points that were neither loaded nor saved; returns how many.
    std::size_t set_others_aside();

private:
    std::string point_folder(const std::string& id) const { return folder_.path() + "/points/" + id + "/"; }
    std::optional<StoredPoint> read(const std::string& id, const PointLimits& limits) const;

    ResultFolder folder_;
    std::unordered_set<std::string> there_, aside_, asked_;  ///< ids in points/, in set_aside/, and of this sweep
};

}  // namespace infsim::explore
