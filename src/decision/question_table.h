// The questions put to people about what became of their visit, and who is asked which.
//
// In:   objects of type "metric" with a question (a fold of the control log). Out: the question
//       drawn for a person in this period, if any.
// The draw is a salted hash of the person and the period: the same for the held out and the
// treated, whatever is shown, at most one question in kAskPeriodMs.
// consume() on the committer thread; draw() by any.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/log_consumer.h"
#include "domain/metric.h"

namespace ante {

using QuestionMap = std::map<std::string, MetricQuestion, std::less<>>;  // by metric

struct DrawnQuestion {
  std::string metric, text;
};

class QuestionTable final : public LogConsumer {
 public:
  std::shared_ptr<const QuestionMap> get() const { return questions_.get(); }
  // `last_asked_s`: 0 = never.
  std::optional<DrawnQuestion> draw(std::string_view salt, PersonHash oldest_member, TimeMs now_ms,
                                    std::uint32_t last_asked_s) const;

  std::string_view name() const override { return "questions"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  Published<QuestionMap> questions_;
};

}  // namespace ante
