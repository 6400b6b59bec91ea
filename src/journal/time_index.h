// When each stretch of the log was written: one entry about every megabyte, to find a record by
// its time.
//
// In:   the time of each commit. Out: the commit before which nothing of that time stands.
// The rows are committed with the stretch they begin. The committer adds, any thread asks.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "domain/ids.h"
#include "store/store.h"

namespace ante {

inline constexpr std::size_t kTimeStretchBytes = 1u << 20;
inline constexpr std::uint64_t kTimeStretchCommits = 4096;

class TimeIndex {
 public:
  Result<void> load(const Store& store);

  // A row when this commit begins a new stretch. `now_ms` is the committer's clock.
  std::optional<Row> entry_for(Commit commit, TimeMs now_ms, std::size_t log_bytes);
  void committed(bool durable);

  // A record made at `at_ms` stands after this commit.
  Commit before(TimeMs at_ms) const;
  // A record made at `at_ms` and committed at most `slack_ms` later stands at or before this
  // commit; none when that stretch is not finished.
  std::optional<Commit> last(TimeMs at_ms, DurationMs slack_ms) const;

 private:
  struct Entry {
    std::uint64_t commit = 0;
    TimeMs time_ms = 0;  // never less than in the entry before
  };

  mutable Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);  // ascending by commit
  // Only the committer thread uses these.
  std::optional<Entry> pending_;
  TimeMs latest_ms_ = 0;
  std::size_t stretch_bytes_ = 0;
  std::uint64_t stretch_start_ = 0;
};

}  // namespace ante
