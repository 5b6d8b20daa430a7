// Shapes and values of the JSON form. Private to json_*.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_reader.hpp"
#include "graph/graph.hpp"

namespace infsim::graph {

/// A number, or one of the strings for numbers that JSON lacks ("inf", "-inf", "nan").
std::optional<double> json_real(const json::Cursor& cursor);
std::vector<double> json_reals(const std::vector<json::Cursor>& elements);

/// Names of axes and their extents.
class JsonDims {
public:
    /// Reads the names of the file; `given` replaces their extents.
    void read(json::ObjectReader& root, const json::Document& document,
              const std::map<std::string, std::int64_t>& given, Problems& problems);
    /// Integers, or names of axes instead.
    std::vector<std::int64_t> integers(const std::vector<json::Cursor>& elements, std::int64_t least,
                                       std::int64_t most) const;
    /// Name, shape and element type.
    Tensor tensor(json::ObjectReader& reader) const;

private:
    std::map<std::string, std::int64_t> extents_;
};

/// Reads the values of constants.
class JsonValues {
public:
    /// `reference` finds a tensor by name.
    JsonValues(const json::Document& document, const JsonDims& dims,
               std::function<TensorId(const json::Cursor&)> reference)
        : document_(document), dims_(dims), reference_(std::move(reference)) {}

    /// Reads the member `value` of a declared constant; without one the constant stays as it is.
    void read(const json::Cursor& cursor, Tensor& tensor);
    /// The notice about missing files; "" if there are none.
    std::string absent() const;

private:
    Constant file_reference(const json::Cursor& cursor, const Tensor& tensor);
    Recipe recipe(const json::Cursor& cursor);

    const json::Document& document_;
    const JsonDims& dims_;
    std::function<TensorId(const json::Cursor&)> reference_;
    std::int64_t absent_ = 0;  ///< constants whose file is missing
    std::string absent_location_;
};

}  // namespace infsim::graph
