#include "base/text.hpp"
#include "report/sections.hpp"
#include "report/words.hpp"

namespace infsim::report {

namespace {

struct Kind {
    const char *key, *name;
};
constexpr Kind kKinds[] = {{"resident", "fits without spilling, every layer on the whole batch"},
                           {"sub_batched", "fits without spilling, parts of the network on some of the images"},
                           {"any", "fits at all, as the compiler profile compiles"},
                           {"best_throughput", "has the best throughput"},
                           {"latency", "meets the latency"}};

std::string batch_text(const json::Object& limit) {
    const auto batch = number_in(limit, "batch").value_or(0);
    const json::Value* open = limit.find("open");
    if (batch == 0) return "none";
    return "B=" + rounded(batch) + (open && open->is_bool() && open->as_bool() ? " or more" : "");
}

std::string why_text(const json::Object& limit) {
    const json::Object* c = object_in(limit, "certificate");
    if (!c) return "the search ended there";
    return "B=" + rounded(number_in(*c, "batch")) + ": " + text_in(*c, "resource") + " " +
           rounded(number_in(*c, "demand")) + " of " + rounded(number_in(*c, "capacity")) + " " + text_in(*c, "unit");
}

/// Every limit that was searched for, with a line about it.
json::Array rows_of(const json::Object& limits) {
    json::Array rows;
    for (const Kind& kind : kKinds) {
        const json::Object* limit = object_in(limits, kind.key);
        if (!limit) continue;
        rows.push_back(json::Object{{"key", kind.key},
                                    {"name", kind.name},
                                    {"text", batch_text(*limit)},
                                    {"why", why_text(*limit)},
                                    {"limit", *limit}});
    }
    return rows;
}

TextTable table_of(const json::Object& limits) {
    TextTable table;
    table.columns = {{"limit", "", "which limit", true},
                     {"batch", "", "the largest batch; 0: none", false},
                     {"open", "", "true where the search ended there", false},
                     {"refused_batch", "", "the batch that is refused or worse", false},
                     {"resource", "", "what is insufficient there", false},
                     {"demand", "", "how much of it is needed", false},
                     {"capacity", "", "how much of it is available", false},
                     {"unit", "", "unit of both", false},
                     {"layer", "", "the layer at which it is insufficient", false},
                     {"throughput_avg", "items/s", "items per second in the long run", false},
                     {"latency_ms_p99", "ms", "99th percentile", false},
                     {"reason", "", "in a sentence", false}};
    for (const Kind& kind : kKinds) {
        const json::Object* limit = object_in(limits, kind.key);
        if (!limit) continue;
        const json::Object none, *c = object_in(*limit, "certificate");
        const json::Object& certificate = c ? *c : none;
        const auto number = [](const json::Object& o, const char* key) {
            const auto x = number_in(o, key);
            return x ? number_text(*x) : "";
        };
        const json::Value* open = limit->find("open");
        table.rows.push_back(
            {kind.key, number(*limit, "batch"), open ? json::dump(*open, 0) : "", number(certificate, "batch"),
             text_in(certificate, "resource"), number(certificate, "demand"), number(certificate, "capacity"),
             text_in(certificate, "unit"), text_in(certificate, "layer"), number(*limit, "throughput_avg"),
             number(*limit, "latency_ms_p99"), headline(text_in(certificate, "text"))});
    }
    return table;
}

std::string fits_sentence(const json::Object& limits) {
    const json::Object *any = object_in(limits, "any"), *resident = object_in(limits, "resident");
    if (!any) return "The largest batch that fits was not searched for.";
    std::string text = "Largest batch that fits at all: " + batch_text(*any);
    if (resident) text += "; without spilling and with every layer on the whole batch: " + batch_text(*resident);
    return text + ".";
}

std::string refusal_sentence(const json::Object& limits) {
    for (const char* key : {"any", "resident"})
        if (const json::Object* limit = object_in(limits, key))
            if (const json::Object* c = object_in(*limit, "certificate"))
                return "Why not one more: at B=" + rounded(number_in(*c, "batch")) + " " +
                       headline(text_in(*c, "text")) + ".";
    return "Why not one more: the search ended before anything was refused.";
}

std::string best_sentence(const json::Object& limits) {
    const json::Object* best = object_in(limits, "best_throughput");
    if (!best) return "The best throughput was not searched for (--compile-only).";
    std::string text = "Best throughput: " + batch_text(*best) + " with " +
                       rounded(number_in(*best, "throughput_avg")) + " items/s at " +
                       rounded(number_in(*best, "latency_ms_p99")) + " ms (p99)";
    if (const json::Object* latency = object_in(limits, "latency"))
        text += "; the requested latency is met up to " + batch_text(*latency);
    return text + ".";
}

}  // namespace

json::Object limits_section(const LimitsSource& source) {
    const json::Object& limits = *object_in(source.result, "limits");
    const TextTable table = table_of(limits);
    json::Array rows, notes;
    for (std::size_t i = 0; i < table.rows.size(); ++i) rows.emplace_back(static_cast<std::int64_t>(i));
    if (const json::Object* any = object_in(limits, "any"); any && number_in(*any, "batch").value_or(0) == 0)
        notes.emplace_back("Not even one image fits: there is no batch to draw, only the reason why not.");
    if (const std::string note = text_in(source.result, "note"); !note.empty()) notes.emplace_back(sentence(note));
    json::Object group{
        {"label", ""},
        {"rows", std::move(rows)},
        {"sentences", json::Array{fits_sentence(limits), refusal_sentence(limits), best_sentence(limits)}}};
    json::Object section{{"kind", "limits"},
                         {"notes", std::move(notes)},
                         {"along", "limit"},
                         {"axes", json::Array{}},
                         {"groups", json::Array{std::move(group)}},
                         {"table", to_json(table)},
                         {"limits", rows_of(limits)}};
    for (const char* key : {"model", "chip", "compiler", "dtype", "io_dtype", "max_batch"})
        if (const json::Value* value = source.result.find(key)) section.set(key, *value);
    return section;
}

}  // namespace infsim::report
