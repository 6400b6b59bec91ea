// What became of each item in one slot or bet: a table of bounded size with sums, not histories.
//
// In:   an item, and what happened with it in one decision or matured row.
// Out:  counts and inverse-propensity sums an item, and what is left of the items that went.
//
// At most kFigureItemsMax items. When one more comes, the half that was used least goes (ties: the
// larger key): its counts at the first place stay in the sums of those gone, so that entropy and
// divergence stay whole; its inverse-propensity sums are lost, and it starts anew if it returns.
// The same calls in the same order give the same bits. One thread.

#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "domain/ids.h"

namespace ante {

inline constexpr std::size_t kFigureItemsMax = 4096;  // of one slot or bet

// Sums over matured first places that showed the item: w = 1 / propensity, r = reward.
struct DrawnSums {
  std::uint64_t n = 0;
  double w = 0, ww = 0, wr = 0, wwr = 0, wrr = 0, wwrr = 0;

  void add(double weight, double reward);
  void add(const DrawnSums& other);
  // Decisions of equal weight that would tell as much: (sum w)^2 / sum w^2; 0 when empty.
  double effective_n() const { return ww > 0 ? w * w / ww : 0; }
  // The same of what was earned: (sum wr)^2 / sum w^2 r^2.
  double effective_hits() const { return wwrr > 0 ? wr * wr / wwrr : 0; }
  // The item's mean where it could be shown: sum wr / sum w; 0 when empty.
  double mean() const { return w > 0 ? wr / w : 0; }
  // sum w (r - m), sum w (r - m)^2 and sum w^2 (r - m)^2.
  double off(double m) const { return wr - m * w; }
  double squares(double m) const { return wrr - 2 * m * wr + m * m * w; }
  double weighted_squares(double m) const { return wwrr - 2 * m * wwr + m * m * ww; }
};

struct ItemFigures {
  std::uint64_t first = 0;         // treated decisions that showed it at the first place
  std::uint64_t displaced = 0;     // … that had it in the safe default and did not show it
  std::uint64_t replacing = 0;     // … that showed it although the safe default has it not
  std::array<DrawnSums, 2> drawn;  // by half of the persons
  // Over drawn decisions that had it in the hand: the gain the model expected of it at the first
  // place, and of what was served there instead.
  std::uint64_t in_hand = 0;
  double gain = 0, gain_served = 0;

  std::uint64_t uses() const { return first + displaced + replacing + drawn[0].n + drawn[1].n; }
};

// Counts at the first place, of items that are no longer told apart.
struct GoneItems {
  std::uint64_t items = 0, first = 0;
  double squares = 0, cubes = 0, logs = 0, squared_logs = 0;  // sums of c^2, c^3, c ln c, c ln^2 c

  void add(std::uint64_t count);
};

class ItemTable {
 public:
  // The item's figures; makes room if it is new and the table is full. The reference holds until
  // the next call of at() or shrink().
  ItemFigures& at(ItemKey item);
  ItemFigures* find(ItemKey item);
  const ItemFigures* find(ItemKey item) const;
  std::size_t size() const { return items_.size(); }
  const GoneItems& gone() const { return gone_; }
  // By key.
  std::vector<std::pair<ItemKey, ItemFigures>> sorted() const;
  // Drops the half that was used least.
  void shrink();

  void save(ByteWriter& out) const;
  // False: the bytes are damaged.
  bool load(ByteReader& in);

 private:
  std::unordered_map<ItemKey, ItemFigures> items_;
  GoneItems gone_;
};

}  // namespace ante
