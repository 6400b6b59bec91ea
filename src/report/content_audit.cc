#include "report/content_audit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/mutex.h"
#include "base/time_text.h"
#include "report/middle.h"

namespace ante {

namespace {

constexpr double kAuditMicros = 1e6;

// One person's numbers, summed over the people of an arm.
struct ArmTally {
  std::uint64_t people = 0, people_few = 0, places = 0, serves = 0, sells = 0, narrowed = 0;
  OutcomeSums entropy, must_reads, serve_share, sell_share;
  std::vector<double> ages;
  std::vector<std::pair<double, double>> serve_sell;  // places that serve, that sell
};

void add_audit_number(OutcomeSums& sums, double value) {
  sums.add(static_cast<std::int64_t>(std::llround(value * kAuditMicros)));
}

double entropy_bits(const WeekMix& mix) {
  double all = 0, sum = 0;
  for (const auto& [topic, n] : mix.topics) {
    all += n;
    sum += n * std::log2(static_cast<double>(n));
  }
  return all > 0 ? std::max(0.0, std::log2(all) - sum / all) : 0;
}

// The middle of the ages in hours, evenly spread in its class by the logarithm; none: no dates.
std::optional<double> middle_age(const WeekMix& mix) {
  double all = 0;
  for (const std::uint32_t n : mix.ages) all += n;
  if (all <= 0) return std::nullopt;
  double below = 0;
  for (std::size_t k = 0; k < kAgeClasses; ++k) {
    const double n = mix.ages[k];
    if (below + n >= all / 2)
      return std::exp2((static_cast<double>(k) - 1 + (all / 2 - below) / n) / 2);
    below += n;
  }
  return std::nullopt;
}

Estimate too_few_people(std::uint64_t n) {
  return Estimate::unknown(n, fmt::format("fewer than {} people", kAuditPeopleMin));
}

Estimate audit_mean(const OutcomeSums& sums) {
  if (sums.n < kAuditPeopleMin) return too_few_people(sums.n);
  const double half =
      -normal_quantile(kFigureAlpha / 2) * std::sqrt(sums.variance() / static_cast<double>(sums.n));
  return {sums.mean(), {sums.mean() - half, sums.mean() + half}, sums.n, ""};
}

// A mean of shares: nothing outside of 0 to 1.
Estimate audit_share(const OutcomeSums& sums) {
  Estimate estimate = audit_mean(sums);
  estimate.interval = {std::max(0.0, estimate.interval.low), std::min(1.0, estimate.interval.high)};
  return estimate;
}

Estimate audit_difference(const OutcomeSums& treated, const OutcomeSums& holdout) {
  const std::uint64_t fewer = std::min(treated.n, holdout.n);
  if (fewer < kAuditPeopleMin) return too_few_people(fewer);
  return {treated.mean() - holdout.mean(), fixed_interval(treated, holdout, kFigureAlpha),
          treated.n + holdout.n, ""};
}

Estimate audit_age(std::vector<double>& ages) {
  if (ages.size() < kAuditPeopleMin) return too_few_people(ages.size());
  const Middle middle = middle_of(ages);
  return {middle.value, *middle.interval, middle.n, ""};
}

// Places that serve for each that sells: the ratio of the means by person, by its logarithm.
Estimate audit_ratio(const std::vector<std::pair<double, double>>& people) {
  const auto n = static_cast<double>(people.size());
  if (people.size() < kAuditPeopleMin) return too_few_people(people.size());
  double serves = 0, sells = 0, squares = 0;
  for (const auto& [a, b] : people) {
    serves += a / n;
    sells += b / n;
  }
  if (!(sells > 0)) return Estimate::unknown(people.size(), "nothing sells here");
  if (!(serves > 0)) return Estimate::unknown(people.size(), "nothing serves what they want");
  for (const auto& [a, b] : people) {
    const double off = a / serves - b / sells;
    squares += off * off;
  }
  const double half = -normal_quantile(kFigureAlpha / 2) * std::sqrt(squares / (n - 1) / n);
  const double ratio = serves / sells;
  return {ratio, {ratio * std::exp(-half), ratio * std::exp(half)}, people.size(), ""};
}

class AuditCount {
 public:
  AuditCount(const ContentAuditFold& fold, const Inventory& inventory, std::string_view slot,
             TimeMs now_ms)
      : fold_(fold), inventory_(inventory), slot_(slot), today_(day_of(now_ms)) {}

  AuditSummary run();

