#include "report/supply_fold.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/json_parser.h"
#include "base/text.h"
#include "profile/fold_lists.h"

namespace ante {

namespace {

constexpr std::uint8_t kSupplyFormat = 1;
constexpr std::uint64_t kWordsSeed = 21;
constexpr std::size_t kReaderBytesMin = 16 + 2 + 2 + 1 + 1;
constexpr std::size_t kOpenedBytes = 8 + 1 + 1;

// Words as they are counted: without case and without more than one space between them.
std::string plain_words(std::string_view query) {
  std::string words;
  for (const char c : lower_case(query)) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space) words.push_back(c);
    if (space && !words.empty() && words.back() != ' ') words.push_back(' ');
  }
  words = std::string(cut_utf8(words, kSupplyWordsBytesMax));
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return is_one_line(words) ? words : std::string();
}

bool concerns_supply(const Event& event) {
  return !event.items.empty() || !event.topics.empty() || !event.query.empty() || event.consent;
}

// Each item once, with the newest day; the oldest give way.
void add_opened(std::vector<OpenedItem>& opened, const OpenedItem& item) {
  const auto known = std::ranges::find(opened, item.item, &OpenedItem::item);
  if (known != opened.end()) {
    known->day = std::max(known->day, item.day);
    return;
  }
  opened.push_back(item);
  if (opened.size() > kReaderOpenedMax)
    opened.erase(std::ranges::min_element(opened, {}, &OpenedItem::day));
}

void add_searched(std::vector<SearchedWords>& searched, const SearchedWords& words) {
  const auto known = std::ranges::find(searched, words.words, &SearchedWords::words);
  if (known != searched.end()) {
    known->day = std::max(known->day, words.day);
    known->count += words.count;
    return;
  }
  searched.push_back(words);
  if (searched.size() > kReaderSearchesMax)
    searched.erase(std::ranges::min_element(searched, {}, &SearchedWords::day));
}

// What may not be noticed any more is not kept either.
void obey_consent(SupplyReader& reader) {
  if (reader.interests.may_notice) return;
  reader.opened.clear();
  reader.searched.clear();
}

void write_reader(ByteWriter& out, const SupplyReader& reader) {
  out.svarint(reader.first_day);
  out.svarint(reader.last_day);
  reader.interests.save(out);
  out.varint(reader.opened.size());
  for (const OpenedItem& item : reader.opened) {
    out.u64(item.item.value);
    out.svarint(item.day);
    const auto count = std::ranges::count_if(item.topics, [](std::uint32_t t) { return t != 0; });
    out.u8(static_cast<std::uint8_t>(count));
    for (const std::uint32_t topic : item.topics) {
      if (topic != 0) out.u32(topic);
    }
  }
  out.varint(reader.searched.size());
  for (const SearchedWords& words : reader.searched) {
    out.u64(words.words);
    out.svarint(words.day);
    out.varint(words.count);
  }
}

bool read_reader(ByteReader& in, SupplyReader& reader) {
  reader.first_day = static_cast<std::int32_t>(in.svarint());
  reader.last_day = static_cast<std::int32_t>(in.svarint());
  if (!reader.interests.load(in)) return false;
  reader.opened.resize(in.count(kOpenedBytes));
  for (OpenedItem& item : reader.opened) {
    item.item = ItemKey{in.u64()};
    item.day = static_cast<std::int32_t>(in.svarint());
    const std::size_t topics = in.u8();
    if (topics > kOpenedTopicsMax) return false;
    for (std::size_t i = 0; i < topics; ++i) item.topics[i] = in.u32();
  }
  reader.searched.resize(in.count(10));
  for (SearchedWords& words : reader.searched) {
    words.words = in.u64();
    words.day = static_cast<std::int32_t>(in.svarint());
    words.count = static_cast<std::uint32_t>(in.varint());
  }
  return in.ok() && reader.opened.size() <= kReaderOpenedMax &&
         reader.searched.size() <= kReaderSearchesMax;
}

}  // namespace

