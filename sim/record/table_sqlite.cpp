#include <sqlite3.h>

#include <charconv>
#include <memory>

#include "base/check.hpp"
#include "base/text.hpp"
#include "record/table.hpp"

namespace infsim::record {

namespace {

using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

/// A database in memory. Failures here are faults of infsim, because only texts and numbers depend on input.
class Database {
public:
    Database() {
        sqlite3* opened = nullptr;
        const int status = sqlite3_open(":memory:", &opened);
        handle_.reset(opened);
        check(status);
    }
    void run(const std::string& sql) { check(sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr)); }
    Statement prepare(const std::string& sql) {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &statement, nullptr));
        return {statement, &sqlite3_finalize};
    }
    /// Inserts the bound values, and resets the statement for the next row.
    void step(const Statement& statement) {
        if (const int status = sqlite3_step(statement.get()); status != SQLITE_DONE) check(status);
        check(sqlite3_reset(statement.get()));
    }
    void check(int status) const {
        INFSIM_CHECK(status == SQLITE_OK,
                     "SQLite takes the table: " + std::string(handle_ ? sqlite3_errmsg(handle_.get()) : "no memory"));
    }
    std::string bytes() {
        sqlite3_int64 size = 0;
        const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> data(
            sqlite3_serialize(handle_.get(), "main", &size, 0), &sqlite3_free);
        INFSIM_CHECK(data != nullptr, "there is memory for a copy of the database");
        return {reinterpret_cast<const char*>(data.get()), static_cast<std::size_t>(size)};
    }

private:
    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle_{nullptr, &sqlite3_close};
};

std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
}

std::string type_of(CellType type) {
    switch (type) {
        case CellType::integer: return "INTEGER";
        case CellType::number: return "REAL";
        case CellType::boolean: return "BOOLEAN";
        case CellType::text: break;
    }
    return "TEXT";
}

template <class T>
T number_of(const std::string& cell) {
    T value{};
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    INFSIM_CHECK(error == std::errc{} && end == cell.data() + cell.size(), "'" + cell + "' is a number");
    return value;
}

/// The text must live until the statement has run.
int bind(const Statement& statement, int place, const std::string& cell, CellType type) {
    if (cell.empty()) return sqlite3_bind_null(statement.get(), place);
    switch (type) {
        case CellType::integer: return sqlite3_bind_int64(statement.get(), place, number_of<std::int64_t>(cell));
        case CellType::number: return sqlite3_bind_double(statement.get(), place, number_of<double>(cell));
        case CellType::boolean: return sqlite3_bind_int64(statement.get(), place, cell == "true" ? 1 : 0);
        case CellType::text: break;
    }
    return sqlite3_bind_text(statement.get(), place, cell.data(), static_cast<int>(cell.size()), SQLITE_STATIC);
}

/// A statement with "(?, ?, ?)" that inserts a row of this many cells.
Statement inserter(Database& database, const std::string& table, std::size_t cells) {
    return database.prepare("INSERT INTO " + table + " VALUES (" + join(std::vector<std::string>(cells, "?"), ", ") +
                            ")");
}

void insert(Database& database, const Statement& statement, const std::vector<std::string>& cells,
            const std::vector<CellType>& types) {
    for (std::size_t c = 0; c < cells.size(); ++c)
        database.check(bind(statement, static_cast<int>(c + 1), cells[c], types[c]));
    database.step(statement);
}

void describe(Database& database, const TableHead& head) {
    const std::vector<CellType> text(7, CellType::text);
    database.run("CREATE TABLE sweep (name TEXT, question TEXT, schema_version TEXT)");
    insert(database, inserter(database, "sweep", 3),
           {head.name, head.question, number_text(std::int64_t{kTableVersion})}, text);
    database.run(
        "CREATE TABLE columns (name TEXT PRIMARY KEY, type TEXT, unit TEXT, meaning TEXT, axis_key TEXT, axis_kind "
        "TEXT, axis_together_with TEXT)");
    const auto statement = inserter(database, "columns", 7);
    for (const TableColumn& c : head.columns) {
        const TableAxis axis = c.axis.value_or(TableAxis{});
        insert(database, statement,
               {c.name, std::string(cell_type_name(c.type)), c.unit, c.meaning, axis.key,
                c.axis ? std::string(axis_kind_name(axis.kind)) : "", axis.together_with},
               text);
    }
}

}  // namespace

std::string table_as_sqlite(const TableHead& head, const NextRow& next) {
    Database database;
    database.run("BEGIN");
    describe(database, head);
    std::vector<std::string> columns;
    std::vector<CellType> types;
    for (const TableColumn& c : head.columns) {
        columns.push_back(quoted(c.name) + " " + type_of(c.type));
        types.push_back(c.type);
    }
    database.run("CREATE TABLE " + head.row + "s (" + join(columns, ", ") + ")");
    {
        const auto statement = inserter(database, head.row + "s", columns.size());
        std::vector<std::string> cells;
        while (next(cells)) {
            INFSIM_CHECK(cells.size() == types.size(), "a row has as many cells as the table has columns");
            insert(database, statement, cells, types);
        }
    }
    database.run("COMMIT");
    return database.bytes();
}

}  // namespace infsim::record
