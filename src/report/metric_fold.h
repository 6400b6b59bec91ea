// The fold behind the metrics: what people did after they first met a slot, by arm.
//
// In:   who enters which trial (from report/lift_fold.h, whose listener this is) and the log's
//       events, rewards, decisions and definitions of metrics, in commit order.
// Out:  MetricTrial: integer sums of each arm, which merge and can be rebuilt; sums of each proxy
//       together with each outcome.
//
// Trials are those of the lift (a slot, a bet), and Trial{}: the person against the global holdout,
// that is whoever is held out in every slot that people meet. A person enters a trial once; a
// metric counts them when its window after their first exposure has closed, if it was defined
// before they came. What comes later for that window corrects the sums. Two ids of one person in
// different arms take both out again.
// Limits: kLiftPeopleMax (person, trial) pairs, kMetricsMax metrics.
// One thread at a time. docs/decisions/0080-metrics.md.

#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "domain/metric.h"
#include "math/pair_sums.h"
#include "report/lift_fold.h"

namespace ante {

// Of one arm.
struct MetricSums {
  std::uint64_t conversions = 0;  // persons whose count is above 0
  PairSums value_before;          // the person's number, and how often they had come before
  PairSums value_per;             // the person's counts of a ratio
  PairSums early_late;            // their number in the first and in the last third of the window
  std::uint64_t asked = 0, answered = 0;
  friend bool operator==(const MetricSums&, const MetricSums&) = default;
};

struct MetricTrial {
  MetricSums treated, holdout;
};

// A proxy beside an outcome, of the same persons, by arm.
struct ProxyPair {
  std::string proxy, outcome;
  PairSums treated, holdout;
};

class MetricFold final : public LiftListener {
 public:
  explicit MetricFold(std::string holdout_salt);

  void entered(const Trial& trial, const Entered& who) override;
  void ended(const Trial& trial) override;
  void drawn_anew() override { ended(Trial{}); }
  void joined(PersonHash kept, PersonHash gone) override;
  void forgotten(PersonHash representative) override;
  // After the lift's fold has consumed it. `representative` of the record's person.
  void consume(const CommittedRecord& record, PersonHash representative);

  // The built-in metrics first.
  std::vector<Metric> metrics() const;
  // kNotFound: no such metric (the message suggests the nearest).
  Result<Metric> metric(std::string_view id) const;
  // Zeros where nobody was counted. REQUIRES a known metric.
  MetricTrial sums(const Trial& trial, std::string_view metric) const;
  std::vector<Trial> trials() const;  // with anybody in them
  std::vector<ProxyPair> proxy_pairs() const;

  void save(std::string& bytes) const;
  Result<void> load(std::string_view bytes);

 private:
  using Number = std::uint16_t;  // of a definition; another definition gets another one
  struct Defined {
    Metric metric;
    Number number = 0;
    TimeMs since_ms = 0;
  };
  // What a person did that one metric counts, in millionths.
  struct Value {
    Number number = 0;
    std::int64_t count = 0, per = 0, early = 0, late = 0;
    bool happened = false, asked = false;
  };
  struct Unit {
    Trial trial;
    TimeMs first_ms = 0;
    TimeMs closed_until_ms = 0;  // windows that closed until then are counted
    TimeMs wakes_ms = 0;         // its place in due_
    std::uint8_t before = 0;     // level of visits before
    Arm arm = Arm::kTreated;
    bool left_out = false;
    bool paired = false;  // counted among the pairs
    bool sealed = false;  // too late for corrections: what was done is forgotten
    std::vector<Value> values;
  };
  struct Person {
    TimeMs last_act_ms = 0;
    std::vector<Unit> units;
  };
  struct Numbers {
    std::int64_t value = 0, per = 0, early = 0, late = 0;
    bool converted = false;
  };
  // What one record adds to one metric.
  struct Addition {
    const Defined* metric = nullptr;
    std::int64_t count = 0, per = 0;
    bool happened = false;
  };
  using PairKey = std::pair<Number, Number>;
  struct ArmPairs {
    PairSums treated, holdout;
  };
  struct Due {
    TimeMs at_ms = 0;
    PersonHash person;
    Trial trial;
    friend auto operator<=>(const Due&, const Due&) = default;
  };

  const Defined* find(std::string_view id) const;
  static bool applies(const Defined& metric, const Unit& unit) {
    return metric.since_ms <= unit.first_ms && !is_control(unit.arm);
  }
  static TimeMs close_ms(const Defined& metric, const Unit& unit) {
    return unit.first_ms + metric.metric.closes_after_ms();
  }
  static bool is_counted(const Defined& metric, const Unit& unit) {
    return applies(metric, unit) && !unit.left_out &&
           close_ms(metric, unit) <= unit.closed_until_ms;
  }
  static const Value* find_value(const Unit& unit, Number number);
  static Value& value_of(Unit& unit, Number number);
  static Numbers numbers_of(const Defined& metric, const Unit& unit);
  void change_sums(const Defined& metric, const Unit& unit, bool adds);
  void change_pairs(const Unit& unit, bool adds);
  TimeMs last_close_ms(const Unit& unit) const;
  void withdraw(Unit& unit);
  void merge_units(Unit& kept, Unit& gone);
  void add_unit(PersonHash representative, Unit unit);
  void settle(PersonHash key, Unit& unit);
  void settle_until_now();
  void wake(PersonHash key, Unit& unit);
  void act(PersonHash representative, const Event& event, TimeMs occurred_at);
  void rewarded(PersonHash representative, const Reward& reward, TimeMs occurred_at);
  void credit(Person& person, const std::vector<Addition>& additions, TimeMs occurred_at);
  void apply(const Addition& addition, Unit& unit, TimeMs occurred_at);
  void asked(PersonHash representative, const std::string& metric);
  void define(const CommittedRecord& record);
  void note_slot(const Object& object);
  bool is_held_out(const Entered& who) const;
  void save_people(ByteWriter& out) const;
  bool load_definitions(ByteReader& in);
  bool load_people(ByteReader& in);

  std::string holdout_salt_;
  std::vector<Defined> metrics_;
  Number next_number_ = 0;
  struct Share {
    double held_out = 0;
    bool met = false;  // by anybody: no arm is drawn by the share of a slot that nobody sees
  };
  std::map<SlotKey, Share> shares_;  // of slots that are not in shadow
  std::unordered_map<PersonHash, Person, PersonHasher> people_;
  std::map<std::pair<Trial, Number>, MetricTrial> sums_;
  std::map<PairKey, ArmPairs> pairs_;
  std::vector<Due> due_;  // a heap, earliest first; made anew when loaded
  std::size_t units_ = 0;
  TimeMs now_ms_ = 0;
};

}  // namespace ante
