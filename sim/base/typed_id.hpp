// Ids that cannot be mixed up, and vectors that only their own ids index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <utility>
#include <vector>

namespace infsim {

/// The number of an object among those of its kind. `Tag` distinguishes the kinds; a default id names no object.
template <class Tag>
class TypedId {
public:
    using Rep = std::int32_t;

    constexpr TypedId() = default;
    constexpr explicit TypedId(Rep value) : value_(value) {}

    constexpr Rep value() const { return value_; }
    constexpr std::size_t index() const { return static_cast<std::size_t>(value_); }
    constexpr bool exists() const { return value_ >= 0; }

    constexpr TypedId& operator++() {
        ++value_;
        return *this;
    }
    /// The id `n` after this one (before it for a negative n).
    constexpr TypedId next(Rep n = 1) const { return TypedId(value_ + n); }

    friend constexpr bool operator==(TypedId a, TypedId b) { return a.value_ == b.value_; }
    friend constexpr bool operator!=(TypedId a, TypedId b) { return a.value_ != b.value_; }
    friend constexpr bool operator<(TypedId a, TypedId b) { return a.value_ < b.value_; }
    friend constexpr bool operator>(TypedId a, TypedId b) { return a.value_ > b.value_; }
    friend constexpr bool operator<=(TypedId a, TypedId b) { return a.value_ <= b.value_; }
    friend constexpr bool operator>=(TypedId a, TypedId b) { return a.value_ >= b.value_; }

private:
    Rep value_ = -1;
};

/// Ids [first, last), for loops over them.
template <class Id>
class IdRange {
public:
    class Iterator {
    public:
        constexpr explicit Iterator(Id at) : at_(at) {}
        constexpr Id operator*() const { return at_; }
        constexpr Iterator& operator++() {
            ++at_;
            return *this;
        }
        constexpr bool operator!=(const Iterator& o) const { return at_ != o.at_; }

    private:
        Id at_;
    };
    constexpr IdRange(Id first, Id last) : first_(first), last_(last < first ? first : last) {}
    constexpr Iterator begin() const { return Iterator(first_); }
    constexpr Iterator end() const { return Iterator(last_); }
    constexpr std::size_t size() const { return static_cast<std::size_t>(last_.value() - first_.value()); }

private:
    Id first_, last_;
};

/// A vector with one element for each id from 0 on.
template <class Id, class T>
class IdVector {
public:
    using value_type = T;
    using Storage = std::vector<T>;
    using reference = typename Storage::reference;
    using const_reference = typename Storage::const_reference;

    IdVector() = default;
    explicit IdVector(std::size_t size, const T& value = T()) : items_(size, value) {}
    IdVector(std::initializer_list<T> items) : items_(items) {}
    explicit IdVector(Storage items) : items_(std::move(items)) {}

    reference operator[](Id id) { return items_[id.index()]; }
    const_reference operator[](Id id) const { return items_[id.index()]; }
    reference at(Id id) { return items_.at(id.index()); }
    const_reference at(Id id) const { return items_.at(id.index()); }

    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }
    /// The id of the next element.
    Id next_id() const { return Id(static_cast<typename Id::Rep>(items_.size())); }
    IdRange<Id> ids() const { return {Id(0), next_id()}; }

    /// Returns the id of the new element.
    Id push_back(T item) {
        const Id id = next_id();
        items_.push_back(std::move(item));
        return id;
    }
    void assign(std::size_t size, const T& value) { items_.assign(size, value); }
    void resize(std::size_t size, const T& value = T()) { items_.resize(size, value); }
    void reserve(std::size_t size) { items_.reserve(size); }
    void clear() { items_.clear(); }
    reference back() { return items_.back(); }
    const_reference back() const { return items_.back(); }
    reference front() { return items_.front(); }
    const_reference front() const { return items_.front(); }
    void pop_back() { items_.pop_back(); }

    auto begin() { return items_.begin(); }
    auto end() { return items_.end(); }
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }

    const Storage& items() const { return items_; }
    bool operator==(const IdVector& o) const { return items_ == o.items_; }
    bool operator!=(const IdVector& o) const { return items_ != o.items_; }

private:
    Storage items_;
};

}  // namespace infsim

template <class Tag>
struct std::hash<infsim::TypedId<Tag>> {
    std::size_t operator()(infsim::TypedId<Tag> id) const { return std::hash<std::int32_t>()(id.value()); }
};
