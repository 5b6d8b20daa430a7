#include "compiler/schedule/order.hpp"

#include <algorithm>
#include <map>

#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

std::int64_t half_bytes(const SlotGeometry& slots, const Value& value) {
    const std::int64_t halves = fits_half(slots, value.phys) ? 1 : 2 * slots.groups(value.phys.slots());
    return halves * value.phys.plane() * dtype_bytes(value.dtype);
}

namespace {

constexpr int kLargestRegion = 12;

/// Who reads and writes the values, and what is live while the layers run in some order.
class Liveness {
public:
    Liveness(const Network& network, int batch, bool in_place_add)
        : net_(network),
          readers_(readers_of(network)),
          writers_(network.values.size()),
          is_output_(network.values.size(), false),
          batch_(batch),
          in_place_(in_place_add) {
        for (const LayerId l : net_.layers.ids()) writers_[net_.layers[l].output.value].push_back(l);
        for (const View& v : net_.outputs) is_output_[v.value] = true;
    }

    /// Bytes (in halves) at the worst instant of running `layer` after `done`; values that lose their last reader
    /// give up their images one by one.
    template <class Done>
    std::int64_t step_peak(LayerId layer, const Done& done) const {
        const ValueId out = net_.layers[layer].output.value;
        std::int64_t others = 0, dying = 0, dying_one = 0;
        for (const ValueId v : net_.values.ids()) {
            if ((v == out && writers_[v].size() <= 1) || !produced(v, done)) continue;
            const std::int64_t bytes = half_bytes(net_.slots, net_.values[v]);
            const std::vector<LayerId>& readers = readers_[v];
            if (is_output_[v] || read_later(v, layer, done)) others += bytes * batch_;
            else if (std::find(readers.begin(), readers.end(), layer) != readers.end())
                dying += bytes * batch_, dying_one += bytes;
        }
        if (overwrites_residual(layer, done)) return others + dying;
        const std::int64_t made = half_bytes(net_.slots, net_.values[out]);
        return others + std::max(dying + made, made * batch_ + dying_one);
    }

    /// Whether everything that `layer` reads is there once `done` has run.
    template <class Done>
    bool ready(LayerId layer, const Done& done) const {
        for (const Part& in : net_.layers[layer].inputs)
            for (const LayerId w : writers_[in.value])
                if (!done(w)) return false;
        return true;
    }

    LayerId last_reader(ValueId v) const { return readers_[v].empty() ? kNoLayer : readers_[v].back(); }

private:
    const Network& net_;
    IdVector<ValueId, std::vector<LayerId>> readers_, writers_;
    IdVector<ValueId, bool> is_output_;
    int batch_;
    bool in_place_;

    template <class Done>
    bool produced(ValueId v, const Done& done) const {
        return std::any_of(writers_[v].begin(), writers_[v].end(), done) ||
               (writers_[v].empty() && net_.values[v].input != graph::kNoTensor);
    }

    template <class Done>
    bool read_later(ValueId v, LayerId layer, const Done& done) const {
        return std::any_of(readers_[v].begin(), readers_[v].end(), [&](LayerId r) { return r != layer && !done(r); });
    }

    template <class Done>
    bool overwrites_residual(LayerId layer, const Done& done) const {
        const auto* conv = std::get_if<ConvOp>(&net_.layers[layer].op);
        return in_place_ && conv && conv->residual && conv->residual->value != net_.layers[layer].inputs[0].value &&
               !read_later(conv->residual->value, layer, done);
    }
};

struct Path {
    std::int64_t peak = 0;
    std::vector<LayerId> layers;
    bool operator<(const Path& o) const {
        return peak != o.peak
                   ? peak < o.peak
                   : std::lexicographical_compare(layers.begin(), layers.end(), o.layers.begin(), o.layers.end(),
                                                  [](LayerId a, LayerId b) { return a.value() < b.value(); });
    }
};

/// The best order of the layers [first, last) given that everything before first is done.
std::vector<LayerId> best_order(const Liveness& live, LayerId first, LayerId last) {
    const int n = last.value() - first.value();
    std::map<unsigned, Path> paths = {{0U, {}}};  // by the set of layers that have run
    for (int size = 0; size < n; ++size) {
        std::map<unsigned, Path> longer;
        for (const auto& [mask, path] : paths)
            for (int l = 0; l < n; ++l) {
                if (mask >> l & 1U) continue;
                const LayerId layer = first.next(l);
                const auto done = [&, m = mask](LayerId x) {
                    const int at = x.value() - first.value();
                    return at < 0 || (at < n && (m >> at & 1U));
                };
                if (!live.ready(layer, done)) continue;
                Path candidate{std::max(path.peak, live.step_peak(layer, done)), path.layers};
                candidate.layers.push_back(layer);
                const auto [it, fresh] = longer.try_emplace(mask | 1U << l, candidate);
                if (!fresh && candidate < it->second) it->second = std::move(candidate);
            }
        paths = std::move(longer);
    }
    return paths.begin()->second.layers;
}

/// Whether nothing that ran up to `layer` is needed later except its own output.
bool is_cut(const Network& network, const Liveness& live, LayerId layer) {
    const ValueId own = network.layers[layer].output.value;
    for (const LayerId k : IdRange<LayerId>(LayerId(0), layer)) {
        const ValueId v = network.layers[k].output.value;
        if (v != own && live.last_reader(v).value() > layer.value()) return false;
    }
    return true;
}

}  // namespace

void reorder(Network& network, int batch, bool in_place_add) {
    const Liveness live(network, batch, in_place_add);
    const LayerId end = network.layers.next_id();
    std::vector<LayerId> order;
    LayerId region(0);
    for (const LayerId l : network.layers.ids()) {
        if (!is_cut(network, live, l) && l.next() != end) continue;
        const int size = l.next().value() - region.value();
        if (size > 2 && size <= kLargestRegion) {
            const auto best = best_order(live, region, l.next());
            order.insert(order.end(), best.begin(), best.end());
        } else {
            for (const LayerId k : IdRange<LayerId>(region, l.next())) order.push_back(k);
        }
        region = l.next();
    }
    IdVector<LayerId, Layer> layers;
    for (const LayerId l : order) layers.push_back(std::move(network.layers[l]));
    network.layers = std::move(layers);
}

}  // namespace infsim::compiler
