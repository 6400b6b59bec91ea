#include "learning/settled_decisions.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "journal/log_reader.h"
#include "reward/joiner.h"
#include "reward/reward_scales.h"
#include "reward/slot_goals.h"

namespace ante {
namespace {

// After so many values of the log, or a quarter of what waits, decisions that the joiner has let go
// without a row are looked for.
constexpr std::size_t kSweepValuesMin = 256;

// Rewards of the decisions that wait, as the joiner tells them.
class WaitingDecisions final : public RewardSink {
 public:
  void add(DecisionId id) { waiting_.emplace(id, Rewards{}); }
  bool has(DecisionId id) const { return waiting_.count(id) != 0; }
  std::size_t size() const { return waiting_.size(); }

  void matured(const RewardRow& row) override {
    const auto found = waiting_.find(row.decision);
    if (found == waiting_.end()) return;
    if (found->second.empty()) matured_.push_back(row.decision);
    found->second.push_back({row.position, row.reward});
  }

  // All rows of a decision come in one call of the joiner.
  void settle_matured(DecisionSink& sink) {
    for (const DecisionId id : matured_) {
      const auto found = waiting_.find(id);
      sink.settle(id, RewardState::kMatured, found->second);
      waiting_.erase(found);
    }
    matured_.clear();
  }

  // What the joiner has let go without a row was not shown.
  void settle_gone(const Joiner& joiner, DecisionSink& sink) {
    std::erase_if(waiting_, [&](const auto& entry) {
      if (joiner.is_waiting(entry.first)) return false;
      sink.settle(entry.first, RewardState::kNotShown, {});
      return true;
    });
  }

  void settle_all(RewardState state, DecisionSink& sink) {
    for (const auto& [id, rewards] : waiting_) sink.settle(id, state, {});
    waiting_.clear();
  }

 private:
  using Rewards = std::vector<PlaceReward>;
  std::unordered_map<DecisionId, Rewards> waiting_;
  std::vector<DecisionId> matured_;
};

class LogReplay {
 public:
  LogReplay(const DecisionsWanted& wanted, DecisionSink& sink) : wanted_(wanted), sink_(sink) {}

  // False: everything wanted is settled.
  bool read(std::uint64_t commit, std::uint16_t partition, std::string_view value) {
    if (commit != commit_) scales_.commit_consumed(Commit{commit_});
    commit_ = commit;
    const auto records = decode_log_value_at(commit, partition, value);
    if (!records) {
      note_damage({commit, partition, std::numeric_limits<std::uint64_t>::max()});
      waiting_.settle_all(RewardState::kNotJoined, sink_);
      return !reading_.next;
    }
    for (const CommittedRecord& record : *records) read(record);
    if (++values_since_sweep_ >= std::max(kSweepValuesMin, waiting_.size() / 4)) {
      waiting_.settle_gone(joiner_, sink_);
      values_since_sweep_ = 0;
    }
    return !reading_.next || waiting_.size() > 0;
  }

  DecisionReading finish() {
    waiting_.settle_gone(joiner_, sink_);
    waiting_.settle_all(RewardState::kOpen, sink_);
    return reading_;
  }

 private:
  void read(const CommittedRecord& record) {
    const LogPlace place{record.commit.value, record.partition.value, record.sequence.value};
    const bool is_decision = record.header.kind == RecordKind::kDecision;
    // An outcome goes to the latest decision it fits, so those ahead take nothing from the wanted.
    if (is_decision && place <= wanted_.after) return;
    goals_.consume(record);
    joiner_.consume(record);
    waiting_.settle_matured(sink_);
    if (!is_decision) return;
    if (const Decision* decision = decision_of(record)) {
      offer(*decision, place);
    } else {
      note_damage(place);
    }
  }

  void offer(const Decision& decision, const LogPlace& place) {
    if (reading_.next || decision.at_ms < wanted_.since || decision.at_ms >= wanted_.until) return;
    if (!wanted_.slot.empty() && decision.slot_name != wanted_.slot) return;
    if (waiting_.has(decision.id)) return;
    const auto scales = scales_.scales().get();
    const auto scale = scales->find(decision.slot);
    const LoggedDecision logged{decision, goals_.find(decision.slot),
                                scale == scales->end() ? RewardScale{} : scale->second};
    if (!sink_.take(logged)) {
      reading_.next = LogPlace{place.commit, place.partition, place.sequence - 1};
    } else if (joiner_.is_waiting(decision.id)) {
      waiting_.add(decision.id);
    } else {
      sink_.settle(decision.id, RewardState::kNotJoined, {});
    }
  }

  // Counted once, also where the log is read page by page.
  void note_damage(const LogPlace& place) {
    if (place > wanted_.after && !reading_.next) ++reading_.unreadable;
  }

  const DecisionsWanted& wanted_;
  DecisionSink& sink_;
  WaitingDecisions waiting_;
  RewardScales scales_;
  Joiner joiner_{{&waiting_, &scales_}};
  SlotGoals goals_;
  DecisionReading reading_;
  std::uint64_t commit_ = 0;
  std::size_t values_since_sweep_ = 0;
};

}  // namespace

std::string_view to_string(RewardState state) {
  switch (state) {
    case RewardState::kMatured:
      return "matured";
    case RewardState::kOpen:
      return "open";
    case RewardState::kNotShown:
      return "not_shown";
    case RewardState::kNotJoined:
      return "not_joined";
  }
  return "";
}

Result<DecisionReading> read_decisions(const Store& store, const DecisionsWanted& wanted,
                                       DecisionSink& sink) {
  LogReplay replay(wanted, sink);
  TRY(store.scan_log(0,
                     [&](std::uint64_t commit, std::uint16_t partition, std::string_view value)
                         -> Result<bool> { return replay.read(commit, partition, value); }));
  return replay.finish();
}

}  // namespace ante
