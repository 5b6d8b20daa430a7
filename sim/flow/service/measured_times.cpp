#include "flow/service/measured_times.hpp"

#include <filesystem>

#include "base/check.hpp"
#include "base/text.hpp"
#include "serving/contention.hpp"

namespace infsim::flow {

namespace fs = std::filesystem;

std::optional<ServiceTable> ServiceStore::load(const std::string& id) const {
    Problems damaged;
    const std::string path = folder_ + "/" + id + ".json";
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return std::nullopt;
    const auto document = json::parse_file(path, damaged);
    return document ? service_table_from_json(*document, damaged) : std::nullopt;
}

void ServiceStore::save(const std::string& id, const ServiceTable& table) const {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) throw InputError(folder_, "", "cannot make this folder: " + error.message());
    write_file_atomic(folder_ + "/" + id + ".json", json::dump(to_json(table)) + "\n");
}

ServiceTables::ServiceTables(std::vector<ServedProgram> programs, int channels, int cores, ServiceStore store,
                             Measure measure)
    : programs_(std::move(programs)),
      channels_(channels),
      cores_(cores),
      store_(std::move(store)),
      measure_(std::move(measure)),
      tables_(programs_.size()) {}

void ServiceTables::add(std::size_t program, const ServiceTable& more) {
    merge(tables_[program], more);
    store_.save(programs_[program].id, tables_[program]);
}

std::vector<serving::CoreSet> ServiceTables::missing(std::size_t program) const {
    const auto& known = tables_[program].services;
    std::vector<serving::CoreSet> sets;
    const auto telling =
        cores_ <= kMostCoresBeforehand ? serving::telling_sets(channels_, cores_) : std::vector<serving::CoreSet>{1};
    for (const serving::CoreSet busy : telling)
        for (const int core : serving::cores_of(busy))
            if (known.count(contention_pattern(channels_, core, busy)) == 0) {
                sets.push_back(busy);
                break;
            }
    return sets;
}

void ServiceTables::prepare() {
    std::vector<std::size_t> programs;
    std::vector<MeasureJob> jobs;
    for (std::size_t p = 0; p < programs_.size(); ++p) {
        if (auto known = store_.load(programs_[p].id)) tables_[p] = std::move(*known);
        if (!tables_[p].fits) continue;
        auto sets = missing(p);
        if (sets.empty()) continue;
        programs.push_back(p);
        jobs.push_back({programs_[p].request, std::move(sets)});
    }
    if (jobs.empty()) return;
    const auto measured = measure_(jobs);
    INFSIM_CHECK(measured.size() == jobs.size(), "a measurement is missing");
    for (std::size_t i = 0; i < jobs.size(); ++i) add(programs[i], measured[i]);
}

const ServiceTable::Service& ServiceTables::service(std::size_t program, int core, serving::CoreSet busy) {
    const std::string pattern = contention_pattern(channels_, core, busy);
    const auto found = tables_[program].services.find(pattern);
    if (found != tables_[program].services.end()) return found->second;
    // Another process may have measured it meanwhile.
    if (auto stored = store_.load(programs_[program].id)) merge(tables_[program], *stored);
    if (tables_[program].services.count(pattern) == 0)
        add(program, measure_({{programs_[program].request, {busy}}}).front());
    return tables_[program].services.at(pattern);
}

}  // namespace infsim::flow
