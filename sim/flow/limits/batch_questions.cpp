#include "flow/limits/batch_questions.hpp"

#include <fmt/format.h>

namespace infsim::flow {

PointRequest with_batch(PointRequest request, int batch) {
    request.batch = batch;
    return request;
}

const std::optional<compiler::DoesNotFit>& BatchQuestions::refusal(const PointRequest& request,
                                                                   const std::string& label) {
    const std::string key = json::dump(to_json(request), 0);
    const auto known = answers_.find(key);
    if (known != answers_.end()) return known->second;
    auto answer = tools_.compile(request);
    tools_.say(fmt::format("{}: B={} {}", label, request.batch, answer ? "does not fit" : "fits"));
    return answers_[key] = std::move(answer);
}

bool BatchQuestions::works(const PointRequest& request, const std::string& name) {
    try {
        return !refusal(request, "lever " + name);
    } catch (const InputError&) {
        return false;
    }
}

const std::optional<Prospect>& BatchQuestions::prospect(const PointRequest& request) {
    const std::string key = json::dump(to_json(request), 0);
    const auto known = prospects_.find(key);
    if (known != prospects_.end()) return known->second;
    const auto found = tools_.prospect(request);
    if (found) answers_[key] = std::nullopt;
    tools_.say(fmt::format("B={} {}", request.batch,
                           found ? fmt::format("at most {:.0f} items/s", found->most) : std::string("does not fit")));
    return prospects_[key] = found;
}

/// Another compilation can explain a refusal for lack of state buffer further; a refusal without a text needs one.
compiler::DoesNotFit BatchQuestions::explained(const Variant& v, int batch) {
    const auto& known = refusal(with_batch(v.request, batch), v.label);
    if (known && !known->text.empty() && known->resource != compiler::resource::state_buffer) return *known;
    return tools_.explain(with_batch(v.request, batch));
}

Certificate BatchQuestions::certificate(const Variant& v, int batch) {
    const compiler::DoesNotFit why = explained(v, batch);
    Certificate c;
    c.batch = batch;
    c.resource = why.resource;
    c.unit = why.unit;
    c.capacity = static_cast<double>(why.available_bytes);
    c.demand = static_cast<double>(why.wanted_bytes);
    c.gap = c.demand - c.capacity;
    c.refusal = why;
    c.text = why.text;
    return c;
}

}  // namespace infsim::flow
