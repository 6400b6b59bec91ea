// The whole engine in one process, without sockets: what the server, the command line, the
// simulations and the benches share.
//
// In:   a store, a clock, a registry of metrics and the directory's secret.
// Out:  the parts, wired: events in, decisions out, rewards joined, models learned, lift reported.
//
// open() folds the log; from then on every part may be used by any thread, as its header says.
// stop() (or the destructor) commits what is queued and saves the checkpoints.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/keys.h"
#include "api/object_table.h"
#include "api/report_side.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "decision/decision_engine.h"
#include "decision/slot_table.h"
#include "domain/brief.h"
#include "domain/impression_token.h"
#include "events/ingest.h"
#include "journal/consumer_group.h"
#include "journal/journal.h"
#include "profile/profile_store.h"
#include "report/bet_odds.h"
#include "report/bet_rulings.h"
#include "report/figures.h"
#include "report/lift.h"
#include "report/likings.h"
#include "reward/joiner.h"
#include "store/store.h"

namespace ante {

struct EngineOptions {
  SecretKey secret{};      // of the data directory; every other key comes from it
  std::uint64_t seed = 1;  // of decision ids and draws
  EntropySource entropy;   // for API keys
  JournalOptions journal;
  IngestOptions ingest;
  DurationMs keep_bets_ms = 0;  // how often rules move bets; 0 = only when keep_bets() is called
};

// Who changes an object, and why: kept with it.
struct Author {
  std::string who, why;
};

// The version a change expects: none = whatever is there; 0 = that nothing is there.
using ExpectedVersion = std::optional<std::uint64_t>;

class Engine {
 public:
  // Borrowed objects outlive the engine. `on_fatal`: the journal cannot go on; end the process.
  static Result<std::unique_ptr<Engine>> open(Store& store, const Clock& clock, Metrics& metrics,
                                              EngineOptions options,
                                              std::function<void(Error)> on_fatal);
  ~Engine();
  Result<void> stop();

  const Clock& clock() const;
  Metrics& metrics();
  Store& store();
  Journal& journal();
  const Catalog& catalog() const;
  const ItemInterner& interner() const;
  const ProfileStore& people() const;
  const SlotTable& slots() const;
  const BetTable& bets() const;
  const HoldoutTable& holdout() const;
  const ObjectTable& objects() const;
  const KeyTable& keys() const;
  const DecisionEngine& decisions() const;
  const LiftReport& lift() const;
  const Figures& figures() const;
  const Likings& likings() const;
  const Joiner& joiner() const;
  // The value model that decides now.
  std::shared_ptr<const ValueModel> value_model() const;
  // What is folded for reports besides.
  const ReportSide& reports() const;
  // The joiner and who learns or counts from its rows, as one.
  const ConsumerGroup& rewards() const;
  const TokenSigner& signer() const;
  Ingest& ingest();
  const SecretKey& person_key() const;
  std::string holdout_salt() const;
  // Names of the candidate sources, in the order of their bits.
  std::span<const std::string_view> source_names() const;

  // Stores the items (new versions of those that exist) in one commit; `done` on the committer
  // thread. An item that equals what is stored is not stored again.
  void put_items(std::vector<Item> items, Completion done);
  Result<void> put_items_and_wait(std::vector<Item> items);

