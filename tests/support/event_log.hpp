// Everything a chip told its observers, as text that can be sorted and compared.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "observe/observer.hpp"

namespace infsim::test {

class EventLog final : public observe::Observer {
public:
    void on(const observe::Issued& e) override { add("issued", e.who, {ps(e.at), ps(e.busy_until)}); }
    void on(const observe::Blocked& e) override {
        add("blocked", e.who, {ps(e.from), ps(e.until), static_cast<std::int64_t>(e.why)});
    }
    void on(const observe::Retired& e) override { add("retired", e.who, {ps(e.at)}); }
    void on(const observe::Transferred& e) override {
        add("transferred", e.who, {e.channel, e.bytes.count(), e.write, ps(e.from), ps(e.until)});
    }
    void on(const observe::HostTransferred& e) override {
        add("host", {e.core, 0, 0, e.inference}, {e.to_device, e.bytes.count(), ps(e.from), ps(e.until)});
    }
    void on(const observe::InferenceEvent& e) override {
        add("phase", {e.core, 0, 0, e.inference}, {static_cast<std::int64_t>(e.phase), ps(e.at)});
    }

    std::vector<std::string> sorted() const {
        auto lines = lines_;
        std::sort(lines.begin(), lines.end());
        return lines;
    }

private:
    static std::int64_t ps(TimePoint t) { return t.time_since_epoch().count(); }
    void add(const char* what, const observe::InstructionRef& who, std::initializer_list<std::int64_t> numbers) {
        std::string line = what + std::string(" core ") + std::to_string(who.core) + " inference " +
                           std::to_string(who.inference) + " queue " + std::to_string(who.queue) + " index " +
                           std::to_string(who.index) + ":";
        for (auto n : numbers) line += " " + std::to_string(n);
        lines_.push_back(std::move(line));
    }
    std::vector<std::string> lines_;
};

}  // namespace infsim::test
