#include "compiler/emit/builder.hpp"

#include "compiler/emit/emission_ends.hpp"

namespace infsim::compiler {

namespace {

constexpr std::size_t kShortCode = 65536;  ///< instructions

}  // namespace

CodeBuilder::CodeBuilder(const program::Target& target, std::int64_t capacity, CodeSink* watcher, Keep keep, int rings)
    : capacity_(capacity),
      watcher_(watcher),
      keeps_(keep != Keep::none),
      forgets_long_(keep == Keep::short_codes),
      engines_(target.dma_engines),
      rings_(std::min(rings, target.rings_per_engine)),
      psum_banks_(target.psum_banks) {
    using program::Engine;
    code_.queues = {{Engine::pe, 0, 0, {}}, {Engine::act, 0, 0, {}}, {Engine::pool, 0, 0, {}}};
    for (int e = 0; e < engines_; ++e)
        for (int r = 0; r < rings_; ++r)
            code_.queues.push_back({Engine::dma, static_cast<std::uint8_t>(e), static_cast<std::uint8_t>(r), {}});
}

std::uint8_t CodeBuilder::ring(int engine, Ring ring) const {
    return static_cast<std::uint8_t>(kFirstRing + engine % engines_ * rings_ +
                                     std::min(static_cast<int>(ring), rings_ - 1));
}

BufferId CodeBuilder::new_buffer(LayerId layer, const std::string& name, std::int64_t bytes, Half half,
                                 program::Purpose purpose, int images) {
    if (bytes > capacity_) throw EmissionEnds{BufferTooLarge{}};
    return code_.buffers.push_back({name, (bytes + 3) / 4 * 4, half, purpose, static_cast<std::uint16_t>(layer.value()),
                                    static_cast<std::uint16_t>(images)});
}

LoadId CodeBuilder::new_load(BufferId b, LoadStream stream) {
    return code_.loads.push_back({b, static_cast<std::int32_t>(stream)});
}

void CodeBuilder::push_static(const program::DmaLoad& load, BufferId b) {
    code_.buffers[b].is_static = true;
    code_.static_loads.push_back({load, b});
}

std::uint32_t CodeBuilder::add_segment(program::Segment segment) {
    const std::uint32_t number = next_segment();
    code_.segments.push_back(std::move(segment));
    return number;
}

void CodeBuilder::forget_if_long() {
    if (code_.instructions.size() < kShortCode) return;
    keeps_ = false;
    code_.instructions.clear();
}

}  // namespace infsim::compiler
