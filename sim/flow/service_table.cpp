#include "flow/service_table.hpp"

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace infsim::flow {

std::string contention_pattern(int channels, int core, serving::CoreSet busy) {
    std::vector<int> counts(static_cast<std::size_t>(channels), 0);
    for (int c = 0; c < serving::kMaxCoresPerChip; ++c)
        if ((busy >> c & 1U) != 0) ++counts[static_cast<std::size_t>(((c - core) % channels + channels) % channels)];
    std::vector<std::string> parts;
    for (int n : counts) parts.push_back(std::to_string(n));
    return join(parts, ",");
}

json::Value to_json(const ServiceTable& t) {
    json::Array regions;
    for (std::int64_t bytes : t.region_bytes) regions.emplace_back(bytes);
    json::Object services;
    for (const auto& [pattern, time] : t.services) services.set(pattern, time.count());
    return json::Object{{"fits", t.fits},
                        {"reason", t.reason},
                        {"region_bytes", std::move(regions)},
                        {"input_fixed_ps", t.transfers.input_fixed.count()},
                        {"input_wire_ps", t.transfers.input_wire.count()},
                        {"output_fixed_ps", t.transfers.output_fixed.count()},
                        {"output_wire_ps", t.transfers.output_wire.count()},
                        {"service_ps", std::move(services)}};
}

std::optional<ServiceTable> service_table_from_json(const json::Document& document, Problems& problems) {
    Problems found;
    ServiceTable t;
    json::ObjectReader reader(json::Cursor(document, found));
    const auto time = [&](const char* key) { return Duration{reader.integer(key, 0)}; };
    t.fits = reader.boolean("fits");
    t.reason = reader.string("reason");
    for (const json::Cursor& bytes : reader.array("region_bytes"))
        t.region_bytes.push_back(bytes.integer(0, json::max_int).value_or(0));
    t.transfers = {time("input_fixed_ps"), time("input_wire_ps"), time("output_fixed_ps"), time("output_wire_ps")};
    if (const auto services = reader.required("service_ps"); services && services->is_object())
        for (const auto& [pattern, value] : services->value().as_object())
            if (const auto ps = services->member(pattern, value).integer(1, json::max_int))
                t.services[pattern] = Duration{*ps};
    reader.finish();
    for (const Problem& p : found.list()) problems.add(p);
    return found.empty() ? std::optional{std::move(t)} : std::nullopt;
}

void merge(ServiceTable& table, const ServiceTable& more) {
    auto services = std::move(table.services);
    table = more;
    table.services.insert(services.begin(), services.end());
}

}  // namespace infsim::flow
