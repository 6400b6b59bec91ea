// The slots as published objects: a fold of the control log, read by every decision.
//
// consume() on the committer thread; get() by any thread.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/log_consumer.h"
#include "domain/slot.h"

namespace ante {

using SlotMap = std::map<std::string, Slot, std::less<>>;

class SlotTable final : public LogConsumer {
 public:
  std::shared_ptr<const SlotMap> get() const { return slots_.get(); }

  // Objects of type "slot" in the control partition; others are ignored.
  std::string_view name() const override { return "slots"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  Published<SlotMap> slots_;
};

}  // namespace ante
