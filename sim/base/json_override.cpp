#include "base/json_override.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace infsim::json {

namespace {

/// Whether a JSON pointer equals the other one or leads into its value.
bool is_within(const std::string& pointer, const std::string& outer) {
    return pointer.compare(0, outer.size(), outer) == 0 &&
           (pointer.size() == outer.size() || pointer[outer.size()] == '/');
}

/// Walks from the root to the value that a key names.
class Walk {
public:
    Walk(Value& root, const std::string& key, const OverrideRules& rules) : key_(key), rules_(rules), place_(&root) {}

    /// One step; false after recording what is wrong.
    bool step(const std::string& name, bool last) {
        if (!open() || name.empty()) return fail(name, {});
        const std::string path = path_.empty() ? name : path_ + "." + name;
        Object& object = place_->as_object();
        if (rules_.keys) {
            const std::vector<std::string> keys = rules_.keys(path_, object);
            if (std::find(keys.begin(), keys.end(), name) == keys.end()) return fail(name, keys);
        }
        if (object.find(name) == nullptr) {
            if (rules_.absent) object.set(name, rules_.absent(path));
            else object.set(name, last ? Value{} : Value{Object{}});
        }
        place_ = object.find(name);
        path_ = path;
        pointer_ = pointer_to(pointer_, name);
        return true;
    }

    /// Whether the place is a section, which cannot be set; records that.
    bool at_section() {
        if (!rules_.keys || !open()) return false;
        wrong_ = fmt::format("'{}{}' is a section, not a value; its keys are {}", rules_.prefix, key_,
                             join(rules_.keys(path_, place_->as_object()), ", "));
        return true;
    }

    Value& place() const { return *place_; }
    const std::string& pointer() const { return pointer_; }
    const std::string& wrong() const { return wrong_; }

private:
    /// Whether keys can lead into the value at the place.
    bool open() const { return place_->is_object() && !(rules_.is_value && rules_.is_value(*place_)); }

    bool fail(const std::string& name, const std::vector<std::string>& keys) {
        wrong_ = fmt::format("'{}{}' is no key of {}: there is no '{}'{}", rules_.prefix, key_, rules_.of, name,
                             keys.empty() ? "" : suggestion(name, keys));
        return false;
    }

    const std::string& key_;
    const OverrideRules& rules_;
    Value* place_;
    std::string path_, pointer_, wrong_;
};

}  // namespace

void Overridden::apply(Value& root, const Override& override, const OverrideRules& rules, Problems& problems) {
    if (!root.is_object()) return;  // which the reader reports
    Walk walk(root, override.key, rules);
    const std::vector<std::string> names = split(override.key, '.');
    bool good = true;
    for (std::size_t i = 0; good && i < names.size(); ++i) good = walk.step(names[i], i + 1 == names.size());
    if (!good || walk.at_section()) {
        problems.add(override.file, override.where, walk.wrong());
        return;
    }
    if (rules.put) rules.put(walk.place(), override.value);
    else walk.place() = override.value;
    applied_.push_back({walk.pointer(), rules.prefix + override.key, &override});
}

const Overridden::Applied* Overridden::around(const std::string& pointer) const {
    for (auto a = applied_.rbegin(); a != applied_.rend(); ++a)
        if (is_within(pointer, a->pointer)) return &*a;
    return nullptr;
}

const Override* Overridden::at(const std::string& pointer) const {
    for (auto a = applied_.rbegin(); a != applied_.rend(); ++a)
        if (is_within(pointer, a->pointer) || is_within(a->pointer, pointer)) return a->override;
    return nullptr;
}

void Overridden::relocate(const Problems& found, const std::string& file, Problems& problems) const {
    for (const Problem& problem : found.list()) {
        const Applied* const set = problem.file == file ? around(problem.where) : nullptr;
        if (set == nullptr) problems.add(problem);
        else problems.add(set->override->file, set->override->where, set->name + ": " + problem.what);
    }
}

}  // namespace infsim::json
