#include "report/supply.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/mutex.h"
#include "base/text.h"

namespace ante {

namespace {

constexpr double kSupplyAlpha = 0.05;
constexpr std::size_t kSearchMatchesRead = 10;  // items read for words that were searched
constexpr std::size_t kNotCompared = static_cast<std::size_t>(-1);

// One topic that one reader wants.
struct WantedTopic {
  std::uint32_t topic = 0;
  std::size_t tally = 0;
  std::uint64_t reads = 0, seen = 0;  // in the window; of what can be shown
};

struct MeasuredReader {
  double unseen = 0, rate = 0;  // rate 0: they want it and did not read any of it
};

struct TopicTally {
  std::uint32_t topic = 0;
  const StockedTopic* stocked = nullptr;
  std::uint64_t wanted = 0, told = 0, noticed = 0;
  std::vector<MeasuredReader> readers;
  double depth() const { return stocked == nullptr ? 0 : static_cast<double>(stocked->depth()); }
  // A word of one person or two that no item has: a slip, or worse; no topic that runs out.
  bool of_few() const { return stocked == nullptr && wanted < kWordsAskersMin; }
};

Depth depth_of(double unseen, const std::optional<double>& lasts, bool keeps_up) {
  if (!lasts) return Depth::kUnknown;
  if (unseen < kUnseenMin || (*lasts < kLastsThin && !keeps_up)) return Depth::kDontBet;
  return *lasts < kLastsEnough && !keeps_up ? Depth::kThin : Depth::kEnough;
}

class SupplyCount {
 public:
  SupplyCount(const SupplyFold& fold, const Inventory& inventory, std::int32_t today)
      : fold_(fold), inventory_(inventory), today_(today), marks_(inventory.items().size(), 0) {}

  SupplySummary run();

 private:
  std::vector<WantedTopic> wants_of(const SupplyReader& reader);
  void add(const SupplyReader& reader);
  void add_typical(const SupplyReader& reader, const std::vector<WantedTopic>& wants, double reads,
                   double days);
  std::size_t tally_of(std::uint32_t topic);
  std::string name_of(const TopicTally& tally) const;
  PeopleCount people(std::uint64_t kept) const;
  double usual_rate();
  TopicSupply topic(const TopicTally& tally, double usual_rate) const;
  void find_neighbours(const std::vector<std::size_t>& order, std::vector<TopicSupply>& rows);
  void add_needs(SupplySummary& summary) const;
  bool answered(const std::string& words) const;
  void add_forgotten(SupplySummary& summary) const;

