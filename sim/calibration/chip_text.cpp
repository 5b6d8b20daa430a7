#include "calibration/chip_text.hpp"

namespace infsim::calibration {

namespace {

void write(const json::Value& value, std::size_t depth, std::string& out) {
    if (!value.is_object()) {
        out += json::dump(value, 0);
        return;
    }
    const bool one_line = value.as_object().find("grade") != nullptr;
    const auto line = [&](std::size_t indent) { return one_line ? "" : "\n" + std::string(2 * indent, ' '); };
    const char* between = "{";
    for (const auto& [key, member] : value.as_object()) {
        out += between + line(depth + 1) + json::dump(json::Value(key), 0) + ": ";
        write(member, depth + 1, out);
        between = one_line ? ", " : ",";
    }
    out += line(depth) + "}";
}

}  // namespace

std::vector<std::pair<std::string, json::Value>> fitted_entries(const FreeConstants& free, const Values& values,
                                                                const std::string& fitted_to) {
    std::vector<std::pair<std::string, json::Value>> entries;
    for (std::size_t c = 0; c < free.constants.size(); ++c) {
        const FreeConstant& constant = free.constants[c];
        for (const std::string& key : constant.keys)
            entries.emplace_back(key, json::Object{{"value", constant.value(values[c])},
                                                   {"grade", "UNK, fitted"},
                                                   {"source", constant.why + "; fitted to " + fitted_to}});
    }
    return entries;
}

std::string chip_text(const json::Value& chip) {
    std::string out;
    write(chip, 0, out);
    return out + "\n";
}

}  // namespace infsim::calibration
