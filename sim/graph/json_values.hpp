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

/// A number, or one of the three that JSON cannot write ("inf", "-inf", "nan").
std::optional<double> json_real(const json::Cursor& cursor);
std::vector<double> json_reals(const std::vector<json::Cursor>& elements);

/// Names of axes, and what stands for them.
class JsonDims {
public:
    /// Those of the file; `given` replaces extents of them.
    void read(json::ObjectReader& root, const json::Document& document,
              const std::map<std::string, std::int64_t>& given, Problems& problems);
    /// Integers, or names of axes in their place.
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
    /// `reference` finds the tensor that a name stands for.
    JsonValues(const json::Document& document, const JsonDims& dims,
               std::function<TensorId(const json::Cursor&)> reference)
        : document_(document), dims_(dims), reference_(std::move(reference)) {}

    /// The member `value` of a constant that is declared already; without one it stays as it is.
    void read(const json::Cursor& cursor, Tensor& tensor);
    /// The notice about files that are not there; "" where all are.
    std::string absent() const;

private:
    Constant file_reference(const json::Cursor& cursor, const Tensor& tensor);
    Recipe recipe(const json::Cursor& cursor);

    const json::Document& document_;
    const JsonDims& dims_;
    std::function<TensorId(const json::Cursor&)> reference_;
    std::int64_t absent_ = 0;  ///< constants whose file is not there
    std::string absent_location_;
};

}  // namespace infsim::graph
