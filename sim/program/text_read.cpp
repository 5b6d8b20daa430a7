#include <algorithm>
#include <istream>

#include "base/problems.hpp"
#include "program/names.hpp"
#include "program/text.hpp"
#include "program/text_operations.hpp"

namespace infsim::program {
namespace {

constexpr std::size_t kMaxProblems = 20;

/// " key=" and an integer of T.
template <class T>
void field(Scan& s, const char* key, T& value) {
    s.expect(std::string(" ") + key + "=");
    value = s.integer<T>();
}

class Reader {
public:
    explicit Reader(Program& program) : p_(program) {}
    bool ended() const { return ended_; }

    void line(Scan s) {
        if (ended_) s.fail("nothing after 'end'");
        if (s.accept("queue ")) return queue(s);
        if (s.accept("q")) return instruction(s);
        if (s.accept("segment ")) return segment(s);
        if (s.accept("tensor ")) return tensor(s);
        if (s.accept("box ")) return box(s);
        if (s.accept("allocation ")) return allocation(s);
        if (s.accept("static ")) return static_load(s);
        if (s.accept("layer ")) return layer(s);
        if (s.accept("model ")) return model(s);
        if (s.accept("target")) return target(s);
        if (s.accept("end ")) return end(s);
        s.fail("a line of a Program file");
    }

private:
    void model(Scan& s) {
        p_.model = s.quoted();
        field(s, "batch", p_.batch);
        s.expect(" dtype=");
        p_.dtype = s.named(parse_dtype, "an element type");
        s.expect(" io_dtype=");
        p_.io_dtype = s.named(parse_dtype, "an element type");
        s.expect_end();
    }
    void target(Scan& s) {
        Target& t = p_.target;
        field(s, "pe_rows", t.pe_rows), field(s, "pe_columns", t.pe_columns), field(s, "max_moving", t.max_moving);
        field(s, "sb_partitions", t.sb_partitions), field(s, "sb_partition_bytes", t.sb_partition_bytes);
        field(s, "psum_partitions", t.psum_partitions), field(s, "psum_banks", t.psum_banks);
        field(s, "psum_bank_bytes", t.psum_bank_bytes), field(s, "dma_engines", t.dma_engines);
        field(s, "rings_per_engine", t.rings_per_engine), field(s, "max_queues", t.max_queues);
        field(s, "dram_regions", t.dram_regions), field(s, "dram_region_bytes", t.dram_region_bytes);
        s.expect_end();
    }
    void segment(Scan& s) {
        Segment& g = p_.segments.emplace_back();  // even before it is checked: its boxes follow
        g.name = s.quoted();
        s.expect(" purpose=");
        g.purpose = s.named(parse_purpose, "a purpose");
        s.expect(" dtype=");
        g.dtype = s.named(parse_dtype, "an element type");
        field(s, "region", g.region), field(s, "address", g.address), field(s, "bytes", g.bytes);
        s.expect_end();
    }
    Segment& last_segment(const Scan& s) {
        if (p_.segments.empty()) s.fail("a segment before its tensors and boxes");
        return p_.segments.back();
    }
    void tensor(Scan& s) {
        std::string name = s.quoted();
        s.expect_end();
        last_segment(s).tensors.push_back(std::move(name));
    }
    void box(Scan& s) {
        RecipeBox b;
        auto counts = b.count;
        s.expect("to=");
        b.segment_offset = s.integer<std::int64_t>();
        const Scan first = s;
        scan_dims(s, b.count, b.segment_step);
        s.expect(" from=");
        b.tensor_offset = s.integer<std::int64_t>();
        scan_dims(s, counts, b.tensor_step);
        if (counts != b.count) first.fail("the same counts for segment and tensor");
        if (s.accept(" literal=")) {
            b.tensor = kLiteral;
            b.literal = s.number();
        } else {
            field(s, "tensor", b.tensor);
        }
        s.expect_end();
        last_segment(s).recipe.push_back(b);
    }
    void allocation(Scan& s) {
        Allocation a;
        a.name = s.quoted();
        s.expect(" ");
        a.space = s.named(parse_space, "'sb' or 'psum'");
        s.expect("[");
        a.partition_start = s.integer<std::uint16_t>();
        s.expect("+");
        a.partition_count = s.integer<std::uint16_t>();
        s.expect("]@");
        a.offset = s.integer<std::uint32_t>();
        s.expect("+");
        a.bytes = s.integer<std::uint32_t>();
        s.expect(" s");
        a.first_sequence = s.integer<std::uint32_t>();
        s.expect("..");
        a.last_sequence = s.integer<std::uint32_t>();
        field(s, "layer", a.layer);
        s.expect(" purpose=");
        a.purpose = s.named(parse_purpose, "a purpose");
        s.expect_end();
        p_.allocations.push_back(std::move(a));
    }
    void static_load(Scan& s) {
        const Scan before = s;
        const Operation op = scan_operation(s);
        const auto* load = std::get_if<DmaLoad>(&op);
        if (!load) before.fail("a dma_load");
        s.expect_end();
        p_.static_loads.push_back(*load);
    }
    void layer(Scan& s) {
        LayerInfo l;
        l.name = s.quoted();
        s.expect(" kind=");
        l.kind = s.quoted();
        field(s, "macs", l.macs), field(s, "weight_bytes", l.weight_bytes);
        s.expect_end();
        p_.layers.push_back(std::move(l));
    }
    void queue(Scan& s) {
        const Scan before = s;
        const std::size_t number = p_.queues.size();
        Queue& q = p_.queues.emplace_back();  // even before it is checked: its instructions follow
        if (s.integer<std::uint32_t>() != number || number >= kNoQueue)
            before.fail("queue number " + std::to_string(number) + " of at most 255");
        s.expect(" engine=");
        q.engine = s.named(parse_engine, "an engine");
        field(s, "index", q.engine_index), field(s, "ring", q.ring);
        s.expect_end();
    }
    void instruction(Scan& s) {
        ++instructions_;
        Instruction i;
        const Scan before = s;
        const auto queue = s.integer<std::uint32_t>();
        if (queue >= p_.queues.size()) before.fail("one of the " + std::to_string(p_.queues.size()) + " queues");
        s.expect(" s");
        i.sequence = s.integer<std::uint32_t>();
        s.expect(" l");
        i.layer = s.integer<std::uint16_t>();
        s.expect(" i");
        i.image = s.integer<std::uint16_t>();
        s.expect(" | ");
        i.op = scan_operation(s);
        if (s.accept(" |")) {
            do {
                const Scan at_wait = s;
                s.expect(" q");
                Wait w;
                w.queue = s.integer<std::uint8_t>();
                s.expect(">=");
                w.count = s.integer<std::uint32_t>();
                if (w.queue == kNoQueue || !i.waits.push(w)) at_wait.fail("at most four waits for queues below 255");
            } while (!s.at_end());
        }
        s.expect_end();
        p_.queues[queue].instructions.push_back(i);
    }
    void end(Scan& s) {
        const Scan before = s;
        if (s.integer<std::size_t>() != instructions_)
            before.fail("the " + std::to_string(instructions_) + " instructions of this file");
        s.expect_end();
        ended_ = true;
    }

    Program& p_;
    std::size_t instructions_ = 0;
    bool ended_ = false;
};

}  // namespace

Program read_text(std::istream& in, const std::string& file) {
    Program program;
    Reader reader(program);
    Problems problems;
    std::string line;
    std::size_t number = 0;
    const auto where = [&] { return "line " + std::to_string(number); };
    while (problems.list().size() < kMaxProblems && std::getline(in, line)) {
        ++number;
        if (number == 1) {
            if (line != "infsim-program 1")
                throw InputError(file, where(), "is not a Program file ('infsim-program 1')");
            continue;
        }
        try {
            reader.line(Scan(line));
        } catch (const LineError& error) {
            problems.add(file, where(), error.what());
        }
    }
    if (problems.empty() && !reader.ended()) {
        ++number;
        problems.add(file, where(), "the file ends before its 'end' line");
    }
    problems.throw_if_any();
    return program;
}

}  // namespace infsim::program
