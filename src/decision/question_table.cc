#include "decision/question_table.h"

#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "domain/bucketing.h"

namespace ante {

namespace {
constexpr std::uint8_t kQuestionsFormat = 1;
}  // namespace

std::optional<DrawnQuestion> QuestionTable::draw(std::string_view salt, PersonHash oldest_member,
                                                 TimeMs now_ms, std::uint32_t last_asked_s) const {
  const auto questions = questions_.get();
  if (questions->empty()) return std::nullopt;
  if (last_asked_s != 0 && now_ms - std::int64_t{last_asked_s} * kSecondMs < kAskPeriodMs)
    return std::nullopt;
  const std::string salted = fmt::format("{} asked {}", salt, now_ms / kAskPeriodMs);
  const std::uint32_t bucket = bucket_of(salted, oldest_member);
  double below = 0;
  for (const auto& [metric, question] : *questions) {
    below += question.share;
    if (bucket < buckets_of(below)) return DrawnQuestion{metric, question.text};
  }
  return std::nullopt;
}

void QuestionTable::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kObject) return;
  const Result<Object> object = decode_object(record.body);
  if (!object || object->type != kMetricObjectType) return;
  auto next = std::make_shared<QuestionMap>(*questions_.get());
  next->erase(object->id);
  if (!object->deleted) {
    const Result<Metric> metric = metric_from_json(object->id, object->json);
    if (metric && metric->ask && next->size() < kMetricsMax) (*next)[object->id] = *metric->ask;
  }
  questions_.publish(std::move(next));
}

std::string QuestionTable::save() const {
  const auto questions = questions_.get();
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kQuestionsFormat);
  out.varint(questions->size());
  for (const auto& [metric, question] : *questions) {
    out.string(metric);
    out.string(question.text);
    out.f64(question.share);
  }
  return bytes;
}

Result<void> QuestionTable::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kQuestionsFormat)
    return data_loss("questions: the checkpoint is of a format that is not known");
  auto next = std::make_shared<QuestionMap>();
  const std::size_t count = in.count(10);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::string metric(in.string());
    MetricQuestion& question = (*next)[metric];
    question.text = in.string();
    question.share = in.f64();
  }
  if (!in.ok() || !in.at_end()) return data_loss("questions: the checkpoint is damaged");
  questions_.publish(std::move(next));
  return {};
}

}  // namespace ante
