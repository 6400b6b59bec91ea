// Which messages were stored before: a RAM filter for each day, rows of Table::kDedup behind it.
//
// In:   the keys of each group before it is committed. Out: which of them are stored already.
// A key that no filter knows is new, without a read. A day is kept while it is younger than the
// retention or among the kDedupActiveDaysMin newest days that have keys, so a clock that jumps
// ahead and back forgets nothing. Filters of past days rest as blobs; at start only the rows of
// days without one are read. Owned by the committer thread.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/ids.h"
#include "journal/dedup_filter.h"
#include "store/store.h"

namespace ante {

inline constexpr std::size_t kDedupActiveDaysMin = 8;
inline constexpr std::size_t kDedupDaysMax = 64;

// Day number of a time, for keys.
std::uint32_t dedup_day(TimeMs received_at);

class DedupIndex {
 public:
  struct Options {
    DurationMs retention_ms = 7 * kDayMs;
    std::size_t filter_bytes_max = 128u << 20;  // all days together
    std::function<void(const Error&)> on_warning;
  };
  DedupIndex(Store& store, Options options) : store_(store), options_(std::move(options)) {}

  // At start: the days with rows, their filters from blobs or else from the rows.
  Result<void> load();

  // For each key whether it is stored. Reads the store only for keys that a filter knows.
  Result<std::vector<bool>> stored(std::span<const MessageKey> keys) const;

  // Makes the key known and appends its rows to `rows`. Nothing is lost if the commit then fails:
  // the filter only says maybe more often.
  Result<void> add(const MessageKey& key, TimeMs received_at, Partition partition,
                   Sequence sequence, std::vector<Row>& rows);
  // The rows that add() appended are durable, or (false) are not.
  void committed(bool durable);

  // Drops old days and saves the filters of finished ones; cheap when there is nothing to do.
  // Appends rows to be committed.
  Result<void> maintain(TimeMs now_ms, std::vector<Row>& rows);

  std::size_t filter_bytes() const;
  std::size_t days() const { return days_.size(); }
  std::uint64_t table_reads() const { return table_reads_; }

 private:
  struct Day {
    std::uint32_t day = 0;
    DedupFilter filter;
    bool row_durable = false;  // the day's row in kMeta
    bool row_written = false;  // in the commit under way
    bool saved = false;        // the blob is complete
  };

  Day& open_day(std::uint32_t day);
  Result<void> load_day(std::uint32_t day);
  Result<void> drop_day(std::size_t index, std::vector<Row>& rows);
  void warn(const Error& error) const;

  Store& store_;
  Options options_;
  std::vector<Day> days_;  // newest first
  std::uint32_t maintained_day_ = 0;
  mutable std::uint64_t table_reads_ = 0;
};

}  // namespace ante