void SupplyFold::consume(const CommittedRecord& record) {
  // As the joiner does: control records move no clock.
  if (record.partition != kControlPartition) pass(record.header.received_at);
  switch (record.header.kind) {
    case RecordKind::kEvent:
      happened(record);
      break;
    case RecordKind::kDecision:
      if (const Decision* decision = decision_of(record)) shown(*decision);
      break;
    case RecordKind::kConsent:
      if (record.body.size() == 1)
        consented(record.header.person, static_cast<std::uint8_t>(record.body[0]),
                  day_of(record.header.occurred_at));
      break;
    case RecordKind::kLink:
      if (const auto joined = links_.consume(record)) join(*joined);
      break;
    case RecordKind::kErase:
      forget(record.header.person);
      break;
    case RecordKind::kFacts:
    case RecordKind::kActivation:
    case RecordKind::kReward:
    case RecordKind::kErased:
    case RecordKind::kItem:
    case RecordKind::kObject:
      break;
  }
}

void SupplyFold::pass(TimeMs received_at) {
  if (!since_day_) since_day_ = day_of(received_at);
  if (received_at <= now_ms_) return;
  const bool next_day = day_of(received_at) > day_of(now_ms_);
  now_ms_ = received_at;
  if (next_day) expire();
}

void SupplyFold::expire() {
  const std::int32_t today = day_of(now_ms_);
  for (auto at = readers_.begin(); at != readers_.end();) {
    SupplyReader& reader = at->second;
    reader.interests.expire(today);
    std::erase_if(reader.searched,
                  [today](const SearchedWords& w) { return w.day <= today - kInterestDays; });
    if (!reader.seen_lately(today)) reader.opened.clear();
    const bool keep = reader.interests.told_any() || !reader.interests.may_notice;
    const bool gone = keep ? reader.last_day <= today - kToldKeepDays : !reader.seen_lately(today);
    at = gone ? readers_.erase(at) : std::next(at);
  }
  std::erase_if(shown_, [today](const auto& e) { return e.second <= today - kForgottenDays; });
  drop_unused_names();
}

// Null: not one of those who are kept.
SupplyReader* SupplyFold::reader(PersonHash person, std::int32_t day) {
  const PersonHash who = links_.representative(person);
  if (!sample_.has(who)) return nullptr;
  const auto [at, added] = readers_.try_emplace(who);
  if (added) {
    at->second.first_day = at->second.last_day = day;
    while (readers_.size() > kSupplyReadersMax) {
      sample_.halve();
      std::erase_if(readers_, [this](const auto& entry) { return !sample_.has(entry.first); });
    }
    if (!sample_.has(who)) return nullptr;
  }
  at->second.first_day = std::min(at->second.first_day, day);
  at->second.last_day = std::max(at->second.last_day, day);
  return &at->second;
}

void SupplyFold::happened(const CommittedRecord& record) {
  if (!sample_.has(links_.representative(record.header.person))) return;
  const auto event = decode_event(record.body);
  if (!event || !concerns_supply(*event)) return;
  const std::int32_t day = day_of(record.header.occurred_at);
  SupplyReader* who = reader(record.header.person, day);
  if (who == nullptr) return;
  who->interests.consume(*event, day);
  obey_consent(*who);
  note_names(*event);
  if (!who->interests.may_notice || !event->use_for_decisions) return;
  if (event->kind == EventKind::kSearched) note_words(*who, event->query, day);
  if (!opens_items(*event)) return;
  for (const EventItem& item : event->items) {
    OpenedItem opened{item.key, day, {}};
    for (std::size_t i = 0; i < std::min(item.topics.size(), kOpenedTopicsMax); ++i)
      opened.topics[i] = short_key(item.topics[i]);
    add_opened(who->opened, opened);
  }
}

void SupplyFold::consented(PersonHash person, std::uint8_t bits, std::int32_t day) {
  const bool allowed = consent_of_bits(bits).profile;
  if (allowed && readers_.count(links_.representative(person)) == 0) return;
  SupplyReader* who = reader(person, day);
  if (who == nullptr) return;
  const SupplyReader before = *who;
  who->interests.set_may_notice(allowed);
  obey_consent(*who);
  if (!allowed) drop_names_of(before);
}

