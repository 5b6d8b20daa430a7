#include "compiler/emit/scratch_use.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

namespace infsim::compiler {

void ScratchUse::note(ValueId v, ImageId image) {
    ++now_;
    spans_[v].try_emplace(image, Span{now_, now_}).first->second.last = now_;
}

int ScratchUse::at_once(ValueId v) const {
    const auto found = spans_.find(v);
    if (found == spans_.end()) return 0;
    struct Change {
        std::int64_t when;
        bool ends;  ///< an image that is used once begins before it ends
        ImageId image;
        bool operator<(const Change& o) const { return std::tie(when, ends) < std::tie(o.when, o.ends); }
    };
    std::vector<Change> changes;
    for (const auto& [image, span] : found->second) {
        changes.push_back({span.first, false, image});
        changes.push_back({span.last, true, image});
    }
    std::sort(changes.begin(), changes.end());
    std::set<ImageId> in_use;
    int most = 0;
    for (const Change& change : changes) {
        if (change.ends) in_use.erase(change.image);
        else in_use.insert(change.image);
        if (!in_use.empty()) most = std::max(most, in_use.rbegin()->value() - in_use.begin()->value() + 1);
    }
    return most;
}

}  // namespace infsim::compiler
