#include "cli/command.hpp"
#include "explore/worker.hpp"

namespace infsim::cli {

int run_worker_command(const Arguments& arguments) {
    flow::ModelCache models;
    flow::PointReader reader(models);
    explore::answer_requests(explore::limits_of(arguments),
                             [&](const std::string& request) { return explore::job_of(request, reader); });
    return kDone;
}

}  // namespace infsim::cli
