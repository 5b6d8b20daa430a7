"""Tries scripts/check_structure.py on small sources, each with something that is easily measured wrong or beyond a limit.

usage: check_structure_test.py PATH_OF_check_structure.py
"""
import pathlib
import subprocess
import sys
import tempfile

SAMPLE = '''#include <x>  // { not a brace
#define PAIR {1, 2}
namespace a::b {
/* class Commented { void f(); }; */
const std::map<std::string, std::function<void(int)>> kTable{{"}", [](int) {}}};
enum class Kind { one, two };
struct Plain { int x = f(3); std::function<void(int)> g; int (*h)[2]; char c = '}'; int big = 1'000'000; };
class Widget : public Base<int(int)> {
public:
    Widget() = default;
    Widget(const Widget&) = delete;
    explicit Widget(int n) : n_{n}, list_{1, 2} { if (n) { use(); } }
    ~Widget();
    bool operator==(const Widget& other) const { return n_ == other.n_; }
    int operator()(int x) const;
    template <typename T, typename U = std::vector<T>>
    auto visit(T t, U u = {}) const noexcept -> decltype(t) {
        return t;
    }
    static Widget make(std::initializer_list<int> list = {1, 2});
    friend void swap(Widget& a, Widget& b);
    using Callback = void (*)(int);
    int n() const { return n_; }
    virtual void pure(const std::function<void(int)>& f) = 0;
private:
    int n_ = 0;
    std::vector<int> list_{3};
};
static const char* const kText = R"(class Raw { void f(); )";
}  // namespace a::b

a::b::Widget::~Widget() {
    const auto inner = [&](int x) {
        return x;
    };
    struct Local { void f() {} };
    for (int i = 0; i < 3; ++i) { inner(i); }
}

std::vector<std::function<int(int)>> free_one(
    int a,
    int b) {
    return {};
}
'''
# Name -> lines, and class -> methods.
FUNCTIONS = {"Widget": 1, "operator==": 1, "visit": 4, "n": 1, "~Widget": 7, "free_one": 5}
CLASSES = {"Plain": 0, "Widget": 8}


def body(lines):
    return "void f() {\n" + "    g();\n" * (lines - 2) + "}\n"


# Source -> what must be complained about, or None where nothing may be.
CASES = [
    (body(60) + body(2) * 99, None),
    (body(61) + body(3) * 60, "f has 61 lines (limit 60)"),
    (body(36) + body(2) * 99, None),
    (body(36) * 2 + body(2) * 98, "of 100 functions 2 have more than 35 lines"),
    ("struct S {\n" + "    void f();\n" * 30 + "};\n" + body(2), None),
    ("struct S {\n" + "    void f() {}\n" * 16 + "    int g();\n" * 15 + "};\n", "S has 31 methods (limit 30)"),
    ("\n" * 298 + body(2), None),
    ("\n" * 299 + body(2), "301 lines (limit 300)"),
    ("int x = 1;\n", "no function found"),
    ("void f() {\n", "1 braces are not closed"),
    ("}\n" + body(2), "a closing brace too many"),
]


def check(checker, text, *options):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "x.cpp").write_text(text)
        result = subprocess.run([sys.executable, checker, *options, folder], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr


def main(checker):
    failures = []
    status, listing = check(checker, SAMPLE, "--list")
    for name, lines in FUNCTIONS.items():
        if not any(l.split()[:2] == [str(lines), "lines"] and l.endswith(" " + name) for l in listing.splitlines()):
            failures.append(f"{name} has not {lines} lines")
    for name, methods in CLASSES.items():
        if not any(l.split()[:2] == [str(methods), "methods"] and l.endswith(" " + name) for l in listing.splitlines()):
            failures.append(f"{name} has not {methods} methods")
    rows = {line.split()[0]: line.split()[1] for line in listing.splitlines() if line.strip()}
    if status != 0 or rows["functions"] != str(len(FUNCTIONS)) or rows["classes"] != str(len(CLASSES)):
        failures.append("the sample is not measured as it is")
    if failures:
        failures.append(listing)
    for text, complaint in CASES:
        status, output = check(checker, text)
        if (status == 0) != (complaint is None) or (complaint and complaint not in output):
            failures.append(f"'{complaint}' is not what comes of\n{text[:200]}...\nbut: {status}\n{output}")
    print("\n".join(failures) if failures else f"a sample and {len(CASES)} sources are measured as they are")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
