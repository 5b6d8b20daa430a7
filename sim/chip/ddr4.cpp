#include "chip/ddr4.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::chip {

namespace {
using Kind = hw::AddressField::Kind;
}

Ddr4Channel::Ddr4Channel(const hw::Ddr4Dram& spec) : spec_(spec), clock_((Cycles{1} / spec.clock).count()) {
    const auto time = [&](Cycles cycles) { return clock_ * cycles.count(); };
    cl_ = time(spec.cl), cwl_ = time(spec.cwl);
    rcd_ = time(spec.t_rcd), rp_ = time(spec.t_rp), ras_ = time(spec.t_ras);
    ccd_s_ = time(spec.t_ccd_s), ccd_l_ = time(spec.t_ccd_l);
    rrd_s_ = time(spec.t_rrd_s), rrd_l_ = time(spec.t_rrd_l), faw_ = time(spec.t_faw);
    wtr_s_ = time(spec.t_wtr_s), wtr_l_ = time(spec.t_wtr_l), rtp_ = time(spec.t_rtp), wr_ = time(spec.t_wr);
    burst_ = time(Cycles{hw::kDdr4BurstLength / 2});
    refi_ = spec.t_refi.count(), rfc_ = spec.t_rfc.count();
    column_bytes_ = hw::column_bytes(spec).count();
    INFSIM_CHECK(spec.bank_groups * spec.banks_per_group <= kMaxBanks, "a DDR4 channel has at most 16 banks");
    int shift = 0;
    bool in_stripe = true;
    std::array<int, 4> collected{};
    for (const hw::AddressField& field : spec.address_map) {
        int& to = collected[static_cast<std::size_t>(field.kind)];
        if (field.kind == Kind::bank_group) group_.push_back({shift, field.bits, to});
        if (field.kind == Kind::bank) bank_.push_back({shift, field.bits, to});
        if (field.kind == Kind::row) row_.push_back({shift, field.bits, to});
        to += field.bits;
        // A stripe has only column bits and at most one run of bank group bits.
        in_stripe = in_stripe && (field.kind == Kind::column || (field.kind == Kind::bank_group && group_bits_ == 0));
        if (in_stripe) {
            if (field.kind == Kind::bank_group) group_bits_ = field.bits;
            else if (group_bits_ == 0) low_bits_ += field.bits;
            stripe_bits_ += field.bits;
        }
        shift += field.bits;
    }
    restart(0);
}

void Ddr4Channel::restart(Time now) {
    state_ = State{};
    state_.origin = now;
    state_.refresh = now + refi_;
    const Time long_ago = now - rfc_ - refi_ - faw_;  // nothing before `now` delays anything
    state_.last_activate = state_.last_column = long_ago;
    state_.window.fill(long_ago);
    state_.group_activate.fill(long_ago);
    for (Bank& bank : state_.banks) bank.precharge_from = bank.activate_from = bank.activated = long_ago;
}

std::int64_t Ddr4Channel::gather(const std::vector<Field>& fields, std::uint64_t bits) {
    std::uint64_t number = 0;
    for (const Field& f : fields) number |= (bits >> f.shift & ((std::uint64_t{1} << f.bits) - 1)) << f.to;
    return static_cast<std::int64_t>(number);
}

Ddr4Channel::Place Ddr4Channel::place_of(std::uint64_t column_index) const {
    Place place;
    place.group = static_cast<std::int32_t>(gather(group_, column_index));
    place.bank = place.group * spec_.banks_per_group + static_cast<std::int32_t>(gather(bank_, column_index));
    place.row = gather(row_, column_index);
    return place;
}

Ddr4Channel::Time Ddr4Channel::edge(Time t) const {
    const Time since = t - state_.origin;
    return t + (clock_ - since % clock_) % clock_;
}

/// From the column at position `from` of a stripe to the one at `to`.
Ddr4Channel::Time Ddr4Channel::spacing(std::int64_t from, std::int64_t to) const {
    const std::int64_t changes = group_bits_ == 0 ? 0 : (to >> low_bits_) - (from >> low_bits_);
    return changes * ccd_s_ + (to - from - changes) * ccd_l_;
}

/// From the last column to the first column of the next stripe.
Ddr4Channel::Time Ddr4Channel::gap_to(std::int32_t group, bool write) const {
    const bool same = group == state_.last_group;
    const Time columns = same ? ccd_l_ : ccd_s_;
    if (write == state_.last_write) return columns;
    if (write) return std::max(columns, cl_ + burst_ + 2 * clock_ - cwl_);
    return std::max(columns, cwl_ + burst_ + (same ? wtr_l_ : wtr_s_));
}

