#include "flow/service/service_table.hpp"

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "serving/calibrate.hpp"
#include "serving/contention.hpp"

namespace infsim::flow {

std::string contention_pattern(int channels, int core, serving::CoreSet busy) {
    std::vector<std::string> parts;
    for (int n : serving::crowd(channels, core, busy)) parts.push_back(std::to_string(n));
    return join(parts, ",");
}

json::Value to_json(const ServiceTable& t) {
    json::Array regions;
    for (std::int64_t bytes : t.region_bytes) regions.emplace_back(bytes);
    const auto shares = [](const serving::Shares& all) {
        json::Array array;
        for (double share : all) array.emplace_back(share);
        return array;
    };
    json::Array pieces;
    for (const serving::Piece& piece : t.course.pieces)
        pieces.push_back(json::Object{{"work_ps", piece.work.count()},
                                      {"available_ps", piece.available.count()},
                                      {"needed_ps", piece.needed.count()},
                                      {"share", shares(piece.share)},
                                      {"delay", shares(piece.delay)}});
    json::Object services;
    for (const auto& [pattern, s] : t.services)
        services.set(pattern, json::Object{{"service_ps", s.time.count()}, {"factor", s.factor}});
    return json::Object{{"fits", t.fits},
                        {"reason", t.reason},
                        {"region_bytes", std::move(regions)},
                        {"input_fixed_ps", t.transfers.input_fixed.count()},
                        {"input_wire_ps", t.transfers.input_wire.count()},
                        {"output_fixed_ps", t.transfers.output_fixed.count()},
                        {"output_wire_ps", t.transfers.output_wire.count()},
                        {"input_share", shares(t.transfers.input_share)},
                        {"output_share", shares(t.transfers.output_share)},
                        {"computation_ps", t.course.computation.count()},
                        {"pieces", std::move(pieces)},
                        {"services", std::move(services)}};
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
    const auto shares = [&](json::ObjectReader& of, const char* key) {
        serving::Shares all;
        for (const json::Cursor& share : of.array(key)) all.push_back(share.number(0, 1).value_or(0));
        if (!all.empty() && all.size() != t.region_bytes.size())
            of.problem(key, "must have an entry for every channel");
        return all;
    };
    t.transfers = {time("input_fixed_ps"), time("input_wire_ps"),         time("output_fixed_ps"),
                   time("output_wire_ps"), shares(reader, "input_share"), shares(reader, "output_share")};
    t.course.computation = time("computation_ps");
    for (const json::Cursor& element : reader.array("pieces")) {
        json::ObjectReader piece(element);
        const auto of_piece = [&](const char* key) { return Duration{piece.integer(key, 0)}; };
        t.course.pieces.push_back({of_piece("work_ps"), of_piece("available_ps"), of_piece("needed_ps"),
                                   shares(piece, "share"), shares(piece, "delay")});
        piece.finish();
    }
    if (const auto services = reader.required("services"); services && services->is_object())
        for (const auto& [pattern, value] : services->value().as_object()) {
            json::ObjectReader service(services->member(pattern, value));
            t.services[pattern].time = Duration{service.integer("service_ps", 1)};
            t.services[pattern].factor = service.number("factor", 0, serving::kMostFactor);
            service.finish();
        }
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