 private:
  void add(PersonHash who, const AuditPerson& person);
  void add_narrowed(PersonHash who, const SlotMix& mix);
  void count_shown();
  Estimate never_shown(std::uint64_t shown) const;
  AuditArm arm(std::size_t place);
  void name_topics();

  const ContentAuditFold& fold_;
  const Inventory& inventory_;
  std::string_view slot_;
  std::int32_t today_;
  std::uint64_t live_ = 0;  // must-reads that can be shown, by bit
  ArmTally tallies_[2];
  std::uint64_t showable_ = 0, shown_[2] = {0, 0}, shown_at_all_ = 0;
  std::vector<std::pair<NarrowedReader, std::uint32_t>> narrowed_;  // with the topic
  AuditSummary summary_;
};

void AuditCount::add(PersonHash who, const AuditPerson& person) {
  SlotMix mix;
  bool any = false;
  for (const auto& [slot, each] : person.slots) {
    if (!slot_.empty() && slot != slot_key(slot_)) continue;
    if (any && each.arm != mix.arm) {
      ++summary_.mixed;
      return;
    }
    if (any)
      mix.merge(each);
    else
      mix = each;
    any = true;
  }
  WeekMix all;
  for (const WeekMix& week : mix.weeks) {
    if (week.week > week_of(today_) - kAuditWeeks) all.add(week);
  }
  if (all.places == 0) return;
  ArmTally& tally = tallies_[place_of(mix.arm)];
  if (all.places < kMixPlacesMin) {
    ++tally.people_few;
    return;
  }
  ++tally.people;
  tally.places += all.places;
  tally.serves += all.serves;
  tally.sells += all.sells;
  if (!all.topics.empty()) add_audit_number(tally.entropy, entropy_bits(all));
  if (live_ != 0)
    add_audit_number(tally.must_reads, static_cast<double>(std::popcount(mix.must_reads & live_)) /
                                           std::popcount(live_));
  const double places = all.places;
  add_audit_number(tally.serve_share, all.serves / places);
  add_audit_number(tally.sell_share, all.sells / places);
  tally.serve_sell.emplace_back(all.serves, all.sells);
  if (const auto age = middle_age(all)) tally.ages.push_back(*age);
  if (!mix.run.narrow(today_)) return;
  ++tally.narrowed;
  add_narrowed(who, mix);
}

void AuditCount::add_narrowed(PersonHash who, const SlotMix& mix) {
  NarrowedReader reader{who, mix.arm, "", mix.run.since_day, mix.run.places};
  narrowed_.emplace_back(std::move(reader), mix.run.topics.front());
}

void AuditCount::count_shown() {
  for (const StockedItem& item : inventory_.items()) {
    if (fold_.item_sample().has(item.key)) ++showable_;
  }
  std::vector<std::uint8_t> seen(inventory_.items().size(), 0);
  for (const auto& [slot, items] : fold_.shown()) {
    if (!slot_.empty() && slot != slot_key(slot_)) continue;
    for (const auto& [key, days] : items) {
      const StockedItem* item = inventory_.item(key);
      if (item == nullptr) continue;
      std::uint8_t& mark = seen[static_cast<std::size_t>(item - inventory_.items().data())];
      for (std::size_t arm = 0; arm < 2; ++arm) {
        const auto bit = static_cast<std::uint8_t>(1U << arm);
        if (days[arm] <= today_ - kInterestDays || (mark & bit) != 0) continue;
        if (mark == 0) ++shown_at_all_;
        mark |= bit;
        ++shown_[arm];
      }
    }
  }
}

Estimate AuditCount::never_shown(std::uint64_t shown) const {
  if (showable_ == 0) return Estimate::unknown(0, "nothing can be shown");
  const std::uint64_t never = showable_ - shown;
  const double share = static_cast<double>(never) / static_cast<double>(showable_);
  if (fold_.item_sample().whole()) return {share, {share, share}, showable_, ""};
  return {share, wilson_interval(never, showable_, kFigureAlpha), showable_, ""};
}

AuditArm AuditCount::arm(std::size_t place) {
  ArmTally& tally = tallies_[place];
  AuditArm arm;
  arm.people = tally.people;
  arm.people_few = tally.people_few;
  arm.places = tally.places;
  arm.serves = tally.serves;
  arm.sells = tally.sells;
  arm.narrowed = tally.narrowed;
  arm.entropy_bits = audit_mean(tally.entropy);
  arm.must_read_reach = live_ == 0 ? Estimate::unknown(0, "no item is marked must-read")
                                   : audit_share(tally.must_reads);
  arm.age_hours = audit_age(tally.ages);
  arm.serve_share = audit_share(tally.serve_share);
  arm.sell_share = audit_share(tally.sell_share);
  arm.serve_to_sell = audit_ratio(tally.serve_sell);
  arm.narrowed_share = too_few_people(tally.people);
  if (tally.people >= kAuditPeopleMin) {
    const auto n = static_cast<double>(tally.people);
    arm.narrowed_share = {static_cast<double>(tally.narrowed) / n,
                          wilson_interval(tally.narrowed, tally.people, kFigureAlpha), tally.people,
                          ""};
  }
  arm.never_shown = never_shown(shown_[place]);
  return arm;
}

void AuditCount::name_topics() {
  std::ranges::sort(narrowed_, [](const auto& a, const auto& b) {
    return std::pair(a.first.since_day, a.first.person) <
           std::pair(b.first.since_day, b.first.person);
  });
  std::map<std::string, std::uint64_t> topics;
  for (auto& [reader, topic] : narrowed_) {
    const StockedTopic* stocked = inventory_.topic(topic);
    reader.topic = stocked != nullptr ? stocked->name : "a topic that no item has";
    ++topics[reader.topic];
    if (summary_.narrowed.size() < kNarrowedListed) summary_.narrowed.push_back(reader);
  }
  summary_.narrowed_topics.assign(topics.begin(), topics.end());
  std::ranges::stable_sort(summary_.narrowed_topics, std::ranges::greater{},
                           [](const auto& entry) { return entry.second; });
}

std::string audit_mix_sentence(const AuditSummary& s) {
  const Estimate& difference = s.entropy_difference;
  if (!difference.value) {
    if (s.treated.people + s.holdout.people == 0)
      return "Nobody was answered often enough lately to tell what their mix is.";
    return fmt::format(
        "Too early to say who sees the narrower mix: {} and {} people with and without bets were "
        "answered {} places or more lately; it takes {} each.",
        s.treated.people, s.holdout.people, kMixPlacesMin, kAuditPeopleMin);
  }
  const std::string numbers = fmt::format(
      "as if of {:.1f} topics with bets and {:.1f} without; {:+.2f} bits, {:+.2f} to {:+.2f}, n "
      "{} / {}",
      std::exp2(*s.treated.entropy_bits.value), std::exp2(*s.holdout.entropy_bits.value),
      *difference.value, difference.interval.low, difference.interval.high,
      s.treated.entropy_bits.n, s.holdout.entropy_bits.n);
  const bool matters = std::abs(*difference.value) >= kNarrowerBitsMin;
  if (!matters && !difference.interval.contains(0))
    return fmt::format("Both see about the same mix: {}.", numbers);
  if (difference.interval.high < 0)
    return fmt::format("Readers with bets see the narrower mix: {}.", numbers);
  if (difference.interval.low > 0)
    return fmt::format("Readers who are left alone see the narrower mix: {}.", numbers);
  return fmt::format("No arm's mix is known to be narrower: {}.", numbers);
}

std::string audit_words(const AuditSummary& s) {
  std::string text = audit_mix_sentence(s);
  if (s.treated.must_read_reach.value && s.holdout.must_read_reach.value) {
    text += fmt::format(
        " Of the editor's {} must-reads {:.0f} % reach a reader with bets and {:.0f} % one "
        "without.",
        s.must_reads, 100 * *s.treated.must_read_reach.value,
        100 * *s.holdout.must_read_reach.value);
  }
  const std::uint64_t narrowed = s.treated.narrowed + s.holdout.narrowed;
  if (narrowed > 0)
    text += fmt::format(" {} {} shown one topic only for a week or longer.", narrowed,
                        narrowed == 1 ? "reader was" : "readers were");
  return text;
}

AuditSummary AuditCount::run() {
  for (std::size_t bit = 0; bit < kMustReadsMax; ++bit) {
    const ItemKey item = fold_.must_reads()[bit];
    if (item == ItemKey{} || inventory_.item(item) == nullptr) continue;
    live_ |= std::uint64_t{1} << bit;
    ++summary_.must_reads;
  }
  summary_.slot = slot_;
  summary_.each_stands_for = fold_.sample().weight();
  for (const auto& [who, person] : fold_.people()) add(who, person);
  count_shown();
  summary_.treated = arm(0);
  summary_.holdout = arm(1);
  summary_.never_shown = never_shown(shown_at_all_);
  summary_.entropy_difference = audit_difference(tallies_[0].entropy, tallies_[1].entropy);
  summary_.must_read_difference =
      live_ == 0 ? Estimate::unknown(0, "no item is marked must-read")
                 : audit_difference(tallies_[0].must_reads, tallies_[1].must_reads);
  name_topics();
  summary_.sentence = audit_words(summary_);
  return std::move(summary_);
}

void write_audit(JsonWriter& json, std::string_view name, const Estimate& estimate) {
  json.key(name).begin_object().key("value");
  if (estimate.value) {
    json.number(*estimate.value);
    json.interval("interval", estimate.interval.low, estimate.interval.high);
  } else {
    json.null().key("interval").null().field("whyNot", estimate.why_not);
  }
  json.field("n", estimate.n).end_object();
}

void write_audit_arm(JsonWriter& json, std::string_view name, const AuditArm& arm) {
  json.key(name).begin_object().field("people", arm.people);
  json.field("peopleWithFewPlaces", arm.people_few).field("places", arm.places);
  json.field("servePlaces", arm.serves).field("sellPlaces", arm.sells);
  write_audit(json, "topicEntropyBits", arm.entropy_bits);
  write_audit(json, "mustReadReach", arm.must_read_reach);
  write_audit(json, "ageHours", arm.age_hours);
  write_audit(json, "serveShare", arm.serve_share);
  write_audit(json, "sellShare", arm.sell_share);
  write_audit(json, "serveToSell", arm.serve_to_sell);
  write_audit(json, "catalogueNeverShown", arm.never_shown);
  json.field("narrowed", arm.narrowed);
  write_audit(json, "narrowedShare", arm.narrowed_share);
  json.end_object();
}

}  // namespace

AuditSummary summarize(const ContentAuditFold& fold, const Inventory& inventory,
                       std::string_view slot, TimeMs now_ms) {
  return AuditCount(fold, inventory, slot, now_ms).run();
}

std::string to_json(const AuditSummary& s) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("sentence", s.sentence).key("slot");
  s.slot.empty() ? json.null() : json.string(s.slot);
  json.field("unit", "person").field("eachStandsFor", s.each_stands_for);
  json.field("inDifferentArms", s.mixed).field("mustReads", s.must_reads);
  write_audit(json, "catalogueNeverShown", s.never_shown);
  write_audit_arm(json, "treated", s.treated);
  write_audit_arm(json, "holdout", s.holdout);
  json.key("difference").begin_object();
  write_audit(json, "topicEntropyBits", s.entropy_difference);
  write_audit(json, "mustReadReach", s.must_read_difference);
  json.end_object().key("narrowedTopics").begin_array();
  for (const auto& [topic, readers] : s.narrowed_topics)
    json.begin_object().field("topic", topic).field("readers", readers).end_object();
  json.end_array().key("narrowed").begin_array();
  for (const NarrowedReader& reader : s.narrowed) {
    json.begin_object().field("person", to_string(reader.person));
    json.field("arm", to_string(reader.arm)).field("topic", reader.topic);
    json.field("since", format_time(TimeMs{reader.since_day} * kDayMs).substr(0, 10));
    json.field("places", reader.places).end_object();
  }
  json.end_array().end_object();
  return body;
}

struct ContentAudit::State {
  mutable Mutex mutex;
  ContentAuditFold fold GUARDED_BY(mutex);
};

ContentAudit::ContentAudit() : state_(std::make_unique<State>()) {}
ContentAudit::~ContentAudit() = default;

AuditSummary ContentAudit::summary(const CatalogView& catalog, TimeMs now_ms,
                                   CanBeShown can_be_shown, std::string_view slot) const {
  const Inventory inventory(catalog, now_ms, can_be_shown);
  MutexLock lock(state_->mutex);
  return summarize(state_->fold, inventory, slot, now_ms);
}

void ContentAudit::consume(const CommittedRecord& record) {
  MutexLock lock(state_->mutex);
  state_->fold.consume(record);
}

std::string ContentAudit::save() const {
  MutexLock lock(state_->mutex);
  return state_->fold.save();
}

Result<void> ContentAudit::load(std::string_view bytes) {
  ContentAuditFold loaded;  // apart: what is damaged half-way leaves nothing behind
  TRY(loaded.load(bytes));
  MutexLock lock(state_->mutex);
  state_->fold = std::move(loaded);
  return {};
}

}  // namespace ante
