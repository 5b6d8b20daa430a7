#include "report/page.hpp"

#include "base/check.hpp"
#include "report/sections.hpp"

namespace infsim::report {

namespace {

/// The place for the data in the built page.
constexpr std::string_view kPlace = "<!-- data -->";

struct SectionOf {
    json::Object operator()(const SweepSource& s) const { return sweep_section(s); }
    json::Object operator()(const ServingSource& s) const { return serving_section(s); }
    json::Object operator()(const SearchSource& s) const { return search_section(s); }
    json::Object operator()(const LimitsSource& s) const { return limits_section(s); }
    json::Object operator()(const EmptySource&) const {
        return {{"kind", "empty"},
                {"notes", json::Array{"Nothing has been computed there yet: the folder is empty, or its sweep was "
                                      "stopped before the first point was finished."}}};
    }
};

/// JSON in which no HTML parser finds the end of its element.
std::string in_html(const std::string& text) {
    std::string safe;
    safe.reserve(text.size() + text.size() / 50);
    for (const char c : text) {
        if (c == '<') safe += "\\u003c";
        else safe += c;
    }
    return safe;
}

}  // namespace

json::Object section_of(const Source& source) {
    json::Object section = std::visit(SectionOf{}, source.content);
    section.set("name", source.name);
    section.set("path", source.path);
    if (!source.question.empty()) section.set("question", source.question);
    return section;
}

std::string make_page(const std::string& page, const std::vector<Source>& sources, const std::string& version) {
    const std::size_t place = page.find(kPlace);
    INFSIM_CHECK(place != std::string::npos, "the built page has no place for the data");
    std::vector<json::Object> sections;
    std::size_t size = page.size() + 1000;
    for (const Source& source : sources) {
        sections.push_back(section_of(source));
        size += json::dump(sections.back(), 0).size();
    }
    std::size_t budget = size < kMostPageBytes ? kMostPageBytes - size : 0;
    json::Array all;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        budget = add_layers(sections[i], sources[i], budget);
        all.emplace_back(std::move(sections[i]));
    }
    const std::string data = in_html(json::dump(json::Object{{"version", version}, {"sections", std::move(all)}}, 0));
    return page.substr(0, place) + "<script type=\"application/json\" id=\"data\">" + data + "</script>" +
           page.substr(place + kPlace.size());
}

}  // namespace infsim::report
