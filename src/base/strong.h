// A value with a meaning: Strong<uint64_t, struct ItemKeyTag> does not mix with another.
// No implicit conversion either way; `.value` is the way out.

#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace ante {

template <typename T, typename Tag>
struct Strong {
  T value{};

  constexpr Strong() = default;
  constexpr explicit Strong(T v) : value(v) {}
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

}  // namespace ante

template <typename T, typename Tag>
struct std::hash<ante::Strong<T, Tag>> {
  std::size_t operator()(const ante::Strong<T, Tag>& v) const noexcept {
    return std::hash<T>{}(v.value);
  }
};
