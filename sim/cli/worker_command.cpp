#include <iostream>
#include <iterator>

#include "base/problems.hpp"
#include "cli/command.hpp"
#include "explore/worker.hpp"

namespace infsim::cli {

int run_worker_command(const Arguments& arguments) {
    if (!arguments.empty()) throw InputError("", arguments.front(), "worker takes a request on stdin and no options");
    const std::string input{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    std::cout << explore::answer_request(input) << std::flush;
    return kDone;
}

}  // namespace infsim::cli