  const SupplyFold& fold_;
  const Inventory& inventory_;
  std::int32_t today_;
  std::uint64_t readers_ = 0;
  std::vector<TopicTally> tallies_;
  std::unordered_map<std::uint32_t, std::size_t> places_;
  std::vector<std::vector<std::size_t>> wanted_by_;  // of each reader, tallies
  // Of readers with all of their topics together.
  std::vector<double> topics_, rates_, unseen_, lasts_;
  std::uint64_t red_ = 0, keep_up_ = 0;
  std::vector<std::uint32_t> marks_;  // of items: the last reader whose topics have it
};

std::size_t SupplyCount::tally_of(std::uint32_t topic) {
  const auto [at, added] = places_.try_emplace(topic, tallies_.size());
  if (added) tallies_.push_back({topic, inventory_.topic(topic), 0, 0, 0, {}});
  return at->second;
}

std::vector<WantedTopic> SupplyCount::wants_of(const SupplyReader& reader) {
  std::vector<WantedTopic> wants;
  std::vector<std::size_t>& list = wanted_by_.emplace_back();
  for (const ReaderInterests::Topic& topic : reader.interests.topics) {
    const bool noticed = topic.noticed(today_);
    if (!topic.told && !noticed) continue;
    const std::size_t place = tally_of(topic.topic);
    TopicTally& tally = tallies_[place];
    ++tally.wanted;
    if (topic.told) ++tally.told;
    if (noticed) ++tally.noticed;
    wants.push_back({topic.topic, place, 0, 0});
    list.push_back(place);
  }
  return wants;
}

void SupplyCount::add(const SupplyReader& reader) {
  ++readers_;
  std::vector<WantedTopic> wants = wants_of(reader);
  if (wants.empty()) return;
  const auto find = [&wants](std::uint32_t topic) {
    const auto at = std::ranges::lower_bound(wants, topic, {}, &WantedTopic::topic);
    return at != wants.end() && at->topic == topic ? &*at : nullptr;
  };
  std::uint64_t reads = 0;
  for (const OpenedItem& opened : reader.opened) {
    if (opened.day > today_ - kInterestDays) {
      bool wanted = false;
      for (const std::uint32_t topic : opened.topics) {
        WantedTopic* want = topic == 0 ? nullptr : find(topic);
        if (want == nullptr) continue;
        ++want->reads;
        wanted = true;
      }
      if (wanted) ++reads;
    }
    const StockedItem* stocked = inventory_.item(opened.item);
    if (stocked == nullptr || !stocked->deep) continue;
    for (const std::uint32_t place : inventory_.topics_of(*stocked)) {
      if (WantedTopic* want = find(inventory_.topics()[place].topic)) ++want->seen;
    }
  }
  const double days = std::clamp(today_ - reader.first_day + 1, 1, kInterestDays);
  for (const WantedTopic& want : wants) {
    TopicTally& tally = tallies_[want.tally];
    tally.readers.push_back({std::max(0.0, tally.depth() - static_cast<double>(want.seen)),
                             static_cast<double>(want.reads) / days});
  }
  if (reads > 0 && rates_.size() < kTypicalReadersMax)
    add_typical(reader, wants, static_cast<double>(reads), days);
}

void SupplyCount::add_typical(const SupplyReader& reader, const std::vector<WantedTopic>& wants,
                              double reads, double days) {
  const auto mark = static_cast<std::uint32_t>(rates_.size() + 1);
  double unseen = 0, fresh = 0;
  for (const WantedTopic& want : wants) {
    const StockedTopic* stocked = tallies_[want.tally].stocked;
    if (stocked == nullptr) continue;
    for (const std::uint32_t place : stocked->deep) {
      if (marks_[place] == mark) continue;
      marks_[place] = mark;
      ++unseen;
      if (inventory_.items()[place].fresh) ++fresh;
    }
  }
  for (const OpenedItem& opened : reader.opened) {
    const StockedItem* stocked = inventory_.item(opened.item);
    if (stocked == nullptr) continue;
    if (marks_[static_cast<std::size_t>(stocked - inventory_.items().data())] == mark) --unseen;
  }
  const double rate = reads / days, lasts = unseen / rate;
  topics_.push_back(static_cast<double>(wants.size()));
  rates_.push_back(rate);
  unseen_.push_back(unseen);
  lasts_.push_back(lasts);
  const bool keeps_up = fresh >= kFreshDays * rate;
  if (keeps_up) ++keep_up_;
  if (depth_of(unseen, lasts, keeps_up) == Depth::kDontBet) ++red_;
}

PeopleCount SupplyCount::people(std::uint64_t kept) const {
  const auto n = static_cast<double>(kept);
  const double weight = fold_.sample().weight();
  if (fold_.sample().whole() || readers_ == 0) return {n, {n, n}};
  const Interval share = wilson_interval(kept, readers_, kSupplyAlpha);
  const double all = weight * static_cast<double>(readers_);
  return {weight * n, {all * share.low, all * share.high}};
}

// The pace at which a topic is read by who reads it, for those who want one and have not read it.
double SupplyCount::usual_rate() {
  std::vector<double> rates;
  for (const TopicTally& tally : tallies_) {
    for (const MeasuredReader& each : tally.readers) {
      if (each.rate > 0) rates.push_back(each.rate);
    }
  }
  return middle_of(rates).value.value_or(0);
}

std::string SupplyCount::name_of(const TopicTally& tally) const {
  if (tally.stocked != nullptr && !tally.stocked->name.empty()) return tally.stocked->name;
  const auto named = fold_.topic_names().find(tally.topic);
  if (named != fold_.topic_names().end()) return named->second;
  return "a topic that no item has";
}

TopicSupply SupplyCount::topic(const TopicTally& tally, double usual_rate) const {
  TopicSupply row;
  row.topic = name_of(tally);
  row.wanted = people(tally.wanted);
  row.told = people(tally.told);
  row.noticed = people(tally.noticed);
  if (tally.stocked != nullptr) {
    row.fresh = tally.stocked->fresh;
    row.evergreen = tally.stocked->evergreen;
    row.older = tally.stocked->older;
    row.published = tally.stocked->published;
  }
  std::vector<double> rates, paces, unseen, lasts, missing;
  for (const MeasuredReader& each : tally.readers) {
    const double pace = each.rate > 0 ? each.rate : usual_rate;
    unseen.push_back(each.unseen);
    if (each.rate > 0) rates.push_back(each.rate);
    if (pace > 0) lasts.push_back(each.unseen / pace);
    paces.push_back(pace);
  }
  const double pace = middle_of(paces).value.value_or(0);
  row.keeps_up = pace > 0 && static_cast<double>(row.fresh) >= kFreshDays * pace;
  for (const MeasuredReader& each : tally.readers) {
    const double own = each.rate > 0 ? each.rate : usual_rate;
    const double wanted = row.keeps_up ? kUnseenMin : std::max(kUnseenMin, kLastsEnough * own);
    missing.push_back(std::max(0.0, wanted - each.unseen));
  }
  row.reads_a_day = middle_of(rates);
  row.unseen = middle_of(unseen);
  row.lasts_days = middle_of(lasts);
  row.depth = depth_of(row.unseen.value.value_or(0), row.lasts_days.value, row.keeps_up);
  if (row.depth == Depth::kThin || row.depth == Depth::kDontBet)
    row.missing = static_cast<std::uint64_t>(std::ceil(middle_of(missing).value.value_or(0)));
  return row;
}

// The topic that most readers have in common with each, for the size of both; and what to do.
void SupplyCount::find_neighbours(const std::vector<std::size_t>& order,
                                  std::vector<TopicSupply>& rows) {
  const std::size_t size = std::min({order.size(), rows.size(), kNeighbourTopicsMax});
  std::vector<std::size_t> place(tallies_.size(), kNotCompared);
  for (std::size_t i = 0; i < size; ++i) place[order[i]] = i;
  std::vector<std::uint32_t> shared(size * size, 0);
  std::vector<std::size_t> of_reader;
  for (const auto& wanted : wanted_by_) {
    of_reader.clear();
    for (const std::size_t tally : wanted) {
      if (place[tally] != kNotCompared) of_reader.push_back(place[tally]);
    }
    for (const std::size_t a : of_reader) {
      for (const std::size_t b : of_reader) ++shared[a * size + b];
    }
  }
  for (std::size_t a = 0; a < size; ++a) {
    double best = 0;
    for (std::size_t b = 0; b < size; ++b) {
      const std::uint32_t both = shared[a * size + b];
      const bool empty = rows[b].fresh + rows[b].evergreen == 0;
      if (a == b || empty || both < kNeighbourSharedMin) continue;
      const double near =
          static_cast<double>(both) / std::sqrt(static_cast<double>(shared[b * size + b]));
      if (near <= best) continue;
      best = near;
      rows[a].neighbour = rows[b].topic;
      rows[a].shared = both;
    }
  }
  for (TopicSupply& row : rows) {
    if (row.depth != Depth::kThin && row.depth != Depth::kDontBet) continue;
    if (row.missing > 0) row.remedies.push_back(fmt::format("+{} evergreen", row.missing));
    if (!row.neighbour.empty()) row.remedies.push_back("merge with " + row.neighbour);
  }
}

// An item answers words when it has at least half of them.
bool SupplyCount::answered(const std::string& words) const {
  std::vector<TermCount> asked;
  add_terms(words, 1, kTextQueryTermsMax, asked);
  if (asked.empty()) return true;  // nothing that could be looked for
  for (const TextMatch& match : inventory_.catalog().text().search(words, kSearchMatchesRead)) {
    const Item* item = inventory_.catalog().find(match.item);
    if (item == nullptr || inventory_.item(item->key) == nullptr) continue;
    const std::vector<TermCount> terms = terms_of(*item);
    const auto has = [&terms](const TermCount& term) {
      return std::ranges::find(terms, term.term, &TermCount::term) != terms.end();
    };
    if (2 * std::ranges::count_if(asked, has) >= std::ssize(asked)) return true;
  }
  return false;
}

void SupplyCount::add_needs(SupplySummary& summary) const {
  std::map<std::string, UnmetNeed> needs;
  for (const TopicTally& tally : tallies_) {
    const bool stocked =
        tally.stocked != nullptr && tally.stocked->depth() + tally.stocked->older > 0;
    if (tally.told == 0 || stocked) continue;
    const std::string name = name_of(tally);
    UnmetNeed& need = needs[lower_case(name)];
    need.text = name;
    need.topic = true;
    need.told = people(tally.told);
  }
  struct Asked {
    std::uint64_t askers = 0, searches = 0;
    std::string text;
  };
  std::vector<Asked> words;
  for (const auto& [key, asked] : fold_.asked(today_)) {
    const auto text = fold_.words().find(key);
    if (text == fold_.words().end()) continue;
    if (asked.askers < kWordsAskersMin) {
      ++summary.words_by_few;
      continue;
    }
    words.push_back({asked.askers, asked.searches, text->second});
  }
  std::ranges::sort(words, [](const Asked& a, const Asked& b) {
    return a.askers != b.askers ? a.askers > b.askers : a.text < b.text;
  });
  if (words.size() > kWordsLookedUp) words.resize(kWordsLookedUp);
  for (const Asked& asked : words) {
    const auto known = needs.find(asked.text);
    if (known == needs.end() && answered(asked.text)) continue;
    UnmetNeed& need = needs[asked.text];
    if (need.text.empty()) need.text = asked.text;
    need.searched = people(asked.askers);
    need.searches = fold_.sample().weight() * static_cast<double>(asked.searches);
  }
  for (auto& [key, need] : needs) summary.needs.push_back(std::move(need));
  const auto askers = [](const UnmetNeed& n) { return n.told.value + n.searched.value; };
  std::ranges::stable_sort(summary.needs, std::ranges::greater{}, askers);
  if (summary.needs.size() > kUnmetNeedsListed) summary.needs.resize(kUnmetNeedsListed);
}

void SupplyCount::add_forgotten(SupplySummary& summary) const {
  if (!fold_.since_day()) return;
  summary.followed_days = std::max(0, today_ - *fold_.since_day());
  if (summary.followed_days < kForgottenDays) return;
  std::uint64_t forgotten = 0;
  const auto& items = inventory_.items();
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    if (!item->deep || item->fresh) continue;
    if (day_of(inventory_.catalog().date_ms(item->index)) > today_ - kForgottenDays) continue;
    const auto shown = fold_.shown_day(item->key);
    if (shown && *shown > today_ - kForgottenDays) continue;
    if (++forgotten <= kForgottenListed) summary.forgotten_items.push_back(item->item->id);
  }
  summary.forgotten = forgotten;
}

std::string sentence_of(const SupplySummary& s) {
  if (s.items == 0) return "There is nothing to show: no item of the catalogue can be shown now.";
  if (s.wanted == 0) {
    return fmt::format("Nobody's interests are known yet, so no topic can run out: {}.",
                       counted(s.unwanted, "topic has items", "topics have items"));
  }
  std::string text =
      fmt::format("{} of {} topic{} {} deep enough to personalise this week.", s.enough, s.wanted,
                  s.wanted == 1 ? "" : "s", s.wanted == 1 ? "is" : "are");
  if (s.reader.lasts_days.value) {
    text += fmt::format(
        " The reader in the middle opens {:.2g} items a day and has {:.0f} left to see: {:.1f} "
        "days if nothing new came.",
        *s.reader.reads_a_day.value, *s.reader.unseen.value, *s.reader.lasts_days.value);
  }
  return text;
}

SupplySummary SupplyCount::run() {
  SupplySummary s;
  for (const auto& [person, reader] : fold_.readers()) {
    if (reader.seen_lately(today_)) add(reader);
  }
  s.readers = readers_;
  s.each_stands_for = fold_.sample().weight();
  s.items = inventory_.items().size();
  for (const StockedItem& item : inventory_.items()) {
    if (inventory_.topics_of(item).empty()) ++s.without_topic;
  }
  for (const TopicTally& tally : tallies_) ++(tally.of_few() ? s.topics_by_few : s.wanted);
  for (const StockedTopic& topic : inventory_.topics()) {
    if (topic.depth() + topic.older > 0 && !places_.contains(topic.topic)) ++s.unwanted;
  }
  std::vector<std::size_t> order(tallies_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [this](std::size_t a, std::size_t b) {
    const TopicTally &x = tallies_[a], &y = tallies_[b];
    return x.wanted != y.wanted ? x.wanted > y.wanted : x.topic < y.topic;
  });
  const double rate = usual_rate();
  for (const std::size_t i : order) {
    if (tallies_[i].of_few()) continue;
    TopicSupply row = topic(tallies_[i], rate);
    if (row.depth == Depth::kEnough) ++s.enough;
    if (row.depth == Depth::kThin) ++s.thin;
    if (row.depth == Depth::kDontBet) ++s.dont_bet;
    if (s.topics.size() < kSupplyTopicsListed) s.topics.push_back(std::move(row));
  }
  find_neighbours(order, s.topics);
  if (!lasts_.empty()) {
    const auto n = static_cast<std::uint64_t>(lasts_.size());
    s.reader.red_share = static_cast<double>(red_) / static_cast<double>(n);
    s.reader.red_interval = wilson_interval(red_, n, kSupplyAlpha);
    s.reader.topics = middle_of(topics_);
    s.reader.reads_a_day = middle_of(rates_);
    s.reader.unseen = middle_of(unseen_);
    s.reader.lasts_days = middle_of(lasts_);
    s.reader.depth = depth_of(*s.reader.unseen.value, s.reader.lasts_days.value, 2 * keep_up_ > n);
  }
  add_needs(s);
  add_forgotten(s);
  s.sentence = sentence_of(s);
  return s;
}

}  // namespace

