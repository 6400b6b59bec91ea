#include "journal/journal.h"

#include <utility>

#include "base/mutex.h"
#include "journal/committer.h"

namespace ante {

Result<std::unique_ptr<Journal>> Journal::open(Store& store, const Clock& clock,
                                               std::vector<LogConsumer*> folds,
                                               std::vector<CheckpointSource*> sources,
                                               std::vector<LogConsumer*> followers,
                                               JournalOptions options,
                                               std::function<void(Error)> on_fatal) {
  auto committer =
      std::make_unique<Committer>(store, clock, std::move(folds), std::move(sources),
                                  std::move(followers), std::move(options), std::move(on_fatal));
  TRY(committer->start());
  return std::unique_ptr<Journal>(std::move(committer));
}

Result<std::vector<AppendOutcome>> Journal::append_and_wait(std::vector<NewRecord> records) {
  struct Answer {
    Mutex mutex;
    ConditionVariable given;
    std::optional<Result<std::vector<AppendOutcome>>> result;
  } answer;
  append(std::move(records), [&](Result<std::vector<AppendOutcome>> result) {
    MutexLock lock(answer.mutex);
    answer.result = std::move(result);
    answer.given.notify_one();
  });
  MutexLock lock(answer.mutex);
  while (!answer.result.has_value()) answer.given.wait(answer.mutex);
  return *std::move(answer.result);
}

}  // namespace ante
