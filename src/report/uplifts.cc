#include "report/uplifts.h"

#include <utility>

#include "base/bytes.h"
#include "domain/bucketing.h"

namespace ante {

namespace {

constexpr std::uint8_t kUpliftsFormat = 1;

double in_units(std::int64_t micros) { return static_cast<double>(micros) / 1e6; }

double treated_share(const LiftUnit& unit) {
  return 1 - static_cast<double>(unit.holdout_buckets) / static_cast<double>(kBuckets);
}

// A trial in which everybody stands on one side compares nobody.
bool compares(const Trial& trial, const LiftUnit& unit) {
  return trial.bet != BetKey{} && unit.holdout_buckets > 0 && unit.holdout_buckets < kBuckets;
}

}  // namespace

void Uplifts::counted(const Trial& trial, const LiftUnit& unit) {
  if (!compares(trial, unit)) return;
  Learner& of = learners_[trial];
  of.learner.add(unit.traits, unit.arm == Arm::kTreated, treated_share(unit),
                 in_units(unit.outcome_micros));
  ++of.persons;
}

void Uplifts::changed(const Trial& trial, const LiftUnit& unit, std::int64_t micros_before) {
  if (!compares(trial, unit)) return;
  learners_[trial].learner.replace(unit.traits, unit.arm == Arm::kTreated, treated_share(unit),
                                   in_units(micros_before), in_units(unit.outcome_micros));
}

void Uplifts::refit(const SlotGoals& slots) {
  std::shared_ptr<AdviceMap> next;
  for (auto& [trial, of] : learners_) {
    const double due = static_cast<double>(of.fitted_persons) * (1 + kRefitGrowth);
    if (of.persons < 2 * kUpliftPersonsMin || static_cast<double>(of.persons) < due) continue;
    of.fitted_persons = of.persons;
    const Slot* slot = slots.find(trial.slot);
    if (slot == nullptr) continue;
    if (!next) next = std::make_shared<AdviceMap>(*advice_.get());
    (*next)[trial.bet] = std::make_shared<const Advice>(
        Advice{of.learner.model(), slot->attention_cost + slot->miss_cost});
  }
  if (next) advice_.publish(std::move(next));
}

Exclusion Uplifts::exclusion(std::string_view bet, const Traits& traits) const {
  const auto advice = advice_.get();
  const auto found = advice->find(bet_key(bet));
  if (found == advice->end()) return Exclusion::kNone;
  // Outcomes are counted in reward already: one unit is worth one.
  return found->second->model.exclusion(traits, found->second->contact_cost, 1);
}

void Uplifts::save(std::string& bytes) const {
  ByteWriter out(bytes);
  out.u8(kUpliftsFormat);
  out.varint(learners_.size());
  for (const auto& [trial, of] : learners_) {
    out.u64(trial.slot.value);
    out.u64(trial.bet.value);
    out.varint(of.persons);
    out.string(of.learner.save());
  }
}

Result<void> Uplifts::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kUpliftsFormat)
    return data_loss("uplifts: the checkpoint is of a format that is not known");
  const std::size_t learners = in.count(16 + 2);
  for (std::size_t i = 0; i < learners && in.ok(); ++i) {
    Trial trial;
    trial.slot = SlotKey{in.u64()};
    trial.bet = BetKey{in.u64()};
    Learner& of = learners_[trial];
    of.persons = in.varint();
    TRY(of.learner.load(in.string()));
  }
  if (!in.ok() || !in.at_end()) return data_loss("uplifts: the checkpoint is damaged");
  return {};
}

}  // namespace ante
