#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "support/source_folder.hpp"

// Defined in this one file, so that no other has to be compiled again where the checkout lies elsewhere.
std::string infsim::source_folder(const std::string& path) { return INFSIM_SOURCE_DIR + path; }
