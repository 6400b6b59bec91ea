#include "journal/time_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "journal/meta_keys.h"

namespace ante {

Result<void> TimeIndex::load(const Store& store) {
  MutexLock lock(mutex_);
  const std::string_view prefix = kTimePrefix;
  bool good = true;
  TRY(store.scan(Table::kMeta, prefix, [&](std::string_view key, std::string_view value) {
    ByteReader reader(value);
    const TimeMs time = reader.svarint();
    good = key.size() == prefix.size() + 8 && reader.ok() && reader.at_end();
    if (!good) return false;
    latest_ms_ = std::max(latest_ms_, time);
    entries_.push_back({read_big_endian<std::uint64_t>(key.substr(prefix.size())), latest_ms_});
    return true;
  }));
  if (!good) return data_loss("a row of the log's time index is damaged");
  if (!entries_.empty()) stretch_start_ = entries_.back().commit;
  return {};
}

std::optional<Row> TimeIndex::entry_for(Commit commit, TimeMs now_ms, std::size_t log_bytes) {
  latest_ms_ = std::max(latest_ms_, now_ms);
  stretch_bytes_ += log_bytes;
  const bool begins = stretch_start_ == 0 || stretch_bytes_ >= kTimeStretchBytes ||
                      commit.value - stretch_start_ >= kTimeStretchCommits;
  if (!begins) return std::nullopt;
  pending_ = Entry{commit.value, latest_ms_};
  std::string value;
  ByteWriter(value).svarint(latest_ms_);
  return Row{Table::kMeta, time_key(commit.value), std::move(value)};
}

void TimeIndex::committed(bool durable) {
  if (!pending_.has_value()) return;
  if (durable) {
    stretch_bytes_ = 0;
    stretch_start_ = pending_->commit;
    MutexLock lock(mutex_);
    entries_.push_back(*pending_);
  }
  pending_.reset();
}

Commit TimeIndex::before(TimeMs at_ms) const {
  MutexLock lock(mutex_);
  // The last entry that began before at_ms: its stretch may hold the record.
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), at_ms,
                                   [](const Entry& entry, TimeMs t) { return entry.time_ms < t; });
  if (at == entries_.begin()) return Commit{0};
  return Commit{std::prev(at)->commit - 1};
}

std::optional<Commit> TimeIndex::last(TimeMs at_ms, DurationMs slack_ms) const {
  MutexLock lock(mutex_);
  // After a clock that went back, times stand still at their highest: search past all of those.
  const auto first =
      std::lower_bound(entries_.begin(), entries_.end(), at_ms,
                       [](const Entry& entry, TimeMs t) { return entry.time_ms < t; });
  const TimeMs from = first == entries_.end() ? at_ms : first->time_ms;
  const auto at = std::upper_bound(entries_.begin(), entries_.end(), from + slack_ms,
                                   [](TimeMs t, const Entry& entry) { return t < entry.time_ms; });
  if (at == entries_.end()) return std::nullopt;
  return Commit{at->commit};
}

}  // namespace ante
