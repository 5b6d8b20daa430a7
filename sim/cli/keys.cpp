#include "cli/keys.hpp"

#include <algorithm>
#include <cctype>

#include "base/check.hpp"
#include "base/text.hpp"
#include "cli/table.hpp"
#include "compiler/pass_names.hpp"
#include "explore/sweep_file.hpp"
#include "flow/point/compiler_file.hpp"
#include "flow/point/paths.hpp"
#include "hw/load.hpp"
#include "serving/scenario.hpp"

namespace infsim::cli {

namespace {

using json::AskedKey;
using json::KeyLog;
using json::Override;

json::Document parsed(const char* text) {
    Problems problems;
    auto document = json::parse_text(text, "manual", problems);
    problems.throw_if_any();
    return std::move(*document);
}

/// Optional values of a chip, set so that the reader asks for them.
void ask_chip(KeyLog& log, const std::string& chip, const std::vector<Override>& overrides) {
    Problems problems;
    const auto path = flow::chip_path(chip, problems);
    auto document = path ? hw::chip_document(*path, {}, problems) : std::nullopt;
    problems.throw_if_any();
    hw::read_chip(std::move(*document), overrides, problems, &log);
    problems.throw_if_any();
}

void ask_chips(KeyLog& log) {
    ask_chip(log, "inferentia1",
             {{"act.lanes", 64, "", ""},
              {"act.elements_32bit", 1, "", ""},
              {"act.elements_16bit", 1, "", ""},
              {"pool.lanes", 64, "", ""},
              {"pool.elements_32bit", 1, "", ""},
              {"pool.elements_16bit", 1, "", ""},
              {"psum.shared_port", true, "", ""},
              {"host.item_overhead", "1us", "", ""},
              {"host.copy_bandwidth", "1GB/s", "", ""},
              {"host.threads", 4, "", ""}});
    const json::Object half{{"bytes", "512B"}, {"efficiency", 0.5}}, whole{{"bytes", "4KiB"}, {"efficiency", 1}};
    ask_chip(log, "inferentia1",
             {{"state_buffer.bytes", "12MiB", "", ""},
              {"dram.bandwidth", "51.2GB/s", "", ""},
              {"dma.payload_curve", json::Array{half, whole}, "", ""}});
    ask_chip(log, "inferentia1-ddr4", {});
}

void ask_compiler(KeyLog& log) {
    json::Value all = flow::canonical_json(compiler::default_options());
    all.as_object().set("host", json::Object{{"operators", json::Array{}}});
    json::Object passes;
    for (const std::string& pass : compiler::optional_pass_names()) passes.set(pass, false);
    all.as_object().set("passes", std::move(passes));
    Problems problems;
    flow::read_compiler({"manual", std::move(all)}, {}, problems, &log);
    problems.throw_if_any();
}

constexpr const char* kScenario = R"({
  "question": "?",
  "server": {"model": "m", "dtype": "fp16", "io_dtype": "fp16", "chip": "c", "compiler": "c", "cores": 1, "chips": 1,
             "batches": [4], "outstanding": 2},
  "host": {"per_request": "1us", "per_item": "1us", "per_inference": "1us"},
  "policy": {"kind": "none"},
  "load": {"kind": "poisson", "rate": 1},
  "requests": {"items": 1, "weights": [1], "order": "random"},
  "stop": {"requests": 10, "duration": "1s"},
  "seed": 0, "warm_up": 0, "live": false,
  "bound": {"latency": "1s", "percentile": 99},
  "search": {"tolerance": 0.01, "candidates": [4], "at_most": 1},
  "published": {"source": "s", "throughput_avg": 1, "latency_ms_p50": 1}
})";

