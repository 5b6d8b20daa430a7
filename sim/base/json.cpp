#include "base/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace infsim::json {
namespace {

constexpr std::size_t max_depth = 200;  // a Value is destroyed recursively; our inputs nest at most ten deep

/// Builds a Value from the parser's events. A DOM would lose duplicate keys; events do not.
class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
    Builder(std::string_view text, const std::string& file, Problems& problems)
        : text_(text), file_(file), problems_(problems) {}

    bool null() override { return put(nullptr); }
    bool boolean(bool b) override { return put(b); }
    bool number_integer(number_integer_t n) override { return put(static_cast<std::int64_t>(n)); }
    bool number_unsigned(number_unsigned_t n) override {
        // Beyond signed 64 bits it becomes a double: integer readers will refuse it.
        if (n > static_cast<number_unsigned_t>(INT64_MAX)) return put(static_cast<double>(n));
        return put(static_cast<std::int64_t>(n));
    }
    bool number_float(number_float_t x, const string_t&) override { return put(x); }
    bool string(string_t& s) override { return put(std::move(s)); }
    bool binary(binary_t&) override { return false; }  // does not occur in JSON text

    bool start_object(std::size_t) override { return open(Value(Object{})); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Value(Array{})); }
    bool end_array() override { return close(); }
    bool key(string_t& k) override {
        frames_.back().key = std::move(k);
        return true;
    }

    bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& e) override {
        const auto at = line_and_column(text_, position == 0 ? 0 : position - 1);
        problems_.add(file_, fmt::format("line {}, column {}", at.line, at.column), reason(e.what(), token));
        return false;
    }

    Value take() { return std::move(root_); }

private:
    struct Frame {
        Value value;
        std::string key;  // of the next member, in an object
    };

    std::string pointer() const {
        std::string text;
        for (const Frame& frame : frames_)
            text =
                frame.value.is_object() ? pointer_to(text, frame.key) : pointer_to(text, frame.value.as_array().size());
        return text;
    }

    bool put(Value value) {
        if (frames_.empty()) {
            root_ = std::move(value);
            return true;
        }
        Frame& frame = frames_.back();
        if (frame.value.is_array()) {
            frame.value.as_array().push_back(std::move(value));
        } else if (frame.value.as_object().find(frame.key)) {
            problems_.add(file_, pointer(), "duplicate key '" + frame.key + "'");
        } else {
            frame.value.as_object().set(frame.key, std::move(value));
        }
        return true;
    }

    bool open(Value value) {
        if (frames_.size() == max_depth) {
            problems_.add(file_, "", fmt::format("nested deeper than {} levels", max_depth));
            return false;
        }
        frames_.push_back({std::move(value), {}});
        return true;
    }

    bool close() {
        Value done = std::move(frames_.back().value);
        frames_.pop_back();
        return put(std::move(done));
    }

    /// The parser's text without its own error number and position, which differ from ours.
    static std::string reason(std::string_view what, const std::string& token) {
        const auto colon = what.find(": ");
        std::string_view text = colon == std::string_view::npos ? what : what.substr(colon + 2);
        if (text.empty()) return "syntax error near '" + token + "'";
        return std::string(text);
    }

    std::string_view text_;
    const std::string& file_;
    Problems& problems_;
    std::vector<Frame> frames_;
    Value root_;
};

}  // namespace

std::optional<Document> parse_text(std::string_view text, const std::string& name, Problems& problems) {
    Builder builder(text, name, problems);
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
    return Document{name, builder.take()};
}

std::optional<Document> parse_file(const std::string& path, Problems& problems) {
    const auto text = read_file(path, problems);
    if (!text) return std::nullopt;
    return parse_text(*text, path, problems);
}

Value from_argument(std::string_view argument) {
    Problems not_json;
    const auto document = parse_text(argument, "", not_json);
    return document && not_json.empty() ? document->root : Value(argument);
}

}  // namespace infsim::json
