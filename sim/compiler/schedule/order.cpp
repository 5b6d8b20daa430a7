#include "compiler/schedule/order.hpp"
#include "compiler/ir/readers.hpp"

#include <algorithm>
#include <map>

namespace infsim::compiler {

std::int64_t half_bytes(const Value& value) {
    const auto& phys = value.phys;
    return (phys.slots() == 1 ? 1 : 2 * phys.groups()) * phys.plane() * dtype_bytes(value.dtype);
}

namespace {

constexpr std::size_t kLargestRegion = 12;

struct Liveness {
    const Network& net;
    std::vector<std::vector<int>> readers, writers;
    std::vector<bool> is_output;
    int batch;
    bool in_place;

    Liveness(const Network& network, int b, bool in_place_add)
        : net(network),
          readers(readers_of(network)),
          writers(network.values.size()),
          is_output(network.values.size(), false),
          batch(b),
          in_place(in_place_add) {
        for (std::size_t l = 0; l < net.layers.size(); ++l)
            writers[static_cast<std::size_t>(net.layers[l].output.value)].push_back(static_cast<int>(l));
        for (const View& v : net.outputs) is_output[static_cast<std::size_t>(v.value)] = true;
    }

    /// Bytes (in halves) at the worst instant of running `layer` after `done`; values that lose their last reader
    /// give up their images one by one.
    template <class Done>
    std::int64_t step_peak(int layer, Done&& done) const {
        std::int64_t others = 0, dying = 0, dying_one = 0;
        const ValueId out = net.layers[static_cast<std::size_t>(layer)].output.value;
        for (std::size_t v = 0; v < net.values.size(); ++v) {
            if (static_cast<ValueId>(v) == out && writers[v].size() <= 1) continue;
            const bool written = std::any_of(writers[v].begin(), writers[v].end(), [&](int w) { return done(w); });
            const bool produced = written || (writers[v].empty() && net.values[v].input >= 0);
            if (!produced) continue;
            const std::int64_t bytes = half_bytes(net.values[v]);
            const bool read_later = is_output[v] || std::any_of(readers[v].begin(), readers[v].end(),
                                                                [&](int r) { return r != layer && !done(r); });
            const bool read_now = std::find(readers[v].begin(), readers[v].end(), layer) != readers[v].end();
            if (read_later) others += bytes * batch;
            else if (read_now) dying += bytes * batch, dying_one += bytes;
        }
        std::int64_t made = half_bytes(net.values[static_cast<std::size_t>(out)]);
        const auto* conv = std::get_if<ConvOp>(&net.layers[static_cast<std::size_t>(layer)].op);
        const bool own_input = conv && conv->residual &&
                               conv->residual->value == net.layers[static_cast<std::size_t>(layer)].inputs[0].value;
        if (conv && conv->residual && in_place && !own_input) {
            const auto& r = readers[static_cast<std::size_t>(conv->residual->value)];
            if (std::none_of(r.begin(), r.end(), [&](int l) { return l != layer && !done(l); })) return others + dying;
        }
        return others + std::max(dying + made, made * batch + dying_one);
    }
};

/// The best order of the layers [first, last) given that everything before first is done.
std::vector<int> best_order(const Liveness& live, int first, int last) {
    struct State {
        std::int64_t peak;
        std::vector<int> path;
    };
    const int n = last - first;
    std::map<unsigned, State> states = {{0U, {0, {}}}};
    for (int size = 0; size < n; ++size) {
        std::map<unsigned, State> next;
        for (const auto& [mask, state] : states)
            for (int l = 0; l < n; ++l) {
                if (mask >> l & 1U) continue;
                const auto done = [&, m = mask](int x) { return x < first || (x < last && (m >> (x - first) & 1U)); };
                bool ready = true;
                for (const Part& in : live.net.layers[static_cast<std::size_t>(first + l)].inputs)
                    for (int w : live.writers[static_cast<std::size_t>(in.value)]) ready = ready && done(w);
                if (!ready) continue;
                State candidate{std::max(state.peak, live.step_peak(first + l, done)), state.path};
                candidate.path.push_back(first + l);
                auto [it, fresh] = next.try_emplace(mask | 1U << l, candidate);
                if (!fresh && std::tie(candidate.peak, candidate.path) < std::tie(it->second.peak, it->second.path))
                    it->second = candidate;
            }
        states = std::move(next);
    }
    return states.begin()->second.path;
}

}  // namespace

void reorder(Network& network, int batch, bool in_place_add) {
    const Liveness live(network, batch, in_place_add);
    const int n = static_cast<int>(network.layers.size());
    std::vector<int> last_reader(network.values.size(), -1);
    for (std::size_t v = 0; v < network.values.size(); ++v)
        if (!live.readers[v].empty()) last_reader[v] = live.readers[v].back();
    std::vector<int> order;
    int region = 0;
    for (int l = 0; l < n; ++l) {
        // A cut behind layer l: nothing but its own output is needed later.
        bool cut = true;
        for (int k = 0; k < l && cut; ++k) {
            const auto v = static_cast<std::size_t>(network.layers[static_cast<std::size_t>(k)].output.value);
            cut = v == static_cast<std::size_t>(network.layers[static_cast<std::size_t>(l)].output.value) ||
                  last_reader[v] <= l;
        }
        if (!cut && l + 1 < n) continue;
        if (l + 1 - region > 2 && static_cast<std::size_t>(l + 1 - region) <= kLargestRegion) {
            const auto best = best_order(live, region, l + 1);
            order.insert(order.end(), best.begin(), best.end());
        } else {
            for (int k = region; k <= l; ++k) order.push_back(k);
        }
        region = l + 1;
    }
    std::vector<Layer> layers;
    for (int l : order) layers.push_back(std::move(network.layers[static_cast<std::size_t>(l)]));
    network.layers = std::move(layers);
}

}  // namespace infsim::compiler