void SupplyFold::shown(const Decision& decision) {
  const std::int32_t day = day_of(decision.at_ms);
  for (const Placement& place : decision.served) {
    const auto known = shown_.find(place.item);
    if (known != shown_.end()) {
      known->second = std::max(known->second, day);
      continue;
    }
    shown_.emplace(place.item, day);
    if (shown_.size() <= kShownItemsKept) continue;
    std::vector<std::pair<std::int32_t, ItemKey>> all;
    for (const auto& [item, last] : shown_) all.emplace_back(last, item);
    std::ranges::sort(all);
    for (std::size_t i = 0; i < all.size() / 2; ++i) shown_.erase(all[i].second);
  }
}

void SupplyFold::note_words(SupplyReader& reader, std::string_view query, std::int32_t day) {
  std::string words = plain_words(query);
  if (words.empty()) return;
  const std::uint64_t key = hash64(words, kWordsSeed);
  add_searched(reader.searched, {key, day, 1});
  if (!words_.emplace(key, std::move(words)).second) return;
  if (words_.size() > kSupplyWordsMax) drop_least_asked();
}

void SupplyFold::note_names(const Event& event) {
  const bool known = std::ranges::all_of(
      event.topics, [this](TopicKey topic) { return topic_names_.count(short_key(topic)) != 0; });
  const bool full = topic_names_.size() >= kTopicNamesMax;
  if (known || full || event.properties_json.empty()) return;
  JsonParser parser(kEventBytesMax);
  const auto properties = parser.parse(event.properties_json);
  if (!properties) return;
  const auto note = [&](simdjson::dom::element element) {
    std::string_view name;
    if (element.get(name) || name.empty() || !is_one_line(name)) return;
    const TopicKey topic = topic_key(name);
    if (std::ranges::find(event.topics, topic) == event.topics.end()) return;
    if (topic_names_.size() >= kTopicNamesMax) return;
    topic_names_.emplace(short_key(topic), std::string(cut_utf8(name, kSupplyWordsBytesMax)));
  };
  for (const char* field : {"topic", "topics"}) {
    simdjson::dom::element value;
    simdjson::dom::array list;
    if ((*properties)[field].get(value)) continue;
    if (value.get(list)) {
      note(value);
      continue;
    }
    for (const auto element : list) note(element);
  }
}

std::map<std::uint64_t, WordsAsked> SupplyFold::asked(std::int32_t today) const {
  std::map<std::uint64_t, WordsAsked> asked;
  for (const auto& [person, reader] : readers_) {
    for (const SearchedWords& words : reader.searched) {
      if (words.day <= today - kInterestDays) continue;
      WordsAsked& sums = asked[words.words];
      ++sums.askers;
      sums.searches += words.count;
    }
  }
  return asked;
}

void SupplyFold::drop_least_asked() {
  const auto counts = asked(day_of(now_ms_));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> by_askers;
  for (const auto& [key, words] : words_) {
    const auto found = counts.find(key);
    by_askers.emplace_back(found == counts.end() ? 0 : found->second.askers, key);
  }
  std::ranges::sort(by_askers);
  for (std::size_t i = 0; i < kSupplyWordsMax / 4; ++i) words_.erase(by_askers[i].second);
}

// Of what nobody wants or asks any more no text stays.
void SupplyFold::drop_unused_names() {
  std::set<std::uint64_t> words;
  std::set<std::uint32_t> topics;
  for (const auto& [person, reader] : readers_) {
    for (const SearchedWords& each : reader.searched) words.insert(each.words);
    for (const ReaderInterests::Topic& topic : reader.interests.topics) topics.insert(topic.topic);
  }
  std::erase_if(words_, [&](const auto& entry) { return !words.contains(entry.first); });
  std::erase_if(topic_names_, [&](const auto& entry) { return !topics.contains(entry.first); });
}

// The same of one who is not among the readers any more: many may be erased one after the other.
void SupplyFold::drop_names_of(const SupplyReader& gone) {
  std::set<std::uint64_t> words;
  std::set<std::uint32_t> topics;
  for (const SearchedWords& each : gone.searched) words.insert(each.words);
  for (const ReaderInterests::Topic& topic : gone.interests.topics) {
    if (topic_names_.contains(topic.topic)) topics.insert(topic.topic);
  }
  for (const auto& [person, reader] : readers_) {
    if (words.empty() && topics.empty()) return;
    for (const SearchedWords& each : reader.searched) words.erase(each.words);
    for (const ReaderInterests::Topic& topic : reader.interests.topics) topics.erase(topic.topic);
  }
  for (const std::uint64_t key : words) words_.erase(key);
  for (const std::uint32_t topic : topics) topic_names_.erase(topic);
}

