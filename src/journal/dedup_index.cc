#include "journal/dedup_index.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "journal/meta_keys.h"

namespace ante {

namespace {

constexpr std::uint64_t kFilterVersion = 1;  // one blob a day

std::string filter_name(std::uint32_t day) { return "dedup-" + std::to_string(day); }

std::string day_prefix(std::uint32_t day) {
  std::string prefix;
  append_big_endian(prefix, day);
  return prefix;
}

}  // namespace

std::uint32_t dedup_day(TimeMs received_at) {
  return received_at <= 0 ? 0 : static_cast<std::uint32_t>(received_at / kDayMs);
}

void DedupIndex::warn(const Error& error) const {
  if (options_.on_warning) options_.on_warning(error);
}

Result<void> DedupIndex::load() {
  std::vector<std::uint32_t> found;
  const std::string_view prefix = kDedupDayPrefix;
  TRY(store_.scan(Table::kMeta, prefix, [&](std::string_view key, std::string_view) {
    if (key.size() == prefix.size() + 4) {
      found.push_back(read_big_endian<std::uint32_t>(key.substr(prefix.size())));
    }
    return true;
  }));
  std::sort(found.rbegin(), found.rend());
  for (const std::uint32_t day : found) TRY(load_day(day));
  return {};
}

Result<void> DedupIndex::load_day(std::uint32_t day) {
  Day loaded;
  loaded.day = day;
  loaded.row_durable = true;
  const auto blob = store_.get_blob(filter_name(day), kFilterVersion);
  if (blob.has_value()) {
    auto filter = DedupFilter::load(*blob);
    if (filter.has_value()) {
      loaded.filter = std::move(*filter);
      loaded.saved = true;
      days_.push_back(std::move(loaded));
      return {};
    }
    warn(filter.error());
  } else if (blob.error().code != ErrorCode::kNotFound) {
    warn(blob.error());
  }
  TRY(store_.scan(Table::kDedup, day_prefix(day), [&](std::string_view key, std::string_view) {
    if (key.size() == 20) {
      const Hash128 hash{read_big_endian<std::uint64_t>(key.substr(4)),
                         read_big_endian<std::uint64_t>(key.substr(12))};
      loaded.filter.insert(hash, options_.filter_bytes_max);
    }
    return true;
  }));
  days_.push_back(std::move(loaded));
  return {};
}

Result<std::vector<bool>> DedupIndex::stored(std::span<const MessageKey> keys) const {
  std::vector<bool> known(keys.size(), false);
  std::vector<std::string> wanted;
  std::vector<std::size_t> whose;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (const Day& day : days_) {
      if (!day.filter.maybe(keys[i].value)) continue;
      wanted.push_back(dedup_key(day.day, keys[i]));
      whose.push_back(i);
    }
  }
  if (wanted.empty()) return known;
  table_reads_ += wanted.size();
  const auto rows = TRY(store_.mget(Table::kDedup, wanted));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].has_value()) known[whose[i]] = true;
  }
  return known;
}

DedupIndex::Day& DedupIndex::open_day(std::uint32_t day) {
  for (Day& known : days_) {
    if (known.day == day) return known;
  }
  Day opened;
  opened.day = day;
  // About as many keys as the newest day, so that one segment answers.
  if (!days_.empty()) {
    const std::size_t keys = std::min<std::size_t>(days_.front().filter.keys(), 8u << 20);
    opened.filter = DedupFilter(keys + keys / 4);
  }
  const auto at =
      std::find_if(days_.begin(), days_.end(), [&](const Day& other) { return other.day < day; });
  return *days_.insert(at, std::move(opened));
}

Result<void> DedupIndex::add(const MessageKey& key, TimeMs received_at, Partition partition,
                             Sequence sequence, std::vector<Row>& rows) {
  const std::uint32_t number = dedup_day(received_at);
  Day& day = open_day(number);
  if (day.saved) {
    // A finished day takes keys again (the clock went back): its blob would lack them.
    TRY(store_.erase_blob(filter_name(number), kFilterVersion));
    day.saved = false;
  }
  if (!day.row_durable && !day.row_written) {
    rows.push_back({Table::kMeta, dedup_day_key(number), std::string()});
    day.row_written = true;
  }
  const std::size_t others = filter_bytes() - day.filter.bytes();
  const std::size_t limit = options_.filter_bytes_max;
  day.filter.insert(key.value, limit > others ? limit - others : 0);
  std::string value;
  ByteWriter writer(value);
  writer.varint(partition.value);
  writer.varint(sequence.value);
  rows.push_back({Table::kDedup, dedup_key(number, key), std::move(value)});
  return {};
}

void DedupIndex::committed(bool durable) {
  for (Day& day : days_) {
    if (day.row_written && durable) day.row_durable = true;
    day.row_written = false;
  }
}

Result<void> DedupIndex::drop_day(std::size_t index, std::vector<Row>& rows) {
  const std::uint32_t day = days_[index].day;
  TRY(store_.erase_blob(filter_name(day), kFilterVersion));
  TRY(store_.erase_range(Table::kDedup, day_prefix(day), day_prefix(day + 1)));
  rows.push_back({Table::kMeta, dedup_day_key(day), std::nullopt});
  days_.erase(days_.begin() + static_cast<std::ptrdiff_t>(index));
  return {};
}

Result<void> DedupIndex::maintain(TimeMs now_ms, std::vector<Row>& rows) {
  const std::uint32_t today = dedup_day(now_ms);
  if (today == maintained_day_ && days_.size() <= kDedupDaysMax) return {};
  const auto kept_days = static_cast<std::uint32_t>((options_.retention_ms + kDayMs - 1) / kDayMs);
  while (days_.size() > kDedupActiveDaysMin &&
         (days_.size() > kDedupDaysMax || days_.back().day + kept_days < today)) {
    TRY(drop_day(days_.size() - 1, rows));
  }
  for (Day& day : days_) {
    // A day and a half of grace: partitions whose received_at lags still write to yesterday.
    if (day.saved || !day.row_durable || day.day + 1 >= today) continue;
    TRY(store_.put_blob(filter_name(day.day), kFilterVersion, day.filter.save()));
    day.saved = true;
  }
  maintained_day_ = today;
  return {};
}

std::size_t DedupIndex::filter_bytes() const {
  std::size_t sum = 0;
  for (const Day& day : days_) sum += day.filter.bytes();
  return sum;
}

}  // namespace ante
