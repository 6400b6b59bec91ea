// Dense numbers for item keys, for arrays in RAM: process-local, never stored.
//
// Anything may intern an item key at first sight; the number is permanent for the process.
// Any thread; reads take no lock, a new key takes its shard's.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/strong.h"
#include "domain/ids.h"

namespace ante {

using ItemIndex = Strong<std::uint32_t, struct ItemIndexTag>;

inline constexpr std::uint32_t kItemsMax = 4'000'000;  // distinct item keys a process will number

class ItemInterner {
 public:
  ItemInterner();
  ~ItemInterner();

  // The number of `key`, given now if it has none. None: kItemsMax are in use.
  std::optional<ItemIndex> intern(ItemKey key);
  std::optional<ItemIndex> find(ItemKey key) const;
  // REQUIRES index < size().
  ItemKey key_of(ItemIndex index) const;
  // Grows only; every index below it is valid.
  std::uint32_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