/// Every policy and every load with all of its members. They need not be compatible here.
void ask_scenario(KeyLog& log) {
    const std::array variants{
        R"({"policy": {"kind": "queue", "max_batch_size": 4, "preferred_batch_size": [4], "max_queue_delay_microseconds": 1}})",
        R"({"policy": {"kind": "allowed_sizes", "allowed_batch_sizes": [4], "max_batch_size": 4, "batch_timeout_micros": 1,
                       "enable_large_batch_splitting": true}})",
        R"({"load": {"kind": "closed", "models": 1, "workers": 1, "ramp": "1s"}})",
        R"({"load": {"kind": "bursts", "rate": 1, "on": "1s", "off": "1s", "phases": "fixed"}})",
        R"({"load": {"kind": "trace", "file": "t.csv"}})",
        R"({"load": {"kind": "MultiStream", "samples_per_query": 8}})",
        R"({"load": {"kind": "Offline", "samples": 8}})"};
    for (const char* variant : variants) {
        json::Document document = parsed(kScenario);
        const json::Document change = parsed(variant);
        for (const auto& [key, value] : change.root.as_object()) document.root.as_object().set(key, value);
        Problems ignored;
        serving::read_scenario(std::move(document), {}, ignored, &log);
    }
}

void ask_sweep(KeyLog& log) {
    const json::Document document = parsed(R"({
      "question": "?", "base": {"model": "three_layers"},
      "axes": [{"key": "batch", "values": "to_limit"}, {"key": "workers", "values": {"from": 1, "to": 2, "step": 1}},
               {"key": "seed", "values": {"powers_of_two": [1, 2]}},
               {"zip": [{"key": "cores", "values": [1]}, {"key": "offset_sets", "values": [1]}]}],
      "where": ["workers <= 2"], "measure": "estimate", "then": {"simulate": "pareto", "margin": 0.02}, "max_batch": 4, "maximize": "throughput_avg", "minimize": "sb_peak_bytes",
      "subject_to": ["latency_ms_p99 <= 10"]})");
    Problems ignored;
    explore::read_sweep(document, {}, ignored, &log);
}

