// The composition root: makes, wires and drives DRAM and cores. No other file of this folder wires anything.
#include "chip/chip.hpp"

#include <algorithm>

#include <systemc>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "chip/core.hpp"
#include "chip/dram.hpp"

/// libsystemc has a main that calls this; infsim's executables have their own main and never get here.
int sc_main(int, char*[]) { return 0; }

namespace infsim::chip {

namespace {

int checked_cores(const hw::ChipSpec& spec, int cores) {
    if (cores < 1 || cores > spec.cores)
        throw InputError(
            "", "cores",
            std::to_string(cores) + " cores asked for, chip " + spec.name + " has 1 to " + std::to_string(spec.cores));
    return cores;
}

/// Runs before the first module is made.
void prepare_kernel() {
    INFSIM_CHECK(sc_core::sc_get_status() == sc_core::SC_ELABORATION, "SystemC elaborates one chip per process");
    INFSIM_CHECK(sc_core::sc_get_time_resolution() == sc_core::sc_time(1, sc_core::SC_PS),
                 "the kernel must count picoseconds");
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);
    sc_core::sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
    sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
}

}  // namespace

struct Chip::Impl {
    Impl(const hw::ChipSpec& chip_spec, int cores_on, std::vector<observe::Observer*> observers)
        : spec(chip_spec), layout(spec, checked_cores(spec, cores_on)), emit(std::move(observers)) {
        prepare_kernel();
        dram = std::make_unique<Dram>("dram", layout, faults);
        for (int c = 0; c < cores_on; ++c) {
            cores.push_back(
                std::make_unique<Core>(("core" + std::to_string(c)).c_str(), c, Context{spec, layout, emit, faults}));
            for (const auto& mover : cores.back()->movers()) mover->socket.bind(dram->socket);
        }
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }

    Core& core(int c) {
        INFSIM_CHECK(c >= 0 && c < static_cast<int>(cores.size()), "core " + std::to_string(c) + " is not switched on");
        return *cores[static_cast<std::size_t>(c)];
    }

    /// Cores that run the same program share its steps.
    std::shared_ptr<const StepProgram> steps_of(const std::shared_ptr<const program::Program>& program) const {
        for (const auto& core : cores)
            if (core->program() == program) return core->steps();
        return std::make_shared<const StepProgram>(make_steps(spec, *program));
    }

    void load(int c, std::shared_ptr<const program::Program> program, std::unique_ptr<CoreData> data) {
        faults.rethrow();
        check_target(spec, *program);
        auto steps = steps_of(program);
        dram->store().detach(c);
        if (data) attach(c, *program, *data);
        core(c).load(std::move(program), std::move(steps), std::move(data));
        settle();
    }

    std::uint64_t submit(int c, TimePoint at, std::unique_ptr<SegmentBytes> inputs) {
        INFSIM_CHECK(at >= kernel_now(), "an inference is submitted in the past");
        INFSIM_CHECK(core(c).loaded(), "an inference is submitted to a core without a program");
        return core(c).submit(at, std::move(inputs));
    }

    /// Makes the bytes of the core's segments the contents of device DRAM.
    void attach(int c, const program::Program& program, CoreData& data) {
        for (std::uint32_t s = 0; s < program.segments.size(); ++s)
            for (int buffer = 0; buffer < CoreData::kBuffers; ++buffer) {
                const auto& segment = program.segments[s];
                auto& bytes = data.segment(s, buffer);
                if (!bytes.empty())
                    dram->store().attach(c, layout.address(c, segment.region, segment.address), buffer, bytes);
            }
    }

    void settle() {
        while (sc_core::sc_pending_activity_at_current_time()) {
            sc_core::sc_start(sc_core::SC_ZERO_TIME);
            faults.rethrow();
        }
    }

    /// No event is left: an error unless all inferences are done.
    void check_not_stuck() const {
        std::string text;
        for (const auto& core : cores) text += core->stuck_queues();
        INFSIM_CHECK(text.empty(), "the program waits for something that never happens:" + text);
    }

    const hw::ChipSpec spec;
    const Layout layout;
    const Emitter emit;
    Faults faults;
    std::unique_ptr<Dram> dram;
    std::vector<std::unique_ptr<Core>> cores;
};

Chip::Chip(const hw::ChipSpec& spec, int cores, std::vector<observe::Observer*> observers)
    : impl_(std::make_unique<Impl>(spec, cores, std::move(observers))) {}

Chip::~Chip() = default;

void Chip::load(int core, std::shared_ptr<const program::Program> program) {
    impl_->load(core, std::move(program), nullptr);
}

void Chip::load(int core, std::shared_ptr<const program::Program> program, SegmentBytes contents) {
    auto data = std::make_unique<CoreData>(program, std::move(contents));
    impl_->load(core, std::move(program), std::move(data));
}

std::uint64_t Chip::submit(int core, TimePoint at) {
    INFSIM_CHECK(!impl_->core(core).has_data(), "an inference without inputs is submitted to a core with data");
    return impl_->submit(core, at, nullptr);
}

std::uint64_t Chip::submit(int core, TimePoint at, SegmentBytes inputs) {
    INFSIM_CHECK(impl_->core(core).has_data(), "inputs are submitted to a core without data");
    return impl_->submit(core, at, std::make_unique<SegmentBytes>(std::move(inputs)));
}

void Chip::advance_until(TimePoint t) {
    impl_->faults.rethrow();
    // The kernel leaves events at the end of a run for the next run, and stops at the last event only if nothing is
    // left: hence two kinds of steps.
    while (true) {
        impl_->settle();
        if (!sc_core::sc_pending_activity()) {
            impl_->check_not_stuck();
            return;
        }
        if (now() >= t) return;
        const sc_core::sc_time left = kernel_time(t - now());
        if (sc_core::sc_time_to_pending_activity() > left) {
            sc_core::sc_start(left, sc_core::SC_RUN_TO_TIME);
            return;
        }
        sc_core::sc_start(left, sc_core::SC_EXIT_ON_STARVATION);
        impl_->faults.rethrow();
    }
}

void Chip::forget_turns() {
    for (const auto& core : impl_->cores)
        INFSIM_CHECK(core->idle(), "turns are forgotten while inferences are outstanding");
    impl_->dram->forget_turns();
}

TimePoint Chip::now() const { return kernel_now(); }

std::vector<Completion> Chip::take_completions() {
    std::vector<Completion> all;
    for (auto& core : impl_->cores) {
        all.insert(all.end(), core->completions().begin(), core->completions().end());
        core->completions().clear();
    }
    std::stable_sort(all.begin(), all.end(), [](const Completion& a, const Completion& b) {
        return a.output_done != b.output_done ? a.output_done < b.output_done : a.core < b.core;
    });
    return all;
}

}  // namespace infsim::chip
