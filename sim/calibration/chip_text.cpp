#include "calibration/chip_text.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/text.hpp"

namespace infsim::calibration {

namespace {

/// The object at a dotted path.
json::Value& entry_at(json::Value& document, const std::string& path) {
    json::Value* at = &document;
    for (const std::string& part : split(path, '.')) {
        json::Value* member = at->is_object() ? at->as_object().find(part) : nullptr;
        INFSIM_CHECK(member != nullptr, "no " + path + " in the chip");
        at = member;
    }
    return *at;
}

/// Objects of a number and its source on one line.
void write(const json::Value& value, int depth, std::string& out) {
    const bool is_number = value.is_object() && value.as_object().find("grade") != nullptr;
    if (!value.is_object() || is_number) {
        if (!is_number) {
            out += json::dump(value, 0);
            return;
        }
        out += "{";
        const char* between = "";
        for (const auto& [key, member] : value.as_object()) {
            out += between + json::dump(json::Value(key), 0) + ": " + json::dump(member, 0);
            between = ", ";
        }
        out += "}";
        return;
    }
    const std::string indent(static_cast<std::size_t>(2 * depth + 2), ' ');
    out += "{\n";
    const char* between = "";
    for (const auto& [key, member] : value.as_object()) {
        out += between + indent + json::dump(json::Value(key), 0) + ": ";
        write(member, depth + 1, out);
        between = ",\n";
    }
    out += "\n" + indent.substr(2) + "}";
}

}  // namespace

std::string chip_text(const json::Value& document, const std::string& name, const FreeConstants& free,
                      const Values& values, const std::string& fitted_to) {
    json::Value chip = document;
    chip.as_object().set("name", name);
    for (std::size_t c = 0; c < free.constants.size(); ++c) {
        const FreeConstant& constant = free.constants[c];
        const json::Value value = constant.unit.empty() ? json::Value(std::stod(constant.text(values[c])))
                                                        : json::Value(constant.text(values[c]));
        for (const std::string& key : constant.keys)
            entry_at(chip, key) = json::Object{
                {"value", value}, {"grade", "UNK, fitted"}, {"source", constant.why + "; fitted to " + fitted_to}};
    }
    std::string out;
    write(chip, 0, out);
    return out + "\n";
}

}  // namespace infsim::calibration
