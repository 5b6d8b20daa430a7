// The committed chip with overrides over it.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "hw/load.hpp"
#include "support/source_folder.hpp"

namespace infsim::test {

inline hw::ChipFile inferentia1(const std::vector<hw::Override>& overrides) {
    Problems problems;
    auto chip = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), overrides, problems);
    problems.throw_if_any();
    return *chip;
}

/// Why there is no such chip.
inline std::string inferentia1_refusal(const std::vector<hw::Override>& overrides) {
    Problems problems;
    CHECK_FALSE(hw::load_chip(source_folder("/configs/chips/inferentia1.json"), overrides, problems));
    return InputError(problems.list()).what();
}

}  // namespace infsim::test
