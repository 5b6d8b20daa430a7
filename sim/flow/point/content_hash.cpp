#include <fstream>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "flow/point/point.hpp"
#include "graph/host_tail.hpp"

namespace infsim::flow {

namespace {

/// Feeds values with their lengths, so that different graphs never feed the same bytes.
class Feed {
public:
    Feed& text(std::string_view s) {
        integer(static_cast<std::int64_t>(s.size()));
        hasher_.add(s);
        return *this;
    }
    Feed& integer(std::int64_t n) {
        hasher_.add(number_text(n)).add(";");
        return *this;
    }
    Feed& real(double x) {
        hasher_.add(number_text(x)).add(";");
        return *this;
    }
    template <class T>
    Feed& integers(const std::vector<T>& all) {
        integer(static_cast<std::int64_t>(all.size()));
        for (const T& n : all) integer(static_cast<std::int64_t>(n));
        return *this;
    }
    Feed& reals(const std::vector<double>& all) {
        integer(static_cast<std::int64_t>(all.size()));
        for (double x : all) real(x);
        return *this;
    }
    /// The bytes of a part of a file; an unreadable file contributes nothing (reading its data reports it).
    Feed& file(const std::string& path, std::int64_t offset, std::int64_t bytes) {
        std::ifstream in(path, std::ios::binary);
        in.seekg(offset);
        std::vector<char> buffer(1 << 16);
        while (bytes > 0 && in.read(buffer.data(), std::min<std::int64_t>(bytes, std::int64_t(buffer.size())))) {
            hasher_.add(buffer.data(), static_cast<std::size_t>(in.gcount()));
            bytes -= in.gcount();
        }
        return *this;
    }
    std::string hex() const { return hasher_.hex(); }

private:
    Hasher hasher_;
};

struct FeedConstant {
    Feed& feed;
    void operator()(const graph::Splat& c) const { feed.text("splat").real(c.value); }
    void operator()(const graph::Inline& c) const { feed.text("inline").reals(c.values); }
    void operator()(const graph::FileRef& c) const {
        feed.text("file").text(dtype_name(c.dtype)).integer(c.bytes).file(c.path, c.offset, c.bytes);
    }
    void operator()(const graph::Absent&) const { feed.text("absent"); }
    void operator()(const graph::Recipe& c) const {
        feed.text("recipe").integer(static_cast<int>(c.kind)).integers(c.sources).integers(c.perm);
        feed.real(c.epsilon).real(c.factor);
    }
};

struct FeedAttribute {
    Feed& feed;
    void operator()(std::int64_t n) const { feed.text("i").integer(n); }
    void operator()(double x) const { feed.text("f").real(x); }
    void operator()(const std::string& s) const { feed.text("s").text(s); }
    void operator()(const std::vector<std::int64_t>& all) const { feed.text("ii").integers(all); }
    void operator()(const std::vector<double>& all) const { feed.text("ff").reals(all); }
};

}  // namespace

std::string content_hash(const graph::Graph& graph) {
    Feed feed;
    feed.text(graph.name).integer(graph.batchable);
    for (const graph::Tensor& t : graph.tensors) {
        feed.text("tensor").text(t.name).integers(t.shape).text(dtype_name(t.dtype));
        feed.integer(static_cast<int>(t.kind)).integer(t.batched);
        if (t.batched && t.batch_axis != 0) feed.text("batch_axis").integer(t.batch_axis);
        if (t.constant) std::visit(FeedConstant{feed}, *t.constant);
    }
    for (const graph::Node& n : graph.nodes) {
        feed.text("node").text(n.name).text(graph::op_name(n.op)).integers(n.inputs).integers(n.outputs);
        for (const auto& [key, value] : n.attributes) {
            feed.text(key);
            std::visit(FeedAttribute{feed}, value);
        }
    }
    feed.integers(graph.inputs).integers(graph.outputs);
    if (graph.host) {
        for (const auto& step : graph.host->steps)
            feed.text("host").text(step.name).text(step.op).integer(step.elements);
        for (const auto& source : graph.host->sources) feed.text(source.name).text(source.tensor);
        for (const auto& result : graph.host->results) feed.text(result.name).integer(result.computed);
    }
    return feed.hex();
}

}  // namespace infsim::flow
