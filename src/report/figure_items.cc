#include "report/figure_items.h"

#include <algorithm>
#include <cmath>

namespace ante {

namespace {

constexpr std::size_t kItemBytesMin = 8 + 3 + 2 + 1;

void write_drawn(ByteWriter& out, const DrawnSums& sums) {
  out.varint(sums.n);
  if (sums.n == 0) return;
  for (const double sum : {sums.w, sums.ww, sums.wr, sums.wwr, sums.wrr, sums.wwrr}) out.f64(sum);
}

void read_drawn(ByteReader& in, DrawnSums& sums) {
  sums.n = in.varint();
  if (sums.n == 0) return;
  for (double* sum : {&sums.w, &sums.ww, &sums.wr, &sums.wwr, &sums.wrr, &sums.wwrr})
    *sum = in.f64();
}

}  // namespace

void DrawnSums::add(double weight, double reward) {
  ++n;
  w += weight;
  ww += weight * weight;
  wr += weight * reward;
  wwr += weight * weight * reward;
  wrr += weight * reward * reward;
  wwrr += weight * weight * reward * reward;
}

void DrawnSums::add(const DrawnSums& other) {
  n += other.n;
  w += other.w;
  ww += other.ww;
  wr += other.wr;
  wwr += other.wwr;
  wrr += other.wrr;
  wwrr += other.wwrr;
}

void GoneItems::add(std::uint64_t count) {
  if (count == 0) return;
  const auto c = static_cast<double>(count);
  const double log = std::log(c);
  ++items;
  first += count;
  squares += c * c;
  cubes += c * c * c;
  logs += c * log;
  squared_logs += c * log * log;
}

ItemFigures& ItemTable::at(ItemKey item) {
  const auto found = items_.find(item);
  if (found != items_.end()) return found->second;
  if (items_.size() >= kFigureItemsMax) shrink();
  return items_[item];
}

ItemFigures* ItemTable::find(ItemKey item) {
  const auto found = items_.find(item);
  return found == items_.end() ? nullptr : &found->second;
}

const ItemFigures* ItemTable::find(ItemKey item) const {
  const auto found = items_.find(item);
  return found == items_.end() ? nullptr : &found->second;
}

std::vector<std::pair<ItemKey, ItemFigures>> ItemTable::sorted() const {
  std::vector<std::pair<ItemKey, ItemFigures>> all(items_.begin(), items_.end());
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.first.value < b.first.value; });
  return all;
}

void ItemTable::shrink() {
  auto all = sorted();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    const std::uint64_t uses_a = a.second.uses(), uses_b = b.second.uses();
    return uses_a != uses_b ? uses_a > uses_b : a.first < b.first;
  });
  for (std::size_t i = all.size() / 2; i < all.size(); ++i) {
    gone_.add(all[i].second.first);
    items_.erase(all[i].first);
  }
}

void ItemTable::save(ByteWriter& out) const {
  out.varint(gone_.items);
  out.varint(gone_.first);
  for (const double sum : {gone_.squares, gone_.cubes, gone_.logs, gone_.squared_logs})
    out.f64(sum);
  out.varint(items_.size());
  for (const auto& [key, item] : sorted()) {
    out.u64(key.value);
    for (const std::uint64_t count : {item.first, item.displaced, item.replacing})
      out.varint(count);
    for (const DrawnSums& sums : item.drawn) write_drawn(out, sums);
    out.varint(item.in_hand);
    if (item.in_hand == 0) continue;
    out.f64(item.gain);
    out.f64(item.gain_served);
  }
}

bool ItemTable::load(ByteReader& in) {
  gone_.items = in.varint();
  gone_.first = in.varint();
  for (double* sum : {&gone_.squares, &gone_.cubes, &gone_.logs, &gone_.squared_logs})
    *sum = in.f64();
  const std::size_t count = in.count(kItemBytesMin);
  if (count > kFigureItemsMax) return false;
  for (std::size_t i = 0; i < count; ++i) {
    ItemFigures& item = items_[ItemKey{in.u64()}];
    for (std::uint64_t* each : {&item.first, &item.displaced, &item.replacing}) *each = in.varint();
    for (DrawnSums& sums : item.drawn) read_drawn(in, sums);
    item.in_hand = in.varint();
    if (item.in_hand == 0) continue;
    item.gain = in.f64();
    item.gain_served = in.f64();
  }
  return in.ok() && items_.size() == count;
}

}  // namespace ante