bool is_index(const std::string& step) {
    return !step.empty() && std::all_of(step.begin(), step.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// "/axes/0/values/from" as "axes[].values.from"; for a graded number of a chip, the number's own key.
std::string key_of(const std::string& pointer, KeyKind kind) {
    std::string key;
    for (const std::string& step : split(pointer, '/')) {
        if (step.empty()) continue;
        if (is_index(step)) key += "[]";
        else key += (key.empty() ? "" : ".") + step;
    }
    const auto drop = [&](const std::string& end) {
        if (key.size() > end.size() && key.compare(key.size() - end.size(), end.size(), end) == 0)
            key.erase(key.size() - end.size());
    };
    const std::string elements = ".value[]";
    const auto list = key.find(elements);
    if (kind == KeyKind::chip && list != std::string::npos) key.replace(list, elements.size(), "[]");
    if (kind == KeyKind::chip) drop(".value");
    const std::string zip = ".zip[]";
    if (const auto at = key.find(zip); at != std::string::npos) key.erase(at, zip.size());
    return key;
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Whether the key gives the origin of a number; every number of a chip has such keys.
bool is_origin(const std::string& key) { return ends_with(key, ".grade") || ends_with(key, ".source"); }

/// Adds what another occurrence of the same key says in addition.
void merge(AskedKey& into, const AskedKey& more) {
    if (!more.type.empty() && more.type != "object") into.type = more.type, into.range = more.range;
    if (into.type.empty()) into.type = more.type;
    if (more.otherwise) into.otherwise = more.otherwise;
}

}  // namespace

std::vector<AskedKey> asked_keys(KeyKind kind) {
    KeyLog log;
    switch (kind) {
        case KeyKind::chip: ask_chips(log); break;
        case KeyKind::compiler: ask_compiler(log); break;
        case KeyKind::scenario: ask_scenario(log); break;
        case KeyKind::sweep: ask_sweep(log); break;
    }
    std::vector<AskedKey> all;
    for (AskedKey asked : log.keys()) {
        asked.pointer = key_of(asked.pointer, kind);
        if (asked.pointer.empty() || ends_with(asked.pointer, "[]")) continue;
        if (kind == KeyKind::chip && is_origin(asked.pointer)) continue;
        const auto same =
            std::find_if(all.begin(), all.end(), [&](const AskedKey& a) { return a.pointer == asked.pointer; });
        if (same == all.end()) all.push_back(std::move(asked));
        else merge(*same, asked);
    }
    // A group is described by its keys.
    const auto group = [&](const AskedKey& key) {
        return key.type == "object" && std::any_of(all.begin(), all.end(), [&](const AskedKey& inner) {
                   return inner.pointer.rfind(key.pointer + ".", 0) == 0;
               });
    };
    std::vector<AskedKey> keys;
    std::copy_if(all.begin(), all.end(), std::back_inserter(keys), [&](const AskedKey& key) { return !group(key); });
    return keys;
}

std::vector<KeyMeaning> meanings_of(KeyKind kind) {
    if (kind == KeyKind::chip) return chip_meanings();
    if (kind == KeyKind::scenario) return scenario_meanings();
    if (kind == KeyKind::sweep) return sweep_meanings();
    std::vector<KeyMeaning> list;
    const auto texts = flow::compiler_meanings();
    for (const AskedKey& asked : asked_keys(kind)) {
        const auto text = texts.find(asked.pointer);
        if (text == texts.end()) continue;
        list.push_back({text->first, text->second});
        if (text->first == "host.operators") list.back().otherwise = "all";
    }
    return list;
}

std::vector<std::string> gaps(const std::vector<AskedKey>& asked, const std::vector<KeyMeaning>& meanings) {
    std::vector<std::string> list;
    for (const AskedKey& key : asked) {
        const auto is_its = [&](const KeyMeaning& m) { return m.key == key.pointer; };
        const auto found = std::find_if(meanings.begin(), meanings.end(), is_its);
        if (found == meanings.end()) list.push_back("'" + key.pointer + "' has no meaning");
        else if (found->meaning.empty()) list.push_back("the meaning of '" + key.pointer + "' is empty");
        else if (key.type.empty() && found->type.empty()) list.push_back("'" + key.pointer + "' has no type");
    }
    for (const KeyMeaning& m : meanings) {
        const auto is_it = [&](const AskedKey& key) { return key.pointer == m.key; };
        const bool there = std::any_of(asked.begin(), asked.end(), is_it);
        if (there == m.elsewhere)
            list.push_back("'" + m.key + (there ? "' is read with the others" : "' is a key that no reader reads"));
    }
    return list;
}

std::vector<KeyLine> key_lines(KeyKind kind) {
    const std::vector<AskedKey> asked = asked_keys(kind);
    std::vector<KeyLine> lines;
    for (const KeyMeaning& m : meanings_of(kind)) {
        KeyLine line{m.key, m.type, m.otherwise, m.meaning};
        for (const AskedKey& key : asked) {
            if (key.pointer != m.key) continue;
            if (line.type.empty()) line.type = key.type + (key.range.empty() ? "" : ": " + key.range);
            if (line.otherwise.empty()) line.otherwise = key.required ? "required" : key.otherwise.value_or("");
        }
        const std::string& text = line.otherwise;
        if (text.size() > 1 && text.front() == '"') line.otherwise = text.substr(1, text.size() - 2);
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string key_table(const std::vector<KeyLine>& lines) {
    std::string text;
    for (const KeyLine& line : lines) {
        std::string what = line.type;
        if (!line.otherwise.empty())
            what += line.otherwise == "required" ? "; required" : "; default " + line.otherwise;
        text += wrapped(line.key + "  (" + what + ")") + "\n  " + wrapped(line.meaning, terminal_width() - 2) + "\n";
    }
    return text;
}

std::string key_markdown(const std::vector<KeyLine>& lines) {
    std::string text = "| key | is | default | meaning |\n|---|---|---|---|\n";
    for (const KeyLine& line : lines) {
        const bool value =
            !line.otherwise.empty() && line.otherwise != "required" && line.otherwise.find(' ') == std::string::npos;
        text += "| `" + line.key + "` | " + line.type + " | " + (value ? "`" + line.otherwise + "`" : line.otherwise) +
                " | " + line.meaning + " |\n";
    }
    return text;
}

}  // namespace infsim::cli
