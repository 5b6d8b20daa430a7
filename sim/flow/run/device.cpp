#include "flow/run/closed_loop.hpp"

namespace infsim::flow {

Device device_of(chip::Chip& chip) {
    return {[&chip](int core, TimePoint at) { return chip.submit(core, at); },
            [&chip](TimePoint t) { chip.advance_until(t); }, [&chip] { return chip.now(); },
            [&chip] { return chip.take_completions(); }, [&chip] { chip.forget_turns(); }};
}

}  // namespace infsim::flow
