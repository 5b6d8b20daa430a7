#include "flow/limits/limits.hpp"

namespace infsim::flow {

namespace {

using json::Array;
using json::Object;
using json::Value;

Value integers(const std::vector<int>& list) {
    Array array;
    for (int n : list) array.emplace_back(n);
    return array;
}

template <class T>
Value or_null(const std::optional<T>& x) {
    return x ? Value{*x} : Value{};
}

Value text_or_null(const std::string& s) { return s.empty() ? Value{} : Value{s}; }

/// Integers as such: bytes are not fractions.
Value number(double x) {
    const auto whole = static_cast<std::int64_t>(x);
    return static_cast<double>(whole) == x ? Value{whole} : Value{x};
}

Value tensors_json(const std::vector<compiler::LiveTensor>& tensors) {
    Array list;
    for (const auto& t : tensors)
        list.push_back(Object{{"tensor", t.name},
                              {"bytes", t.bytes},
                              {"images", t.images},
                              {"from_layer", text_or_null(t.from_layer)},
                              {"to_layer", text_or_null(t.to_layer)}});
    return list;
}

Value allocator_json(const compiler::DoesNotFit& why) {
    if (!why.lower_bound_bytes) return {};
    Value fragmentation;
    if (why.allocator_bytes) fragmentation = *why.allocator_bytes - *why.lower_bound_bytes;
    return Object{{"lower_bound", *why.lower_bound_bytes},
                  {"result", or_null(why.allocator_bytes)},
                  {"fragmentation", std::move(fragmentation)}};
}

Value certificate_json(const Certificate& c) {
    Array levers;
    for (const ProvenLever& l : c.levers)
        levers.push_back(Object{{"lever", l.name}, {"change", l.change}, {"batch", l.batch}, {"open", l.open}});
    const compiler::DoesNotFit why = c.refusal.value_or(compiler::DoesNotFit{});
    Value instant;
    if (why.instant) instant = Object{{"instruction", *why.instant}, {"of", or_null(why.instants)}};
    return Object{{"batch", c.batch},
                  {"resource", c.resource},
                  {"unit", c.unit},
                  {"capacity", number(c.capacity)},
                  {"demand", number(c.demand)},
                  {"gap", number(c.gap)},
                  {"binding", text_or_null(why.binding)},
                  {"layer", text_or_null(why.layer)},
                  {"instant", std::move(instant)},
                  {"tensors", tensors_json(why.tensors)},
                  {"allocator", allocator_json(why)},
                  {"levers", std::move(levers)},
                  {"text", c.text}};
}

Value limit_json(const Limit& l) {
    Object o{{"batch", l.batch}, {"open", l.open}, {"holes", integers(l.holes)}, {"asked", integers(l.asked)}};
    if (l.record) {
        o.set("throughput_avg", or_null(l.record->throughput_avg));
        o.set("latency_ms_p99", or_null(l.record->latency_ms_p99));
        o.set("ideal_ms", or_null(l.record->ideal_ms));
        o.set("efficiency", or_null(l.record->efficiency));
        o.set("why_slow", text_or_null(l.record->why_slow));
    }
    o.set("certificate", l.certificate ? certificate_json(*l.certificate) : Value{});
    return o;
}

Value limit_json(const std::optional<Limit>& l) { return l ? limit_json(*l) : Value{}; }

}  // namespace

json::Value to_json(const Limits& l) {
    return Object{{"model", l.model},
                  {"dtype", dtype_name(l.dtype)},
                  {"io_dtype", dtype_name(l.io_dtype)},
                  {"chip", l.chip},
                  {"compiler", l.compiler},
                  {"max_batch", l.most},
                  {"note", text_or_null(l.note)},
                  {"limits", Object{{"resident", limit_json(l.resident)},
                                    {"sub_batched", limit_json(l.sub_batched)},
                                    {"any", limit_json(l.any)},
                                    {"best_throughput", limit_json(l.best_throughput)},
                                    {"latency", limit_json(l.latency)}}}};
}

}  // namespace infsim::flow
