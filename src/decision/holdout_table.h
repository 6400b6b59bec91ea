// The draw of the holdout that counts now: a fold of the control log, read by every decision.
//
// consume() on the committer thread; get() by any thread.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/holdout.h"
#include "domain/log_consumer.h"

namespace ante {

class HoldoutTable final : public LogConsumer {
 public:
  std::shared_ptr<const HoldoutDraw> get() const { return draw_.get(); }

  // Objects of type "holdout" in the control partition; others are ignored.
  std::string_view name() const override { return "holdout"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  Published<HoldoutDraw> draw_;
};

}  // namespace ante
