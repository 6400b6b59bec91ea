#include "report/metric_fold.h"

#include <algorithm>
#include <functional>

#include "base/bytes.h"
#include "base/json_parser.h"
#include "base/text.h"
#include "domain/bucketing.h"
#include "domain/holdout.h"
#include "profile/person_state.h"
#include "reward/joiner.h"
#include "reward/slot_goals.h"

namespace ante {

namespace {

constexpr std::int64_t kMillionths = 1'000'000;  // in millionths
constexpr std::size_t kMetricUnitBytesMin = 8 + 8 + 1 + 1 + 1 + 1 + 1;
constexpr std::size_t kMetricValueBytesMin = 2 + 4 + 1;

std::int64_t within(std::int64_t micros) {
  return std::clamp(micros, -OutcomeSums::kOutcomeMicrosMax, OutcomeSums::kOutcomeMicrosMax);
}

std::int64_t micros_of(double value) {
  constexpr auto kMax = static_cast<double>(OutcomeSums::kOutcomeMicrosMax);
  const double micros = value * static_cast<double>(kMillionths);
  return micros >= -kMax && micros <= kMax ? static_cast<std::int64_t>(micros)
         : micros > 0                      ? OutcomeSums::kOutcomeMicrosMax
         : micros < 0                      ? -OutcomeSums::kOutcomeMicrosMax
                                           : 0;
}

std::int64_t hours_micros(DurationMs ms) { return within(ms * (kMillionths / 1000) / 3600); }

bool is_visit_name(std::string_view event) {
  return same_word(event, kVisitEvent) || same_word(event, kUninvitedVisitEvent);
}

// Yes, partly and no; a truth; or a number from 0 to 1. Nothing else was offered.
std::optional<std::int64_t> answer_to(std::string_view question, const Event& event) {
  thread_local JsonParser parser(kEventBytesMax);
  if (event.kind != EventKind::kAnswered || event.properties_json.empty()) return std::nullopt;
  const auto properties = parser.parse(event.properties_json);
  if (!properties) return std::nullopt;
  std::string_view id, text;
  simdjson::dom::element value;
  if ((*properties)["questionId"].get(id) != simdjson::SUCCESS || id != question ||
      (*properties)["value"].get(value) != simdjson::SUCCESS)
    return std::nullopt;
  bool truth = false;
  double number = 0;
  if (value.get(truth) == simdjson::SUCCESS) return truth ? kMillionths : 0;
  if (value.get(number) == simdjson::SUCCESS) {
    if (number < 0 || number > 1) return std::nullopt;
    return micros_of(number);
  }
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  if (same_word(text, "yes") || same_word(text, "done")) return kMillionths;
  if (same_word(text, "partly")) return kMillionths / 2;
  if (same_word(text, "no") || same_word(text, "gave up")) return 0;
  return std::nullopt;
}

void write_wide(ByteWriter& out, const PairSums& sums) {
  out.varint(sums.n);
  for (const WideInteger each :
       {sums.first, sums.second, sums.first_first, sums.first_second, sums.second_second})
    out.fixed(each);
}

PairSums read_wide(ByteReader& in) {
  PairSums sums;
  sums.n = in.varint();
  for (WideInteger* each :
       {&sums.first, &sums.second, &sums.first_first, &sums.first_second, &sums.second_second})
    *each = in.fixed<WideInteger>();
  return sums;
}

void write_metric_sums(ByteWriter& out, const MetricSums& sums) {
  out.varint(sums.conversions);
  write_wide(out, sums.value_before);
  write_wide(out, sums.value_per);
  write_wide(out, sums.early_late);
  out.varint(sums.asked);
  out.varint(sums.answered);
}

MetricSums read_metric_sums(ByteReader& in) {
  MetricSums sums;
  sums.conversions = in.varint();
  sums.value_before = read_wide(in);
  sums.value_per = read_wide(in);
  sums.early_late = read_wide(in);
  sums.asked = in.varint();
  sums.answered = in.varint();
  return sums;
}

void write_metric_trial(ByteWriter& out, const Trial& trial) {
  out.u64(trial.slot.value);
  out.u64(trial.bet.value);
}

Trial read_metric_trial(ByteReader& in) {
  Trial trial;
  trial.slot = SlotKey{in.u64()};
  trial.bet = BetKey{in.u64()};
  return trial;
}

}  // namespace

MetricFold::MetricFold(std::string holdout_salt) : holdout_salt_(std::move(holdout_salt)) {
  for (const Metric& metric : built_in_metrics()) metrics_.push_back({metric, next_number_++, 0});
}

const MetricFold::Defined* MetricFold::find(std::string_view id) const {
  const auto found =
      std::ranges::find_if(metrics_, [id](const Defined& each) { return each.metric.id == id; });
  return found == metrics_.end() ? nullptr : &*found;
}

std::vector<Metric> MetricFold::metrics() const {
  std::vector<Metric> all;
  for (const Defined& each : metrics_) all.push_back(each.metric);
  return all;
}

Result<Metric> MetricFold::metric(std::string_view id) const {
  if (const Defined* found = find(id)) return found->metric;
  std::vector<std::string_view> known;
  for (const Defined& each : metrics_) known.push_back(each.metric.id);
  return not_found("there is no metric '" + std::string(id) + "'." + did_you_mean(id, known));
}

MetricTrial MetricFold::sums(const Trial& trial, std::string_view metric) const {
  const Defined* defined = find(metric);
  CHECK(defined != nullptr);
  const auto found = sums_.find({trial, defined->number});
  return found == sums_.end() ? MetricTrial{} : found->second;
}

std::vector<Trial> MetricFold::trials() const {
  std::vector<Trial> all;
  for (const auto& [key, sums] : sums_) {
    if (all.empty() || all.back() != key.first) all.push_back(key.first);
  }
  return all;
}

std::vector<ProxyPair> MetricFold::proxy_pairs() const {
  std::vector<ProxyPair> all;
  for (const Defined& proxy : metrics_) {
    for (const Defined& outcome : metrics_) {
      const auto found = pairs_.find({proxy.number, outcome.number});
      if (found == pairs_.end()) continue;
      all.push_back(
          {proxy.metric.id, outcome.metric.id, found->second.treated, found->second.holdout});
    }
  }
  return all;
}

const MetricFold::Value* MetricFold::find_value(const Unit& unit, Number number) {
  const auto found = std::ranges::find(unit.values, number, &Value::number);
  return found == unit.values.end() ? nullptr : &*found;
}

MetricFold::Value& MetricFold::value_of(Unit& unit, Number number) {
  const auto found = std::ranges::find(unit.values, number, &Value::number);
  if (found != unit.values.end()) return *found;
  unit.values.emplace_back().number = number;
  return unit.values.back();
}

MetricFold::Numbers MetricFold::numbers_of(const Defined& defined, const Unit& unit) {
  const Metric& metric = defined.metric;
  const Value* found = find_value(unit, defined.number);
  const Value value = found != nullptr ? *found : Value{};
  const auto capped = [&metric](std::int64_t micros) {
    if (!(metric.cap > 0)) return micros;
    const std::int64_t cap = micros_of(metric.cap);
    return std::clamp(micros, -cap, cap);
  };
  Numbers numbers;
  numbers.converted = value.happened;
  switch (metric.how) {
    case Aggregation::kShare:
      numbers.value = value.happened ? kMillionths : 0;
      numbers.early = value.early != 0 ? kMillionths : 0;
      numbers.late = value.late != 0 ? kMillionths : 0;
      break;
    case Aggregation::kMean:
      numbers.value = capped(value.count);
      numbers.early = capped(value.early);
      numbers.late = capped(value.late);
      break;
    case Aggregation::kRatio:
      numbers.value = capped(value.count);
      numbers.per = value.per;
      // The visit in which they first met the slot is one of theirs.
      if (metric.per && same_word(metric.per->event, kVisitEvent)) numbers.per += kMillionths;
      break;
    case Aggregation::kTime:
      numbers.value = value.happened ? value.count : hours_micros(metric.window_ms);
      break;
  }
  return numbers;
}

void MetricFold::change_sums(const Defined& metric, const Unit& unit, bool adds) {
  MetricTrial& trial = sums_[{unit.trial, metric.number}];
  MetricSums& sums = unit.arm == Arm::kTreated ? trial.treated : trial.holdout;
  const Numbers numbers = numbers_of(metric, unit);
  const std::int64_t before = unit.before * kMillionths;
  const Value* value = find_value(unit, metric.number);
  const bool asked = value != nullptr && value->asked;
  const bool answered = asked && value->per != 0;
  if (adds) {
    sums.value_before.add(numbers.value, before);
    sums.value_per.add(numbers.value, within(numbers.per));
    sums.early_late.add(numbers.early, numbers.late);
    sums.conversions += numbers.converted ? 1 : 0;
    sums.asked += asked ? 1 : 0;
    sums.answered += answered ? 1 : 0;
  } else {
    sums.value_before.remove(numbers.value, before);
    sums.value_per.remove(numbers.value, within(numbers.per));
    sums.early_late.remove(numbers.early, numbers.late);
    sums.conversions -= numbers.converted ? 1 : 0;
    sums.asked -= asked ? 1 : 0;
    sums.answered -= answered ? 1 : 0;
  }
}

// A person's number of a ratio says little beside the other's: their counts go together.
void MetricFold::change_pairs(const Unit& unit, bool adds) {
  for (const Defined& proxy : metrics_) {
    if (proxy.metric.metric_class != MetricClass::kProxy || !applies(proxy, unit)) continue;
    for (const Defined& outcome : metrics_) {
      if (outcome.metric.metric_class == MetricClass::kProxy || outcome.metric.ask ||
          !applies(outcome, unit))
        continue;
      ArmPairs& pair = pairs_[{proxy.number, outcome.number}];
      PairSums& sums = unit.arm == Arm::kTreated ? pair.treated : pair.holdout;
      const std::int64_t first = numbers_of(proxy, unit).value;
      const std::int64_t second = numbers_of(outcome, unit).value;
      adds ? sums.add(first, second) : sums.remove(first, second);
    }
  }
}

TimeMs MetricFold::last_close_ms(const Unit& unit) const {
  TimeMs last = unit.first_ms;
  for (const Defined& metric : metrics_) {
    if (applies(metric, unit)) last = std::max(last, close_ms(metric, unit));
  }
  return last;
}

void MetricFold::wake(PersonHash key, Unit& unit) {
  if (unit.sealed || unit.left_out) return;
  TimeMs next = 0;
  for (const Defined& metric : metrics_) {
    const TimeMs closes = close_ms(metric, unit);
    if (applies(metric, unit) && closes > unit.closed_until_ms && (next == 0 || closes < next))
      next = closes;
  }
  if (next == 0) next = last_close_ms(unit) + kRewardLateMaxMs;
  unit.wakes_ms = next;
  due_.push_back({next, key, unit.trial});
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
}

void MetricFold::settle(PersonHash key, Unit& unit) {
  if (unit.left_out || unit.sealed) return;
  const TimeMs until = now_ms_ - 1;
  for (const Defined& metric : metrics_) {
    const TimeMs closes = close_ms(metric, unit);
    if (!applies(metric, unit) || closes <= unit.closed_until_ms || closes > until) continue;
    change_sums(metric, unit, true);
  }
  unit.closed_until_ms = std::max(unit.closed_until_ms, until);
  const TimeMs last = last_close_ms(unit);
  if (!unit.paired && unit.trial == Trial{} && last <= until) {
    change_pairs(unit, true);
    unit.paired = true;
  }
  if (last + kRewardLateMaxMs <= until) {
    unit.sealed = true;
    std::vector<Value>().swap(unit.values);
    return;
  }
  wake(key, unit);
}

void MetricFold::settle_until_now() {
  while (!due_.empty() && due_.front().at_ms < now_ms_) {
    std::pop_heap(due_.begin(), due_.end(), std::greater<>());
    const Due due = due_.back();
    due_.pop_back();
    const auto person = people_.find(due.person);
    if (person == people_.end()) continue;
    const auto unit = std::ranges::find(person->second.units, due.trial, &Unit::trial);
    if (unit != person->second.units.end() && unit->wakes_ms == due.at_ms)
      settle(due.person, *unit);
  }
}

void MetricFold::withdraw(Unit& unit) {
  if (unit.sealed || unit.left_out) return;
  for (const Defined& metric : metrics_) {
    if (is_counted(metric, unit)) change_sums(metric, unit, false);
  }
  if (unit.paired) change_pairs(unit, false);
  unit.paired = false;
  unit.left_out = true;
  unit.values.clear();
}

bool MetricFold::is_held_out(const Entered& who) const {
  double share = 1;
  for (const auto& [slot, known] : shares_) {
    if (known.met) share = std::min(share, known.held_out);
  }
  return arm_of(holdout_salt(holdout_salt_, who.draw), who.oldest, share) == Arm::kHoldout;
}

void MetricFold::add_unit(PersonHash representative, Unit unit) {
  Person& person = people_[representative];
  const bool is_in = std::ranges::any_of(
      person.units, [&unit](const Unit& known) { return known.trial == unit.trial; });
  if (is_in || units_ >= kLiftPeopleMax) return;
  ++units_;
  person.last_act_ms = std::max(person.last_act_ms, unit.first_ms);
  unit.closed_until_ms = unit.first_ms;
  wake(representative, unit);
  person.units.push_back(std::move(unit));
}

void MetricFold::entered(const Trial& trial, const Entered& who) {
  Unit unit;
  unit.trial = trial;
  unit.first_ms = who.unit.first_ms;
  unit.before = who.unit.traits[Trait::kVisits];
  unit.arm = who.unit.arm;
  add_unit(who.representative, unit);
  if (trial.bet != BetKey{}) return;
  if (const auto share = shares_.find(trial.slot); share != shares_.end()) share->second.met = true;
  unit.trial = Trial{};
  unit.arm = is_held_out(who) ? Arm::kHoldout : Arm::kTreated;
  add_unit(who.representative, unit);
}

void MetricFold::ended(const Trial& trial) {
  for (auto& [key, person] : people_) {
    units_ -=
        std::erase_if(person.units, [&trial](const Unit& unit) { return unit.trial == trial; });
  }
  std::erase_if(sums_, [&trial](const auto& entry) { return entry.first.first == trial; });
}

// What `gone` did comes under `kept`, which began earlier; windows that have closed stay as they
// were counted.
void MetricFold::merge_units(Unit& kept, Unit& gone) {
  if (gone.first_ms < kept.first_ms) std::swap(kept, gone);
  const bool mixed = kept.arm != gone.arm || kept.left_out || gone.left_out;
  std::vector<Value> moved = gone.values;
  withdraw(gone);
  if (mixed) return withdraw(kept);
  if (kept.sealed || gone.sealed) return;
  for (const Value& more : moved) {
    const auto defined = std::ranges::find(metrics_, more.number, &Defined::number);
    if (defined == metrics_.end() || is_counted(*defined, kept) || !applies(*defined, kept))
      continue;
    Value& value = value_of(kept, more.number);
    const bool is_time = defined->metric.how == Aggregation::kTime;
    if (is_time && value.happened && more.happened) {
      value.count = std::min(value.count, more.count);
    } else {
      value.count = within(value.count + more.count);
    }
    value.per = within(value.per + more.per);
    value.early = within(value.early + more.early);
    value.late = within(value.late + more.late);
    value.happened = value.happened || more.happened;
    value.asked = value.asked || more.asked;
  }
}

void MetricFold::joined(PersonHash kept, PersonHash gone) {
  const auto from = people_.find(gone);
  if (from == people_.end()) return;
  Person moved = std::move(from->second);
  people_.erase(from);
  Person& person = people_[kept];
  person.last_act_ms = std::max(person.last_act_ms, moved.last_act_ms);
  for (Unit& unit : moved.units) {
    const auto same = std::ranges::find(person.units, unit.trial, &Unit::trial);
    if (same == person.units.end()) {
      wake(kept, unit);
      person.units.push_back(std::move(unit));
      continue;
    }
    --units_;
    merge_units(*same, unit);
    wake(kept, *same);
  }
}

void MetricFold::forgotten(PersonHash representative) {
  const auto person = people_.find(representative);
  if (person == people_.end()) return;
  units_ -= person->second.units.size();
  people_.erase(person);
}

void MetricFold::apply(const Addition& addition, Unit& unit, TimeMs occurred_at) {
  const Metric& metric = addition.metric->metric;
  const TimeMs opens = unit.first_ms + metric.after_ms;
  Value& value = value_of(unit, addition.metric->number);
  if (metric.ask) {
    if (!value.asked || value.per != 0) return;
    value.count = addition.count;
    value.per = kMillionths;
    value.happened = addition.count > 0;
    return;
  }
  value.per = within(value.per + addition.per);
  if (!addition.happened && addition.count == 0) return;
  if (metric.how == Aggregation::kTime) {
    const std::int64_t hours = hours_micros(occurred_at - opens);
    value.count = value.happened ? std::min(value.count, hours) : hours;
  } else {
    value.count = within(value.count + addition.count);
    const DurationMs third = metric.window_ms / 3;
    if (occurred_at < opens + third) value.early = within(value.early + addition.count);
    if (occurred_at >= opens + 2 * third) value.late = within(value.late + addition.count);
  }
  value.happened = value.happened || addition.happened;
}

void MetricFold::credit(Person& person, const std::vector<Addition>& additions,
                        TimeMs occurred_at) {
  for (Unit& unit : person.units) {
    if (unit.left_out || unit.sealed) continue;
    for (const Addition& addition : additions) {
      const Defined& metric = *addition.metric;
      const TimeMs closes = close_ms(metric, unit);
      if (!applies(metric, unit) || occurred_at < unit.first_ms + metric.metric.after_ms ||
          occurred_at > closes || now_ms_ > closes + kRewardLateMaxMs)
        continue;
      const bool counted = is_counted(metric, unit), paired = unit.paired;
      if (counted) change_sums(metric, unit, false);
      if (paired) change_pairs(unit, false);
      apply(addition, unit, occurred_at);
      if (counted) change_sums(metric, unit, true);
      if (paired) change_pairs(unit, true);
    }
  }
}

void MetricFold::act(PersonHash representative, const Event& event, TimeMs occurred_at) {
  const auto found = people_.find(representative);
  if (found == people_.end()) return;
  Person& person = found->second;
  bool visits = false;
  if (event.kind != EventKind::kChannelOutcome && occurred_at > person.last_act_ms) {
    visits = occurred_at - person.last_act_ms >= kVisitGapMs;
    person.last_act_ms = occurred_at;
  }
  const auto is = [&](const MetricEvent& of) {
    if (is_visit_name(of.event))
      return visits && (same_word(of.event, kVisitEvent) || !event.invited) &&
             passes(of.where, event);
    return is_named(of.event, event) && passes(of.where, event);
  };
  std::vector<Addition> additions;
  for (const Defined& defined : metrics_) {
    const Metric& metric = defined.metric;
    Addition addition{.metric = &defined};
    if (metric.ask) {
      const auto answer = answer_to(metric.id, event);
      if (!answer) continue;
      addition.count = *answer;
      additions.push_back(addition);
      continue;
    }
    addition.happened = is(metric.count);
    if (addition.happened)
      addition.count = metric.of_value ? micros_of(event.value.value_or(0)) : kMillionths;
    if (metric.minus && is(*metric.minus)) addition.count -= micros_of(event.value.value_or(0));
    if (metric.per && is(*metric.per)) addition.per = kMillionths;
    if (addition.happened || addition.per != 0 || addition.count != 0)
      additions.push_back(addition);
  }
  credit(person, additions, occurred_at);
}

void MetricFold::rewarded(PersonHash representative, const Reward& reward, TimeMs occurred_at) {
  const auto found = people_.find(representative);
  if (found == people_.end()) return;
  std::vector<Addition> additions;
  for (const Defined& defined : metrics_) {
    const Metric& metric = defined.metric;
    if (metric.ask) continue;
    Addition addition{.metric = &defined};
    addition.happened = metric.count.where.empty() && same_word(metric.count.event, reward.measure);
    if (addition.happened) addition.count = metric.of_value ? micros_of(reward.value) : kMillionths;
    if (metric.per && metric.per->where.empty() && same_word(metric.per->event, reward.measure))
      addition.per = kMillionths;
    if (addition.happened || addition.per != 0) additions.push_back(addition);
  }
  credit(found->second, additions, occurred_at);
}

void MetricFold::asked(PersonHash representative, const std::string& metric) {
  const Defined* defined = find(metric);
  const auto person = people_.find(representative);
  if (defined == nullptr || !defined->metric.ask || person == people_.end()) return;
  for (Unit& unit : person->second.units) {
    if (unit.left_out || unit.sealed || !applies(*defined, unit) || is_counted(*defined, unit))
      continue;
    value_of(unit, defined->number).asked = true;
  }
}

void MetricFold::define(const CommittedRecord& record) {
  const Result<Object> object = decode_object(record.body);
  if (!object) return;
  if (object->type == "slot") return note_slot(*object);
  if (object->type != kMetricObjectType) return;
  const auto present = std::ranges::find_if(
      metrics_, [&object](const Defined& each) { return each.metric.id == object->id; });
  const bool exists = present != metrics_.end();
  if (exists && present->metric.built_in) return;
  Result<Metric> metric =
      object->deleted ? Result<Metric>(Metric{}) : metric_from_json(object->id, object->json);
  if (!metric) return;  // the writer checked it
  metric->version = object->version;
  if (exists && !object->deleted && metric->measures_as(present->metric)) {
    present->metric = std::move(*metric);
    return;
  }
  if (exists) {
    const Number gone = present->number;
    std::erase_if(sums_, [gone](const auto& entry) { return entry.first.second == gone; });
    std::erase_if(pairs_, [gone](const auto& entry) {
      return entry.first.first == gone || entry.first.second == gone;
    });
    metrics_.erase(present);
  }
  if (object->deleted || metrics_.size() >= kMetricsMax + built_in_metrics().size() ||
      next_number_ == UINT16_MAX)
    return;
  // By the clock of people's records: that of objects may stand elsewhere.
  metrics_.push_back({std::move(*metric), next_number_++, now_ms_ + 1});
}

void MetricFold::note_slot(const Object& object) {
  const SlotKey key = slot_key(object.id);
  const bool met = shares_.contains(key) && shares_[key].met;
  shares_.erase(key);
  if (object.deleted) return;
  const Result<Slot> slot = slot_from_json(object.id, object.json);
  if (slot && !slot->in_shadow()) shares_[key] = {slot->holdout, met};
}

void MetricFold::consume(const CommittedRecord& record, PersonHash representative) {
  if (record.partition != kControlPartition && record.header.received_at > now_ms_)
    now_ms_ = record.header.received_at;
  settle_until_now();
  const TimeMs occurred_at = record.header.occurred_at;
  switch (record.header.kind) {
    case RecordKind::kEvent:
      if (people_.count(representative) == 0) break;
      if (const auto event = decode_event(record.body); event && event->use_for_decisions)
        act(representative, *event, occurred_at);
      break;
    case RecordKind::kReward:
      if (const auto reward = decode_reward(record.body))
        rewarded(representative, *reward, occurred_at);
      break;
    case RecordKind::kDecision:
      if (const Decision* decision = decision_of(record);
          decision != nullptr && decision->activated && !decision->asked.empty())
        asked(representative, decision->asked);
      break;
    case RecordKind::kObject:
      define(record);
      break;
    default:
      break;
  }
}

void MetricFold::save(std::string& bytes) const {
  ByteWriter out(bytes);
  out.svarint(now_ms_);
  out.varint(next_number_);
  const std::size_t built_in = built_in_metrics().size();
  out.varint(metrics_.size() - built_in);
  for (std::size_t i = built_in; i < metrics_.size(); ++i) {
    const Defined& each = metrics_[i];
    out.string(each.metric.id);
    out.varint(each.metric.version);
    out.string(metric_to_json(each.metric));
    out.varint(each.number);
    out.svarint(each.since_ms);
  }
  out.varint(shares_.size());
  for (const auto& [slot, share] : shares_) {
    out.u64(slot.value);
    out.f64(share.held_out);
    out.u8(share.met ? 1 : 0);
  }
  out.varint(sums_.size());
  for (const auto& [key, trial] : sums_) {
    write_metric_trial(out, key.first);
    out.varint(key.second);
    write_metric_sums(out, trial.treated);
    write_metric_sums(out, trial.holdout);
  }
  out.varint(pairs_.size());
  for (const auto& [key, pair] : pairs_) {
    out.varint(key.first);
    out.varint(key.second);
    write_wide(out, pair.treated);
    write_wide(out, pair.holdout);
  }
  save_people(out);
}

void MetricFold::save_people(ByteWriter& out) const {
  std::vector<const std::pair<const PersonHash, Person>*> people;
  people.reserve(people_.size());
  for (const auto& entry : people_) people.push_back(&entry);
  std::ranges::sort(people, {}, [](const auto* entry) { return entry->first; });
  out.varint(people.size());
  for (const auto* entry : people) {
    out.u64(entry->first.value.hi);
    out.u64(entry->first.value.lo);
    out.svarint(entry->second.last_act_ms);
    out.varint(entry->second.units.size());
    for (const Unit& unit : entry->second.units) {
      write_metric_trial(out, unit.trial);
      out.svarint(unit.first_ms);
      out.svarint(unit.closed_until_ms);
      out.u8(unit.before);
      out.u8(static_cast<std::uint8_t>(unit.arm));
      out.u8(static_cast<std::uint8_t>((unit.left_out ? 1U : 0U) | (unit.paired ? 2U : 0U) |
                                       (unit.sealed ? 4U : 0U)));
      out.varint(unit.values.size());
      for (const Value& value : unit.values) {
        out.varint(value.number);
        for (const std::int64_t each : {value.count, value.per, value.early, value.late})
          out.svarint(each);
        out.u8(static_cast<std::uint8_t>((value.happened ? 1U : 0U) | (value.asked ? 2U : 0U)));
      }
    }
  }
}

bool MetricFold::load_definitions(ByteReader& in) {
  const std::size_t metrics = in.count(5);
  for (std::size_t i = 0; i < metrics && in.ok(); ++i) {
    const std::string id(in.string());
    const std::uint64_t version = in.varint();
    Result<Metric> metric = metric_from_json(id, in.string());
    if (!in.ok() || !metric) return false;
    metric->version = version;
    Defined& each = metrics_.emplace_back();
    each.metric = std::move(*metric);
    each.number = static_cast<Number>(in.varint());
    each.since_ms = in.svarint();
  }
  const std::size_t shares = in.count(8 + 8 + 1);
  for (std::size_t i = 0; i < shares && in.ok(); ++i) {
    Share& share = shares_[SlotKey{in.u64()}];
    share.held_out = in.f64();
    share.met = in.u8() != 0;
  }
  return in.ok();
}

bool MetricFold::load_people(ByteReader& in) {
  const std::size_t people = in.count(18);
  for (std::size_t i = 0; i < people && in.ok(); ++i) {
    PersonHash key;
    key.value.hi = in.u64();
    key.value.lo = in.u64();
    Person& person = people_[key];
    person.last_act_ms = in.svarint();
    person.units.resize(in.count(kMetricUnitBytesMin));
    for (Unit& unit : person.units) {
      unit.trial = read_metric_trial(in);
      unit.first_ms = in.svarint();
      unit.closed_until_ms = in.svarint();
      unit.before = in.u8();
      unit.arm = static_cast<Arm>(in.u8());
      const std::uint8_t flags = in.u8();
      unit.left_out = (flags & 1) != 0;
      unit.paired = (flags & 2) != 0;
      unit.sealed = (flags & 4) != 0;
      if (!is_arm(unit.arm)) return false;
      unit.values.resize(in.count(kMetricValueBytesMin));
      for (Value& value : unit.values) {
        value.number = static_cast<Number>(in.varint());
        for (std::int64_t* each : {&value.count, &value.per, &value.early, &value.late})
          *each = in.svarint();
        const std::uint8_t what = in.u8();
        value.happened = (what & 1) != 0;
        value.asked = (what & 2) != 0;
      }
      ++units_;
      wake(key, unit);
    }
  }
  return in.ok();
}

Result<void> MetricFold::load(std::string_view bytes) {
  const Error damaged = data_loss("metrics: the checkpoint is damaged");
  ByteReader in(bytes);
  now_ms_ = in.svarint();
  next_number_ = static_cast<Number>(in.varint());
  if (!load_definitions(in)) return damaged;
  const std::size_t sums = in.count(16);
  for (std::size_t i = 0; i < sums && in.ok(); ++i) {
    const Trial trial = read_metric_trial(in);
    MetricTrial& both = sums_[{trial, static_cast<Number>(in.varint())}];
    both.treated = read_metric_sums(in);
    both.holdout = read_metric_sums(in);
  }
  const std::size_t pairs = in.count(2);
  for (std::size_t i = 0; i < pairs && in.ok(); ++i) {
    const auto proxy = static_cast<Number>(in.varint());
    ArmPairs& pair = pairs_[{proxy, static_cast<Number>(in.varint())}];
    pair.treated = read_wide(in);
    pair.holdout = read_wide(in);
  }
  if (!load_people(in) || !in.at_end()) return damaged;
  return {};
}

}  // namespace ante
