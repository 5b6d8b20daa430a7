#include "explore/worker_answer.hpp"

#include "base/json_reader.hpp"

namespace infsim::explore {

std::string refusal_text(const std::vector<Problem>& problems) {
    json::Array list;
    for (const Problem& p : problems)
        list.push_back(json::Object{{"file", p.file}, {"where", p.where}, {"what", p.what}});
    return json::dump(json::Object{{"problems", std::move(list)}}, 0) + "\n";
}

std::optional<Answer> read_answer(const std::string& text, Problems& problems) {
    Problems found;
    auto document = json::parse_text(text, "answer of a worker", found);
    std::vector<Problem> said;
    if (document) {
        json::ObjectReader reader(json::Cursor(*document, found));
        if (reader.has("problems")) {
            for (const json::Cursor& element : reader.array("problems")) {
                json::ObjectReader p(element);
                said.push_back({p.string("file"), p.string("where"), p.string("what")});
            }
            reader.finish();
        }
    }
    for (const Problem& p : found.list()) problems.add(p);
    if (!found.empty()) return std::nullopt;
    return Answer{std::move(*document), std::move(said)};
}

}  // namespace infsim::explore
