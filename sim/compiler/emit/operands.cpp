#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/check.hpp"
#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

using program::AccessPattern;
using program::Space;

constexpr std::size_t kKeptInstructions = 65536;  ///< a code with a dry_run is kept up to this length
constexpr std::int64_t kMostCounted = 65535;      ///< of one step or dimension of an access pattern

std::uint16_t step_or_count(std::int64_t n) {
    if (n < 0 || n > kMostCounted) throw LimitExceeded{n, kMostCounted};
    return static_cast<std::uint16_t>(n);
}

namespace {

/// A stretch longer than one count becomes rows of the largest length that divides it.
std::pair<Step, Step> split_long(const Step& s) {
    std::int64_t rows = (s.count + kMostCounted - 1) / kMostCounted;
    while (rows < kMostCounted && s.count % rows != 0) ++rows;
    return {{s.step * (s.count / rows), rows}, {s.step, s.count / rows}};
}

}  // namespace

program::AccessPattern make_access(Space space, int partition_start, int partition_count, std::int64_t offset,
                                   DType dtype, std::initializer_list<Step> steps) {
    std::array<Step, 8> kept{};
    int n = 0;
    for (const Step& s : steps) {
        if (s.count == 1) continue;
        if (n > 0 && kept[n - 1].step == s.step * s.count && kept[n - 1].count * s.count <= kMostCounted)
            kept[n - 1] = {s.step, kept[n - 1].count * s.count};
        else if (s.count > kMostCounted) std::tie(kept[n], kept[n + 1]) = split_long(s), n += 2;
        else kept[n++] = s;
    }
    INFSIM_CHECK(n <= program::kAccessDims, "an access pattern has at most four dimensions");
    AccessPattern ap;
    for (int d = 0; d < n; ++d) {
        const int at = program::kAccessDims - n + d;
        ap.step[at] = step_or_count(kept[d].step);
        ap.count[at] = step_or_count(kept[d].count);
    }
    if (n == 0) ap.step[program::kAccessDims - 1] = 1;
    ap.offset = static_cast<std::uint32_t>(offset);
    ap.partition_start = static_cast<std::uint8_t>(partition_start);
    ap.partition_count = static_cast<std::uint8_t>(partition_count);
    ap.space = space;
    ap.dtype = dtype;
    return ap;
}

void Emitter::need_bank(int elements) const {
    if (elements <= most_moving()) return;
    Shortage s;
    s.reason.resource = resource::psum;
    s.reason.unit = "B/partition";
    s.reason.layer = net_.layers[static_cast<std::size_t>(layer_)].name;
    s.reason.wanted_bytes = std::int64_t{elements} * 4;
    s.reason.available_bytes = std::int64_t{most_moving()} * 4;
    s.reason.text =
        fmt::format("layer {} needs {} bytes of one PSUM bank per partition in one instruction, {} can be used",
                    s.reason.layer, s.reason.wanted_bytes, s.reason.available_bytes);
    throw s;
}

int Emitter::rings_used() const { return std::min(4, target_.rings_per_engine); }

std::uint8_t Emitter::ring(int engine, int ring) const {
    return static_cast<std::uint8_t>(3 + engine % target_.dma_engines * rings_used() +
                                     std::min(ring, rings_used() - 1));
}

BufferId Emitter::new_buffer(const std::string& name, std::int64_t bytes, Half half, program::Purpose purpose,
                             int images) {
    if (bytes > capacity_) throw TooLarge{};
    code_.buffers.push_back({name, (bytes + 3) / 4 * 4, half, purpose, static_cast<std::uint16_t>(layer_),
                             static_cast<std::uint16_t>(images)});
    return code_.buffers.next_id().next(-1);
}

void Emitter::stamp(VirtualInstruction& in, std::uint8_t queue, std::initializer_list<BufferId> buffers,
                    BufferId scalar0, BufferId scalar1) const {
    std::copy(buffers.begin(), buffers.end(), in.buffer.begin());
    in.buffer[3] = scalar0;
    in.buffer[4] = scalar1;
    in.queue = queue;
    in.layer = static_cast<std::uint16_t>(layer_);
    in.image = static_cast<std::uint16_t>(image_);
    in.load = load_;
}

void Emitter::count_kept() {
    if (!recorder_ || code_.instructions.size() < kKeptInstructions) return;
    keeps_ = false;
    code_.instructions.clear();
}

const Emitter::Place& Emitter::place(ValueId v, int image) const {
    const Place& p = places_[static_cast<std::size_t>(v)][static_cast<std::size_t>(image)];
    INFSIM_CHECK(p.buffer != kNoBuffer, "value " + value(v).name + " is read before it has a place");
    return p;
}

bool Emitter::is_array(ValueId v) const { return small_[static_cast<std::size_t>(v)]; }

int Emitter::half_of(ValueId v, int slot, int image) const {
    if (value(v).phys.slots() > 1) return slot % 2;
    return pairable_[static_cast<std::size_t>(v)] ? image % 2 : 0;
}