void SupplyFold::join(const PersonLinks::Joined& joined) {
  auto gone = readers_.extract(joined.gone);
  if (gone.empty() || !sample_.has(joined.kept)) return;
  const SupplyReader& other = gone.mapped();
  const auto [at, added] = readers_.try_emplace(joined.kept, other);
  if (added) return;
  SupplyReader& kept = at->second;
  kept.first_day = std::min(kept.first_day, other.first_day);
  kept.last_day = std::max(kept.last_day, other.last_day);
  kept.interests.merge(other.interests);
  for (const OpenedItem& item : other.opened) add_opened(kept.opened, item);
  for (const SearchedWords& words : other.searched) add_searched(kept.searched, words);
  obey_consent(kept);
}

void SupplyFold::forget(PersonHash person) {
  const auto gone = readers_.extract(links_.representative(person));
  if (!gone.empty()) drop_names_of(gone.mapped());
}

std::optional<std::int32_t> SupplyFold::shown_day(ItemKey item) const {
  const auto found = shown_.find(item);
  return found == shown_.end() ? std::nullopt : std::optional(found->second);
}

std::string SupplyFold::save() const {
  std::string bytes, links;
  links_.save(links);
  ByteWriter out(bytes);
  out.u8(kSupplyFormat);
  out.string(links);
  out.u8(sample_.halvings());
  out.svarint(now_ms_);
  out.u8(since_day_ ? 1 : 0);
  out.svarint(since_day_.value_or(0));
  out.varint(readers_.size());
  for (const auto& [person, reader] : readers_) {
    out.u64(person.value.hi);
    out.u64(person.value.lo);
    write_reader(out, reader);
  }
  out.varint(words_.size());
  for (const auto& [key, text] : words_) {
    out.u64(key);
    out.string(text);
  }
  out.varint(topic_names_.size());
  for (const auto& [topic, name] : topic_names_) {
    out.u32(topic);
    out.string(name);
  }
  std::vector<std::pair<ItemKey, std::int32_t>> shown(shown_.begin(), shown_.end());
  std::ranges::sort(shown);
  out.varint(shown.size());
  for (const auto& [item, day] : shown) {
    out.u64(item.value);
    out.svarint(day);
  }
  return bytes;
}

Result<void> SupplyFold::load(std::string_view bytes) {
  const Error damaged = data_loss("supply: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kSupplyFormat)
    return data_loss("supply: the checkpoint is of a format that is not known");
  TRY(links_.load(in.string()));
  const std::uint8_t halvings = in.u8();
  if (halvings > HashSample::kHalvingsMax) return damaged;
  sample_ = HashSample(halvings);
  now_ms_ = in.svarint();
  const bool since = in.u8() != 0;
  const auto since_day = static_cast<std::int32_t>(in.svarint());
  if (since) since_day_ = since_day;
  const std::size_t readers = in.count(kReaderBytesMin);
  if (readers > kSupplyReadersMax) return damaged;
  for (std::size_t i = 0; i < readers; ++i) {
    PersonHash person;
    person.value.hi = in.u64();
    person.value.lo = in.u64();
    if (!read_reader(in, readers_[person])) return damaged;
  }
  const std::size_t words = in.count(9);
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t key = in.u64();
    words_[key] = in.string();
  }
  const std::size_t names = in.count(5);
  for (std::size_t i = 0; i < names; ++i) {
    const std::uint32_t topic = in.u32();
    topic_names_[topic] = in.string();
  }
  const std::size_t shown = in.count(9);
  for (std::size_t i = 0; i < shown; ++i) {
    const ItemKey item{in.u64()};
    shown_[item] = static_cast<std::int32_t>(in.svarint());
  }
  if (words > kSupplyWordsMax || names > kTopicNamesMax || shown > kShownItemsKept) return damaged;
  if (!in.ok() || !in.at_end()) return damaged;
  return {};
}

}  // namespace ante
