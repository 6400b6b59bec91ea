"""The faults that must not go unnoticed, each with the test that has to notice it.

An edit is (file, what stands there exactly once, what the fault puts there).
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    what: str
    edits: tuple
    target: str  # the test program
    test: str    # Suite.Test

    def filter(self):
        """For --gtest_filter: also matches instances of parameterised suites."""
        return f"{self.test}:*/{self.test}/*:{self.test}/*"


FAULTS = [
    Fault(
        name="no-sync",
        what="commits are written, but not synced to the disk",
        edits=(("src/store/rocksdb_store.cc", "write.sync = sync && options.sync;", "write.sync = sync && false;"),),
        target="journal_test",
        test="PowerCut.LosesNothingAcknowledgedAndCountsNothingTwice",
    ),
    Fault(
        name="acknowledge-before-commit",
        what="the answer leaves before the records are on the disk",
        edits=(("src/journal/committer.cc", "  return store_.commit(commit.value, group.batches);\n", """\
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (group.entries[i].done) group.entries[i].done(group.outcomes[i]);
    group.entries[i].done = nullptr;
  }
  return store_.commit(commit.value, group.batches);
"""),),
        target="journal_test",
        test="JournalTest.NothingIsAcknowledgedThatTheFailedCommitHeld",
    ),
    Fault(
        name="dedup-lost-at-restart",
        what="a start forgets which messages were stored",
        edits=(("src/journal/dedup_index.cc", "  for (const std::uint32_t day : found) TRY(load_day(day));\n",
                "  found.clear();\n"),),
        target="journal_test",
        test="JournalTest.DedupSurvivesARestart",
    ),
    Fault(
        name="propensity-off-by-1-percent",
        what="the logged probability is one percent too small",
        edits=(("src/decision/policy.cc",
                "place.propensity = static_cast<float>(place_item(slate, branches, k, chosen));",
                "place.propensity = 0.99F * static_cast<float>(place_item(slate, branches, k, chosen));"),),
        target="decision_test",
        test="Policy.PropensityOffByOnePerCentIsCaught",
    ),
    Fault(
        name="holdout-leaked-into-learning",
        what="the value model learns from people who must only be measured",
        edits=(("src/learning/trainer.cc", "return row.arm == Arm::kTreated && row.in_hand;",
                "return row.in_hand;"),),
        target="learning_test",
        test="Trainer.HoldoutRowsNeverReachTheModel",
    ),
    Fault(
        name="ablation-drops-a-guard",
        what="without what they told, people are shown what they hid",
        edits=(("src/profile/data_source.cc", "      seen.pinned.clear();\n",
                "      seen.pinned.clear();\n      seen.hidden.clear();\n"),),
        target="profile_test",
        test="DataSource.GuardsStayInEveryCopy",
    ),
    Fault(
        name="fold-reads-todays-catalogue",
        what="a person's interests take the topics an item has now, not those of the event",
        edits=(
            ("src/catalog/catalog.cc", "void Catalog::consume(const CommittedRecord& record) {\n", """\
std::map<std::uint64_t, std::vector<TopicKey>> todays_topics;

void Catalog::consume(const CommittedRecord& record) {
  if (const auto item = decode_item(record.body); item && record.header.kind == RecordKind::kItem) {
    todays_topics[item->key.value] = item->topic_keys;
  }
"""),
            ("src/profile/fold.cc", "      notice_topics(state, item.topics, weight, moment);\n", """\
      const auto today = todays_topics.find(item.key.value);
      notice_topics(state, today == todays_topics.end() ? item.topics : today->second, weight, moment);
"""),
            ("src/profile/fold.cc", "namespace ante {\nnamespace {\n", """\
#include <map>
namespace ante {
extern std::map<std::uint64_t, std::vector<TopicKey>> todays_topics;
namespace {
"""),
        ),
        target="rebuild_test",
        test="Rebuild.AFoldReadsTheItemAsItWasAndNotTodaysCatalogue",
    ),
]
