// JSON as plain values: read strictly, written canonically. Only json.cpp sees the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/problems.hpp"

namespace infsim::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;

/// Members in their written order; a key occurs at most once.
class Object {
public:
    Object() = default;
    Object(std::initializer_list<Member> members);

    /// The member's value, or nullptr.
    const Value* find(std::string_view key) const;
    Value* find(std::string_view key);
    /// Replaces the member with that key in place, or appends one.
    void set(std::string key, Value value);
    const std::vector<Member>& members() const { return members_; }
    bool empty() const { return members_.empty(); }
    std::size_t size() const { return members_.size(); }
    auto begin() const { return members_.begin(); }
    auto end() const { return members_.end(); }

private:
    std::vector<Member> members_;
};

/// null, boolean, 64-bit integer, double, string, array or object.
class Value {
public:
    using Storage = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

    Value() : data_(nullptr) {}
    Value(std::nullptr_t) : data_(nullptr) {}
    Value(bool b) : data_(b) {}
    Value(int n) : data_(std::int64_t{n}) {}
    Value(long n) : data_(std::int64_t{n}) {}
    Value(long long n) : data_(std::int64_t{n}) {}
    Value(unsigned n) : data_(std::int64_t{n}) {}
    Value(std::uint64_t) = delete;  // could overflow; convert to std::int64_t or to text at the call
    Value(double x) : data_(x) {}
    Value(const char* s) : data_(std::string(s)) {}
    Value(std::string_view s) : data_(std::string(s)) {}
    Value(std::string s) : data_(std::move(s)) {}
    Value(Array a) : data_(std::move(a)) {}
    Value(Object o) : data_(std::move(o)) {}

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
    bool is_bool() const { return std::holds_alternative<bool>(data_); }
    bool is_int() const { return std::holds_alternative<std::int64_t>(data_); }
    /// An integer or a double.
    bool is_number() const { return is_int() || std::holds_alternative<double>(data_); }
    bool is_string() const { return std::holds_alternative<std::string>(data_); }
    bool is_array() const { return std::holds_alternative<Array>(data_); }
    bool is_object() const { return std::holds_alternative<Object>(data_); }

    /// The content; asking for the wrong kind is a bug (InternalError). For input of unknown shape use
    /// json_reader.hpp, which reports problems instead.
    bool as_bool() const;
    std::int64_t as_int() const;
    double as_number() const;
    const std::string& as_string() const;
    const Array& as_array() const;
    const Object& as_object() const;
    Array& as_array();
    Object& as_object();

    const Storage& storage() const { return data_; }
    /// "an integer", "a string", ...: for messages.
    std::string_view kind() const;

private:
    Storage data_;
};

bool operator==(const Value& a, const Value& b);
bool operator==(const Object& a, const Object& b);  ///< order of members does not matter
inline bool operator!=(const Value& a, const Value& b) { return !(a == b); }

/// A parsed text and the name by which messages refer to it.
struct Document {
    std::string file;
    Value root;
};

/// Reads a file. Empty after adding to `problems`: not readable, syntax (line and column), nesting deeper
/// than 200. Duplicate keys are problems too (JSON pointer); the first one is kept.
std::optional<Document> parse_file(const std::string& path, Problems& problems);
/// The same for a text in memory; `name` replaces the path in messages.
std::optional<Document> parse_text(std::string_view text, const std::string& name, Problems& problems);

/// The value of a command-line argument such as the right side of `--set key=value`: JSON is read as
/// JSON (4, true, "text", {...}), anything else is taken as text (128KiB).
Value from_argument(std::string_view argument);

/// Appends one step to a JSON pointer, escaping '~' and '/'.
std::string pointer_to(const std::string& pointer, std::string_view key);
std::string pointer_to(const std::string& pointer, std::size_t index);

/// Text in the order of the members, `indent` spaces per level; 0: one line. Non-finite numbers are a bug.
std::string dump(const Value& value, int indent = 2);
/// One line without spaces, keys sorted bytewise, numbers by std::to_chars, a double with an integral
/// value as that integer: equal values give equal text on every host. Identities are hashes of this text.
std::string dump_canonical(const Value& value);

}  // namespace infsim::json