/// Closes all rows and refreshes if a refresh is due before columns could go out at `columns_from`. Of the
/// refreshes that were due while the channel was idle, only the last can delay anything.
void Ddr4Channel::refresh_if_due(Time columns_from) {
    State& s = state_;
    if (s.refresh > columns_from) return;
    Time start = s.refresh;
    for (Bank& bank : s.banks) {
        if (bank.row >= 0)
            start = std::max(start, std::max({s.refresh, bank.precharge_from, bank.activated + ras_}) + rp_);
        else start = std::max(start, bank.activate_from);
        bank.row = -1;
    }
    const Time missed = (columns_from - s.refresh) / refi_;
    if (missed > 0) start = std::max(start, s.refresh + missed * refi_);
    for (Bank& bank : s.banks) bank.activate_from = start + rfc_;
    s.refresh += (missed + 1) * refi_;
    s.counts.refreshes += missed + 1;
}

/// Opens the row if it is not; returns when its columns may be used.
Ddr4Channel::Time Ddr4Channel::open_row(Time at, Place place) {
    State& s = state_;
    Bank& bank = s.banks[static_cast<std::size_t>(place.bank)];
    if (bank.row == place.row) {
        ++s.counts.hits;
        return bank.activated + rcd_;
    }
    Time activate = std::max(at, bank.activate_from);
    if (bank.row >= 0) {
        activate = std::max({at, bank.precharge_from, bank.activated + ras_}) + rp_;
        ++s.counts.conflicts;
    } else {
        ++s.counts.misses;
    }
    Time& group = s.group_activate[static_cast<std::size_t>(place.group)];
    activate = std::max({activate, s.last_activate + rrd_s_, group + rrd_l_, s.window[s.oldest] + faw_});
    bank.row = place.row;
    bank.activated = s.last_activate = group = s.window[s.oldest] = activate;
    s.oldest = (s.oldest + 1) % static_cast<std::uint32_t>(s.window.size());
    return activate + rcd_;
}

/// Columns [column_index, column_index + count), all of one stripe.
Ddr4Channel::Served Ddr4Channel::serve_stripe(Time at, std::uint64_t column_index, std::int64_t count, bool write) {
    State& s = state_;
    const auto first = static_cast<std::int64_t>(column_index & ((std::uint64_t{1} << stripe_bits_) - 1));
    const std::int64_t last = first + count - 1;
    const std::int64_t first_turn = first >> low_bits_, last_turn = last >> low_bits_;  // turns of bank groups
    const std::int64_t turns =
        group_bits_ == 0 ? 1 : std::min(last_turn - first_turn + 1, std::int64_t{1} << group_bits_);
    const Place start = place_of(column_index);
    Time begin = std::max(at, s.last_column + gap_to(start.group, write));
    refresh_if_due(begin);
    std::array<Place, kMaxBanks> places;
    for (std::int64_t t = 0; t < turns; ++t) {
        const std::int64_t position = std::max(first, (first_turn + t) << low_bits_);
        places[t] = t == 0 ? start : place_of(column_index + static_cast<std::uint64_t>(position - first));
        begin = std::max(begin, open_row(at, places[t]) - spacing(first, position));
    }
    for (std::int64_t t = 0; t < turns; ++t) {  // the last column of each bank decides when it can be closed
        std::int64_t position = last;
        if (turns > 1) {
            const std::int64_t turn =
                last_turn - ((last_turn - first_turn - t) & ((std::int64_t{1} << group_bits_) - 1));
            position = std::min(last, ((turn + 1) << low_bits_) - 1);
        }
        const Time column = begin + spacing(first, position);
        Bank& bank = s.banks[static_cast<std::size_t>(places[t].bank)];
        bank.precharge_from = std::max(bank.precharge_from, write ? column + cwl_ + burst_ + wr_ : column + rtp_);
    }
    s.last_column = begin + spacing(first, last);
    s.last_group = place_of(column_index + static_cast<std::uint64_t>(count - 1)).group;
    s.last_write = write;
    s.counts.columns += count;
    return {begin, s.last_column + (write ? cwl_ : cl_) + burst_};
}

Ddr4Channel::Served Ddr4Channel::serve(Time at, std::uint64_t address, std::int64_t bytes, bool write) {
    INFSIM_CHECK(bytes > 0, "a burst without bytes");
    at = edge(at);
    std::uint64_t column = address / static_cast<std::uint64_t>(column_bytes_);
    const std::uint64_t end =
        (address + static_cast<std::uint64_t>(bytes - 1)) / static_cast<std::uint64_t>(column_bytes_) + 1;
    Served all{-1, 0};
    while (column < end) {
        const std::uint64_t stripe_end = ((column >> stripe_bits_) + 1) << stripe_bits_;
        const std::uint64_t until = std::min(end, stripe_end);
        const Served served = serve_stripe(at, column, static_cast<std::int64_t>(until - column), write);
        if (all.begin < 0) all.begin = served.begin;
        all.end = served.end;
        column = until;
    }
    return all;
}

}  // namespace infsim::chip
