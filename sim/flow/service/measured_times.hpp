// Service times, measured when first needed, and stored.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flow/service/service_table.hpp"

namespace infsim::flow {

/// A measurement: a point (its cores, workers and seed do not matter), and sets of cores that are busy together.
struct MeasureJob {
    PointRequest request;
    std::vector<serving::CoreSet> busy{1};
};
/// Measures jobs, in processes of their own because SystemC elaborates once per process; one table per job.
using Measure = std::function<std::vector<ServiceTable>(const std::vector<MeasureJob>&)>;

/// One file per program, DIR/ID.json, where ID is the identity of its point, which includes all that determines times.
class ServiceStore {
public:
    /// The folder is made when the first table is saved.
    explicit ServiceStore(std::string folder) : folder_(std::move(folder)) {}
    /// The stored table of the program; empty if there is none or its file is damaged.
    std::optional<ServiceTable> load(const std::string& id) const;
    void save(const std::string& id, const ServiceTable& table) const;
    const std::string& folder() const { return folder_; }

private:
    std::string folder_;
};

/// A compiled size of a served model: its request and its identity.
struct ServedProgram {
    PointRequest request;
    std::string id;
    int batch = 1;
};

constexpr int kMostCoresBeforehand = 4;

/// The tables of programs that a server may hold. Shared by all runs on them.
class ServiceTables {
public:
    /// `channels` and `cores` of a chip.
    ServiceTables(std::vector<ServedProgram> programs, int channels, int cores, ServiceStore store, Measure measure);

    /// Finds for every program whether it fits, its transfers and its times. Measures all missing data together, one
    /// job per program. On chips of more than kMostCoresBeforehand cores, times with other busy cores are measured on
    /// demand.
    void prepare();
    const ServiceTable& table(std::size_t program) const { return tables_[program]; }
    const std::vector<ServedProgram>& programs() const { return programs_; }
    int channels() const { return channels_; }
    const ServiceTable::Service& service(std::size_t program, int core, serving::CoreSet busy);

private:
    void add(std::size_t program, const ServiceTable& more);
    std::vector<serving::CoreSet> missing(std::size_t program) const;

    std::vector<ServedProgram> programs_;
    int channels_, cores_;
    ServiceStore store_;
    Measure measure_;
    std::vector<ServiceTable> tables_;
};

/// The view of a server that holds some of the programs: index p of the server is `held[p]` of the tables.
class MeasuredTimes final : public serving::ServiceTimes {
public:
    MeasuredTimes(ServiceTables& tables, std::vector<std::size_t> held) : tables_(tables), held_(std::move(held)) {}
    Duration service(int program, int core, serving::CoreSet busy) override {
        return tables_.service(held_[static_cast<std::size_t>(program)], core, busy).time;
    }
    double factor(int program, int core, serving::CoreSet busy) override {
        return tables_.service(held_[static_cast<std::size_t>(program)], core, busy).factor;
    }
    serving::Transfers transfers(int program) override {
        return tables_.table(held_[static_cast<std::size_t>(program)]).transfers;
    }
    serving::Course course(int program) override {
        return tables_.table(held_[static_cast<std::size_t>(program)]).course;
    }
    int channels() override { return tables_.channels(); }

private:
    ServiceTables& tables_;
    std::vector<std::size_t> held_;
};

}  // namespace infsim::flow
