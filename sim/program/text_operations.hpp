// Reads the operation and operands of an instruction line; private to the reader.
#pragma once

#include "program/instruction.hpp"
#include "program/text_scan.hpp"

namespace infsim::program {

/// Reads "matmul dst=... moving=... accumulate". Throws LineError.
Operation scan_operation(Scan& scan);

/// Reads "(count*step,...)" into the last places of the arrays; the others become count 1, step 0.
template <class Count, class Step>
void scan_dims(Scan& scan, Count& count, Step& step) {
    const std::size_t places = count.size();
    Count counts{};
    Step steps{};
    std::size_t n = 0;
    scan.expect("(");
    while (!scan.accept(")")) {
        if (n == places) scan.fail("at most " + std::to_string(places) + " dimensions");
        if (n > 0) scan.expect(",");
        counts[n] = scan.integer<typename Count::value_type>();
        scan.expect("*");
        steps[n++] = scan.integer<typename Step::value_type>();
    }
    count.fill(1), step.fill(0);
    for (std::size_t d = 0; d < n; ++d) {
        count[places - n + d] = counts[d];
        step[places - n + d] = steps[d];
    }
}

}  // namespace infsim::program
