// A Program shaped like a compiled convolutional network, without a compiler.
#pragma once

#include <array>
#include <cstdint>

#include "support/program_builder.hpp"

namespace infsim::bench {

/// `layers` layers, each with a slab of weights on three DMA engines, loaded while the layer before is computed, and
/// `groups` groups of one stationary load and eight matmuls that ACT (three of four) or POOL evacuates;
/// at most four groups are in PSUM at a time. The last layer is stored.
inline program::Program layered_program(const hw::ChipSpec& spec, int layers, int groups) {
    using B = test::ProgramBuilder;
    B b(spec);
    const auto pe = b.queue(program::Engine::pe), act = b.queue(program::Engine::act), pool = b.queue(program::Engine::pool);
    const std::array<std::uint8_t, 3> dma = {b.queue(program::Engine::dma, 0), b.queue(program::Engine::dma, 1),
                                             b.queue(program::Engine::dma, 2)};
    const auto weights = b.segment(program::Purpose::weights, 64 << 20, 0);
    b.segment(program::Purpose::input, 5 * 3 * 224 * 224 * 2, 1);
    const auto output = b.segment(program::Purpose::output, 1 << 20, 1);
    const auto done = [&](std::uint8_t q) { return static_cast<std::uint32_t>(b.program().queues[q].instructions.size()); };
    std::array<std::uint32_t, 4> evacuated{};
    std::array<std::uint8_t, 4> by{act, act, act, pool};
    std::uint32_t layer_before_last = 0;
    for (int layer = 0, group = 0; layer < layers; ++layer) {
        for (auto q : dma) b.add(q, B::load(weights, 128, 2048), {{pe, layer_before_last}});
        layer_before_last = done(pe);
        for (int g = 0; g < groups; ++g, ++group) {
            const auto k = static_cast<std::size_t>(group % 4);
            const auto place = static_cast<std::size_t>(g % 3);
            b.add(pe, B::stationary(), {{dma[place], done(dma[place])}});
            for (int m = 0; m < 8; ++m) {
                if (m == 0) b.add(pe, B::matmul(490), {{by[k], evacuated[k]}});
                else b.add(pe, B::matmul(490));
            }
            if (by[k] == act) b.add(act, B::act(490), {{pe, done(pe)}});
            else b.add(pool, B::pool(490), {{pe, done(pe)}});
            evacuated[k] = done(by[k]);
        }
    }
    b.add(dma[0], B::store(output, 128, 2048), {{act, done(act)}, {pool, done(pool)}});
    return b.program();
}

}  // namespace infsim::bench