  // The next version of an object, durable and visible on return. kConflict: `expected` does not
  // hold; the message names both versions. Waits for the disk.
  Result<Object> put_object(std::string_view type, std::string_view id, std::string json,
                            const Author& author, ExpectedVersion expected);
  // kNotFound: there is none.
  Result<Object> delete_object(std::string_view type, std::string_view id, const Author& author,
                               ExpectedVersion expected);
  // A slot from its JSON, checked. kInvalidArgument (also: its holdout is to end and nobody said
  // why), kConflict.
  Result<Slot> put_slot(std::string_view name, std::string_view json, const Author& author,
                        ExpectedVersion expected);
  // A slot that fell back bets again, and its evidence begins anew. kNotFound, kConflict (also: it
  // did not fall back), kInvalidArgument: nobody says why.
  Result<Slot> resume_slot(std::string_view name, const Author& author, ExpectedVersion expected);
  // A metric from its JSON, checked. Who changes what it counts begins its evidence anew, and must
  // say why.
  // kInvalidArgument, kConflict (built in, or an expected version that does not hold).
  Result<Metric> put_metric(std::string_view id, std::string_view json, const Author& author,
                            ExpectedVersion expected);
  // Other people are held out from now on (kHoldoutDrawDelayMs later), in every slot; what was
  // measured so far is closed. kInvalidArgument: nobody said why. kConflict: `expected`, or the
  // draw before has not begun to count.
  Result<HoldoutDraw> draw_holdout(const Author& author, ExpectedVersion expected);
  // A bet from what somebody says of it, checked; what the engine keeps of it stays. While it runs,
  // what would change whom or what it compares cannot be changed: fold it and place another.
  // kInvalidArgument, kConflict (version, or a bet that takes all of its audience first).
  Result<Bet> put_bet(std::string_view id, std::string_view json, const Author& author,
                      ExpectedVersion expected);
  // By hand. kNotFound, kConflict: it cannot move there from where it is.
  Result<Bet> move_bet(std::string_view id, BetState to, const Author& author,
                       ExpectedVersion expected);
  // By rule: opens, folds and settles what is due, takes slots that lose back to their safe
  // default, and slots whose brief is over into the shadow. The number of changes. Waits for the
  // disk.
  Result<std::size_t> keep_bets();
  // None: there is no such brief. All, in the order of their ids.
  std::optional<Brief> brief(std::string_view id) const;
  std::vector<Brief> briefs() const;
  // A brief from what somebody says of it, checked; what the engine keeps of it stays. Its slots
  // leave or enter the shadow by it. kInvalidArgument: names the member; a change of what is
  // registered without a why. kConflict: version; a slot runs on what would be taken away.
  Result<Brief> put_brief(std::string_view id, std::string_view json, const Author& author,
                          ExpectedVersion expected);
  // For another quarter. kNotFound. kInvalidArgument: no why. kConflict: version; it is not
  // registered; its customer measure is losing.
  Result<Brief> renew_brief(std::string_view id, const Author& author, ExpectedVersion expected);
  // What bets turned out to be worth so far: the prior of the next one's odds.
  EffectPrior effect_prior() const;

  // A new API key; its text is shown here and never again.
  Result<NewKey> add_key(KeyKind kind, std::vector<std::string> origins, const Author& author);

  // Every routing id of the person, oldest first, with what it was as text.
  std::vector<std::pair<PersonHash, std::optional<RoutingId>>> members(PersonHash person) const;
  // Empties the person's state from here on and wipes their records. Waits for the disk.
  // kNotFound: nothing is stored of them. The number: linked ids erased.
  Result<std::size_t> erase_person(PersonHash person);

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  Result<Object> store_object(Object object);
  // kConflict: a live bet is measured by what `next` would change; null: the slot is to end.
  Result<void> check_no_bet_measures(std::string_view name, const Slot* next) const;
  // Bets and slots are checked against each other and then stored, one at a time.
  Mutex& bet_writes();
  OutcomeEvidence outcomes_of(const Bet& bet) const;
  Result<Bet> store_bet(Bet bet, const Author& author, ExpectedVersion expected);
  Result<std::size_t> keep_slots();
  // Why the brief of the slot does not count; empty = it does, is waived, or none is named.
  std::string why_brief_missing(const Slot& slot) const;
  // Slots enter and leave the shadow as their briefs say; `id`: of that brief only.
  Result<std::size_t> keep_briefs(std::string_view id = {});
  // kConflict: a slot names the brief.
  Result<void> check_no_slot_uses(std::string_view id) const;
  Result<Brief> store_brief(Brief brief, const Author& author, ExpectedVersion expected);

  std::unique_ptr<Parts> parts_;
};

}  // namespace ante
