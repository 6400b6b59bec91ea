// Consumers that feed one another and so must stand at the same place of the log: one checkpoint.
//
// The joiner hands rows to those who learn from them. Were one of them to begin anew while the
// others went on, its rows would be learned twice, or never. The members see each record in their
// order. Thread safety: as LogConsumer.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/log_consumer.h"

namespace ante {

class ConsumerGroup final : public LogConsumer {
 public:
  // The members must outlive it. `name`: of the checkpoint.
  ConsumerGroup(std::string name, std::vector<LogConsumer*> members);

  std::string_view name() const override { return name_; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit commit) override;
  std::string save() const override;
  // kDataLoss, and no member is touched, when one of them has changed its format, or the members
  // are others.
  Result<void> load(std::string_view bytes) override;

 private:
  std::string name_;
  std::vector<LogConsumer*> members_;
};

}  // namespace ante