const char* to_string(Depth depth) {
  switch (depth) {
    case Depth::kUnknown:
      return "unknown";
    case Depth::kEnough:
      return "enough";
    case Depth::kThin:
      return "thin";
    case Depth::kDontBet:
      return "don't bet";
  }
  return "unknown";
}

SupplySummary summarize(const SupplyFold& fold, const Inventory& inventory, TimeMs now_ms) {
  return SupplyCount(fold, inventory, day_of(now_ms)).run();
}

struct Supply::State {
  mutable Mutex mutex;
  SupplyFold fold GUARDED_BY(mutex);
  TimeMs gauge_ms GUARDED_BY(mutex) = 0;
};

Supply::Supply() : state_(std::make_unique<State>()) {}
Supply::~Supply() = default;

SupplySummary Supply::summary(const CatalogView& catalog, TimeMs now_ms,
                              CanBeShown can_be_shown) const {
  const Inventory inventory(catalog, now_ms, can_be_shown);
  MutexLock lock(state_->mutex);
  return summarize(state_->fold, inventory, now_ms);
}

bool Supply::gauge_due(TimeMs now_ms) const {
  MutexLock lock(state_->mutex);
  if (now_ms < state_->gauge_ms + kSupplyGaugeMs) return false;
  state_->gauge_ms = now_ms;
  return true;
}

void Supply::consume(const CommittedRecord& record) {
  MutexLock lock(state_->mutex);
  state_->fold.consume(record);
}

std::string Supply::save() const {
  MutexLock lock(state_->mutex);
  return state_->fold.save();
}

Result<void> Supply::load(std::string_view bytes) {
  SupplyFold loaded;  // apart: what is damaged half-way leaves nothing behind
  TRY(loaded.load(bytes));
  MutexLock lock(state_->mutex);
  state_->fold = std::move(loaded);
  return {};
}

}  // namespace ante
