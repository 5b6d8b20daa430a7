#include "hw/variant.hpp"

#include <algorithm>
#include <filesystem>

#include "hw/totals.hpp"

namespace infsim::hw {

namespace {

bool is_section(const json::Value& value) { return value.is_object() && !value.as_object().find("value"); }

/// Lays `over` over `base`; both are the section at `pointer`, or the whole chip.
void lay_over(json::Value& base, const json::Object& over, const std::string& pointer, int depth,
              std::set<std::string>& replaced) {
    for (const json::Member& member : over) {
        const std::string place = json::pointer_to(pointer, member.first);
        json::Value* const there = base.as_object().find(member.first);
        if (depth == 0 && there != nullptr && is_section(*there) && is_section(member.second)) {
            drop_other_forms(there->as_object(), member.second.as_object(), member.first);
            lay_over(*there, member.second.as_object(), place, depth + 1, replaced);
            continue;
        }
        base.as_object().set(member.first, member.second);
        replaced.insert(place);
    }
}

}  // namespace

std::optional<Resolved> resolve_variant(json::Document document, Problems& problems) {
    if (!document.root.is_object()) return Resolved{std::move(document), {}, {}};
    const json::Value* const base = document.root.as_object().find("base");
    if (base == nullptr) return Resolved{std::move(document), {}, {}};
    if (!base->is_string()) {
        problems.add(document.file, "/base",
                     "must be text that names a chip file, and is " + std::string(base->kind()));
        return std::nullopt;
    }
    const auto path = std::filesystem::path(document.file).parent_path() / base->as_string();
    Problems found;
    auto whole = json::parse_file(path.string(), found);
    for (Problem problem : found.list()) problems.add(std::move(problem));
    if (!found.empty() || !whole) return std::nullopt;
    if (!whole->root.is_object() || whole->root.as_object().find("base")) {
        problems.add(document.file, "/base",
                     "'" + base->as_string() + "' is not a complete chip file: " +
                         (whole->root.is_object() ? "it has a base itself" : "it is not an object"));
        return std::nullopt;
    }
    Resolved resolved{std::move(*whole), {}, document.file};
    json::Object over;
    for (const json::Member& member : document.root.as_object())
        if (member.first != "base") over.set(member.first, member.second);
    lay_over(resolved.document.root, over, "", 0, resolved.replaced);
    return resolved;
}

void add_to_variant(const Problems& found, const Resolved& resolved, Problems& problems) {
    for (Problem problem : found.list()) {
        const bool replaced = std::any_of(
            resolved.replaced.begin(), resolved.replaced.end(),
            [&](const std::string& p) { return problem.where == p || problem.where.rfind(p + "/", 0) == 0; });
        if (replaced && problem.file == resolved.document.file) problem.file = resolved.variant;
        problems.add(std::move(problem));
    }
}

}  // namespace infsim::hw