void Emitter::ensure_storage(ValueId v, int image) {
    if (has_storage(v, image)) return;
    if (in_bands(v)) return make_bands(v, image, program::Purpose::spill);
    auto& places = places_[static_cast<std::size_t>(v)];
    const Physical& phys = value(v).phys;
    const std::int64_t bytes = phys.groups() * phys.plane() * dtype_bytes(value(v).dtype);
    if (is_array(v)) {
        const Half half = phys.slots() == 1 ? Half::lower : Half::both;
        const int together = array_images_[static_cast<std::size_t>(v)], first = image / together * together;
        const int count = std::min(together, batch_ - first);
        const BufferId b = new_buffer(value(v).name, bytes * count, half, program::Purpose::spill, count);
        for (int i = 0; i < count; ++i) places[static_cast<std::size_t>(first + i)] = {b, 0, phys.rows, i, count};
        return;
    }
    Half half = Half::both;
    if (phys.slots() == 1) half = half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    places[static_cast<std::size_t>(image)] = {new_buffer(value(v).name, bytes, half, program::Purpose::spill), 0,
                                               phys.rows, 0, 1};
    code_.buffers.back().rotates = passing_[static_cast<std::size_t>(v)];
}

Operand Emitter::access(ValueId v, int slot, int lanes, int image, const Rect& rect, int images) const {
    const Place& p = place(v, image, rect.row);
    const Physical& phys = value(v).phys;
    const int half = half_of(v, slot, image);
    const int group = phys.slots() > 1 ? slot / 2 : 0;
    const std::int64_t plane = std::int64_t{p.rows} * phys.cols;
    const std::int64_t element =
        (std::int64_t{group} * p.images + p.index) * plane + std::int64_t{rect.row - p.row0} * phys.cols + rect.col;
    INFSIM_CHECK(rect.row >= p.row0 && rect.row + (rect.rows - 1) * rect.row_step < p.row0 + p.rows,
                 "rows of " + value(v).name + " outside of what is resident");
    INFSIM_CHECK(images == 1 || p.images > 1, "several images of " + value(v).name + " at once, but they lie apart");
    const DType dtype = value(v).dtype;
    return {make_access(
                Space::state_buffer, half * target_.sb_partitions / 2, lanes, element * dtype_bytes(dtype), dtype,
                {{plane, images}, {std::int64_t{rect.row_step} * phys.cols, rect.rows}, {rect.col_step, rect.cols}}),
            p.buffer};
}

Operand Emitter::access_groups(ValueId v, int slot, int lanes, int image, const Rect& rect, int count,
                               int group_step) const {
    Operand o = access(v, slot, lanes, image, rect);
    if (count == 1) return o;
    const std::int64_t apart =
        std::int64_t{group_step} * place(v, image).images * place(v, image).rows * value(v).phys.cols;
    o.ap = make_access(
        Space::state_buffer, o.ap.partition_start, lanes, o.ap.offset, o.ap.dtype,
        {{apart, count}, {std::int64_t{rect.row_step} * value(v).phys.cols, rect.rows}, {rect.col_step, rect.cols}});
    return o;
}

std::vector<LaneChunk> Emitter::chunks(std::initializer_list<Part> parts) const {
    std::vector<LaneChunk> out;
    const Part& first = *parts.begin();
    const auto& lanes = value(first.value).phys.lanes;
    const int half = target_.sb_partitions / 2;
    for (int s = 0; s < first.slots;) {
        const int here = lanes[static_cast<std::size_t>(first.first_slot + s)];
        bool pair = s + 1 < first.slots && here == half;
        for (const Part& p : parts) pair = pair && (p.first_slot + s) % 2 == 0;
        if (pair) out.push_back({s, 2, here + lanes[static_cast<std::size_t>(first.first_slot + s + 1)]});
        else out.push_back({s, 1, here});
        s += out.back().slots;
    }
    return out;
}

std::vector<Emitter::ChunkRun> Emitter::chunk_runs(std::initializer_list<Part> parts, std::int64_t elements,
                                                   std::int64_t most) const {
    std::vector<ChunkRun> runs;
    for (const LaneChunk& c : chunks(parts)) {
        const bool joins = !runs.empty() && c.slots == 2 && runs.back().chunk.slots == 2 &&
                           runs.back().chunk.lanes == c.lanes && (runs.back().count + 1) * elements <= most;
        if (joins) ++runs.back().count;
        else runs.push_back({c, 1});
    }
    return runs;
}

Operand Emitter::psum(int bank, int lanes, std::int64_t offset_elements, std::initializer_list<Step> steps) const {
    return {
        make_access(Space::psum, 0, lanes, bank * target_.psum_bank_bytes + offset_elements * 4, DType::fp32, steps),
        kNoBuffer};
}

Operand Emitter::scratch(const char* name, int lanes_start, int lanes, std::int64_t elements, DType dtype) {
    const int half = target_.sb_partitions / 2;
    const Half where = lanes_start >= half ? Half::upper : lanes_start + lanes <= half ? Half::lower : Half::both;
    const BufferId b = new_buffer(name, elements * dtype_bytes(dtype), where, program::Purpose::spill);
    code_.buffers[b].rotates = true;
    return {make_access(Space::state_buffer, lanes_start, lanes, 0, dtype, {{1, elements}}), b};
}

}  // namespace infsim::compiler
