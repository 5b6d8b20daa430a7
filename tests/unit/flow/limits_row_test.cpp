#include <catch2/catch.hpp>

#include "base/json_reader.hpp"
#include "flow/limits/limits_row.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

Limit limit(int batch, const std::string& reason) {
    Limit l;
    l.batch = batch;
    l.open = reason.empty();
    if (!reason.empty()) {
        l.certificate.emplace();
        l.certificate->text = reason + "; alive: a, b";
    }
    return l;
}

}  // namespace

TEST_CASE("limits become a row with every batch and why it is not one more") {
    Limits limits;
    limits.most = 64;
    limits.resident = limit(5, "full");
    limits.any = limit(64, "");
    limits.best_throughput = limit(8, "less throughput");
    limits.best_throughput->record.emplace();
    limits.best_throughput->record->throughput_avg = 2500;
    record::LimitsRecord row;
    fill_limits(row, limits);
    CHECK(row.status == record::Status::ok);
    CHECK(row.resident.batch == 5);
    CHECK(row.resident.open == false);
    CHECK(row.resident.reason == "full");  // without the list of tensors
    CHECK_FALSE(row.sub_batched.batch);    // the profile does not do that
    CHECK(row.any.open == true);
    CHECK(row.best.batch == 8);
    CHECK(row.best_throughput_avg == 2500);

    Problems problems;
    const json::Document document{"row", record::to_object(row)};
    json::ObjectReader reader(json::Cursor(document, problems));
    const record::LimitsRecord back = record::read_limits_record(reader);
    reader.finish();
    CHECK(problems.empty());
    CHECK(json::dump(record::to_object(back)) == json::dump(record::to_object(row)));
}

TEST_CASE("a cell where no batch fits is infeasible and says why") {
    Limits limits;
    limits.resident = limit(0, "full");
    limits.any = limit(0, "DRAM is full");
    record::LimitsRecord row;
    fill_limits(row, limits);
    CHECK(row.status == record::Status::infeasible);
    CHECK(row.any.batch == 0);
    CHECK(row.reason == "DRAM is full");
}
