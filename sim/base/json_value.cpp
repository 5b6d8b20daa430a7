// Values and their text: the part of JSON that needs no parser.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace infsim::json {

Object::Object(std::initializer_list<Member> members) {
    for (const Member& member : members) set(member.first, member.second);
}

const Value* Object::find(std::string_view key) const {
    for (const Member& member : members_)
        if (member.first == key) return &member.second;
    return nullptr;
}

Value* Object::find(std::string_view key) { return const_cast<Value*>(static_cast<const Object&>(*this).find(key)); }

void Object::set(std::string key, Value value) {
    if (Value* present = find(key)) *present = std::move(value);
    else members_.emplace_back(std::move(key), std::move(value));
}

namespace {
template <class T, class Storage>
auto& content(Storage& data, std::string_view wanted, std::string_view found) {
    auto* held = std::get_if<T>(&data);
    INFSIM_CHECK(held != nullptr, fmt::format("JSON value is {}, not {}", found, wanted));
    return *held;
}
}  // namespace

bool Value::as_bool() const { return content<bool>(data_, "a boolean", kind()); }
std::int64_t Value::as_int() const { return content<std::int64_t>(data_, "an integer", kind()); }
double Value::as_number() const {
    if (is_int()) return static_cast<double>(as_int());
    return content<double>(data_, "a number", kind());
}
const std::string& Value::as_string() const { return content<std::string>(data_, "a string", kind()); }
const Array& Value::as_array() const { return content<Array>(data_, "an array", kind()); }
const Object& Value::as_object() const { return content<Object>(data_, "an object", kind()); }
Array& Value::as_array() { return content<Array>(data_, "an array", kind()); }
Object& Value::as_object() { return content<Object>(data_, "an object", kind()); }

std::string_view Value::kind() const {
    constexpr std::string_view names[] = {"null",     "a boolean", "an integer", "a number",
                                          "a string", "an array",  "an object"};
    return names[data_.index()];
}

bool operator==(const Value& a, const Value& b) { return a.storage() == b.storage(); }

bool operator==(const Object& a, const Object& b) {
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const Member& member) {
               const Value* other = b.find(member.first);
               return other && *other == member.second;
           });
}

std::string pointer_to(const std::string& pointer, std::string_view key) {
    std::string text = pointer + '/';
    for (char c : key) {
        if (c == '~') text += "~0";
        else if (c == '/') text += "~1";
        else text += c;
    }
    return text;
}

std::string pointer_to(const std::string& pointer, std::size_t index) { return pointer + '/' + std::to_string(index); }

namespace {

void write_string(std::string& out, std::string_view text) {
    out += '"';
    for (char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<int>(c));
                else out += c;
        }
    }
    out += '"';
}

struct Style {
    int indent = 0;          // spaces per level; 0: one line
    bool canonical = false;  // sorted keys, no spaces
};

class Writer {
public:
    explicit Writer(Style style) : style_(style) {}

    std::string text(const Value& value) {
        write(value, 0);
        return std::move(out_);
    }

private:
    void write(const Value& value, int level) {
        std::visit([&](const auto& content) { put(content, level); }, value.storage());
    }

    void put(std::nullptr_t, int) { out_ += "null"; }
    void put(bool b, int) { out_ += b ? "true" : "false"; }
    void put(std::int64_t n, int) { out_ += number_text(n); }
    void put(double x, int) {
        INFSIM_CHECK(std::isfinite(x), "JSON has no text for a number that is not finite");
        // An integral double reads back as an integer; readers of numbers accept both.
        const bool integral = x == std::floor(x) && std::fabs(x) < 9007199254740992.0;
        out_ += integral ? number_text(static_cast<std::int64_t>(x)) : number_text(x);
    }
    void put(const std::string& s, int) { write_string(out_, s); }

    void put(const Array& array, int level) {
        out_ += '[';
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (i) separate();
            new_line(level + 1);
            write(array[i], level + 1);
        }
        if (!array.empty()) new_line(level);
        out_ += ']';
    }

    void put(const Object& object, int level) {
        std::vector<const Member*> members;
        for (const Member& member : object) members.push_back(&member);
        if (style_.canonical)
            std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->first < b->first; });
        out_ += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i) separate();
            new_line(level + 1);
            write_string(out_, members[i]->first);
            out_ += style_.canonical ? ":" : ": ";
            write(members[i]->second, level + 1);
        }
        if (!members.empty()) new_line(level);
        out_ += '}';
    }

    void separate() { out_ += style_.indent > 0 || style_.canonical ? "," : ", "; }
    void new_line(int level) {
        if (style_.indent > 0) out_ += '\n' + std::string(static_cast<std::size_t>(level * style_.indent), ' ');
    }

    Style style_;
    std::string out_;
};

}  // namespace

std::string dump(const Value& value, int indent) { return Writer({indent, false}).text(value); }
std::string dump_canonical(const Value& value) { return Writer({0, true}).text(value); }

}  // namespace infsim::json
