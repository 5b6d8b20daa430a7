#include "base/json_reader.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

namespace infsim::record {

json::Object to_object(const RunRecord& record) {
    json::Object object;
    object.set("record_version", kRecordVersion);
    add_values(object, columns(), record);
    return object;
}

std::string to_json(const RunRecord& record) { return json::dump(to_object(record), 0); }

RunRecord from_json(std::string_view text, const std::string& file) {
    Problems problems;
    const auto document = json::parse_text(text, file, problems);
    problems.throw_if_any();
    json::ObjectReader reader(json::Cursor(*document, problems));
    const auto version = reader.integer("record_version");
    if (version != kRecordVersion && reader.has("record_version"))
        reader.problem("record_version",
                       "is " + std::to_string(version) + ", this program writes " + std::to_string(kRecordVersion));
    RunRecord record;
    read_values(reader, columns(), record);
    reader.finish();
    problems.throw_if_any();
    return record;
}

}  // namespace infsim::record
