#include "sim/magazine.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "base/check.h"
#include "base/hash.h"

namespace ante::sim {

namespace {

constexpr std::array<std::string_view, kPlaces> kSlotNames = {"home", "article-end", "cart"};
constexpr std::array<std::string_view, kPlaces> kGoals = {"click", "finished", "click"};

constexpr double kArchivePerTopic = 14;
constexpr double kEvergreenShare = 0.4;
constexpr double kArchiveEvergreenShare = 0.7;
constexpr std::int32_t kArchiveDays = 360;
constexpr std::size_t kPickedFrom = 30;         // recent articles the editor picks from
constexpr DurationMs kMorningMs = 6 * kHourMs;  // when the editor publishes
constexpr std::int32_t kOfferEveryWeeks = 2;
constexpr std::int32_t kOfferDays = 10;
constexpr double kOfferPrice = 0.75;
constexpr float kPartnerPull = 0;
constexpr std::array<std::size_t, 3> kPartnerTopics = {0, 1, 12};  // watches, fashion, gear

// How well each place of a slate is seen.
constexpr std::array<double, kPlacesMax> kSeen = {0.95, 0.75, 0.55};
constexpr double kClickBase = 0.012;  // taken by chance, whatever it is
constexpr double kClickSlope = 0.42;  // times how much he wants it
constexpr double kTakenAgain = 0.05;  // what he has read is hardly read again
constexpr double kTired = 0.85;       // each time it was shown and left
constexpr double kFinishBase = 0.40, kFinishSlope = 0.50;
constexpr double kRefuseChance = 0.012;  // "not for me", of what is nothing to him
constexpr double kRefuseBelow = 0.06;
constexpr double kPinChance = 0.05, kPinTaste = 0.9;

constexpr double kFreshFloor = 0.25, kFreshDays = 10;
constexpr float kTimeless = 0.85F;    // evergreens and things of the shop
constexpr double kIdleProduct = 0.2;  // a thing of the shop without an errand for it
constexpr double kErrandTaste = 0.9;

constexpr double kHomeShare = 0.6;
constexpr double kSecondVisit = 0.45, kThirdVisit = 0.15;
constexpr double kMailedVisit = 0.35;
constexpr double kShopWithErrand = 0.5, kShopIdle = 0.04;
constexpr double kBuyWithErrand = 0.25, kBuyIdle = 0.03;
constexpr std::int32_t kErrandCycleDays = 90;
constexpr std::size_t kLandingRecent = 40, kLandingTimeless = 24;
constexpr double kPresentAtStart = 0.7;
constexpr std::int32_t kJoinDays = 85;

std::string numbered(const char* format, std::size_t number) {
  char text[40];
  std::snprintf(text, sizeof text, format, static_cast<unsigned>(number));
  return text;
}

}  // namespace

enum class Magazine::Purpose : std::uint64_t {
  kTaste = 1,
  kFavourite,
  kSecond,
  kThird,
  kDisliked,
  kRate,
  kHabit,
  kDevice,
  kJoined,
  kName,
  kPull,
  kEvergreen,
  kTopicOfWeek,
  kArchiveTime,
  kErrand,
  kErrandDay,
  kErrandTopic,
  kErrandLength,
  kActive,
  kParts,
  kMailed,
  kHour,
  kMinute,
  kHome,
  kLanding,
  kLandingPool,
  kFinish,
  kShop,
  kProduct,
  kBuy,
  kClick,
  kClickFinish,
  kRefuse,
  kPin,
};

std::string_view slot_name(Place place) { return kSlotNames[static_cast<std::size_t>(place)]; }
std::string_view goal_of(Place place) { return kGoals[static_cast<std::size_t>(place)]; }

Magazine::Magazine(const MagazineOptions& options) : options_(options) {
  CHECK(options.readers >= 1 && options.readers <= kReadersMax);
  std::vector<std::size_t> written(kArticleTopicCount, 0);
  stock_shop();
  write_archive(written);
  for (std::int32_t week = 0; week < kWeeksMax; ++week) write_week(week, written);
  for (Piece piece = 0; piece < items_.size(); ++piece) {
    published_.push_back(items_[piece].published_at_ms);
    by_id_.emplace_back(items_[piece].id, piece);
    if (facts_[piece].product && !items_[piece].offer) products_.push_back(piece);
    if (!facts_[piece].product && facts_[piece].evergreen) evergreens_.push_back(piece);
  }
  CHECK(std::is_sorted(published_.begin(), published_.end()));
  std::sort(by_id_.begin(), by_id_.end());
  readers_.reserve(options.readers);
  for (std::uint32_t i = 0; i < options.readers; ++i) readers_.push_back(make_reader(i));
}

double Magazine::luck(Purpose purpose, std::uint64_t a, std::uint64_t b, std::uint64_t c) const {
  std::uint64_t h = mix64(options_.seed + 0x9e3779b97f4a7c15ULL);
  for (const std::uint64_t part : {static_cast<std::uint64_t>(purpose), a, b, c}) {
    h = mix64(h + part + 0x9e3779b97f4a7c15ULL);
  }
  return static_cast<double>(h >> 11) * 0x1.0p-53;
}

// Nearly normal, mean 0 and deviation 1: enough for tastes.
double Magazine::bell(Purpose purpose, std::uint64_t a, std::uint64_t b) const {
  double sum = 0;
  for (std::uint64_t i = 0; i < 3; ++i) sum += luck(purpose, a, b, i + 1000);
  return (sum - 1.5) * 2;
}

// ---------------------------------------------------------------- what is published and sold

void Magazine::add_article(std::size_t topic, std::size_t number, TimeMs at_ms, bool evergreen,
                           bool must_read) {
  Item item;
  item.id = numbered("a-%04u", items_.size());
  item.key = item_key(item.id);
  item.kind = "article";
  item.title = article_title(topic, number);
  item.text = article_text(topic, number);
  item.url = "/demo/#" + item.id;
  item.topics = {std::string(topic_words()[topic].name)};
  item.topic_keys = {topic_key(item.topics[0])};
  item.published_at_ms = at_ms;
  item.evergreen = evergreen;
  item.must_read = must_read;
  const double pull = std::clamp(std::exp(0.25 * bell(Purpose::kPull, items_.size())), 0.6, 1.6);
  items_.push_back(std::move(item));
  facts_.push_back({topic, static_cast<float>(pull), false, evergreen});
}

void Magazine::stock_shop() {
  const TimeMs since = day_start(-kArchiveDays - 30);
  std::size_t group = 0;
  for (const Thing& thing : things()) {
    ++group;
    std::string_view rest = thing.variants;
    do {
      const std::string_view variant = rest.substr(0, rest.find('|'));
      rest.remove_prefix(std::min(rest.size(), variant.size() + 1));
      Item item;
      item.id = numbered("p-%04u", items_.size());
      item.key = item_key(item.id);
      item.kind = "product";
      item.intent = Intent::kSell;
      item.title = std::string(thing.name);
      if (!variant.empty()) item.title += ", " + std::string(variant);
      item.url = "/demo/#" + item.id;
      item.topics = {std::string(topic_words()[thing.topic].name)};
      item.topic_keys = {topic_key(item.topics[0])};
      if (!thing.variants.empty()) item.group = numbered("g-%03u", group);
      item.price = Price{static_cast<std::int64_t>(thing.price * 1e6), "EUR"};
      item.repeatable = thing.repeatable;
      item.evergreen = true;
      item.published_at_ms = since;
      items_.push_back(std::move(item));
      facts_.push_back({thing.topic, 1, true, true});
    } while (!rest.empty());
  }
}

void Magazine::write_archive(std::vector<std::size_t>& written) {
  struct Old {
    TimeMs at_ms;
    std::size_t topic, number;
  };
  std::vector<Old> old;
  for (std::size_t topic = 0; topic < kArticleTopicCount; ++topic) {
    const auto count = static_cast<std::size_t>(kArchivePerTopic * topic_words()[topic].supply);
    for (; written[topic] < count; ++written[topic]) {
      const double when = luck(Purpose::kArchiveTime, topic, written[topic]);
      const auto day = -1 - static_cast<std::int32_t>(when * kArchiveDays);
      old.push_back({day_start(day) + kMorningMs, topic, written[topic]});
    }
  }
  std::sort(old.begin(), old.end(), [](const Old& a, const Old& b) {
    return std::tie(a.at_ms, a.topic, a.number) < std::tie(b.at_ms, b.topic, b.number);
  });
  for (const Old& one : old) {
    const bool evergreen = luck(Purpose::kEvergreen, items_.size()) < kArchiveEvergreenShare;
    add_article(one.topic, one.number, one.at_ms, evergreen, false);
  }
}

// They look like any article on a liked topic, and are catalogues.
void Magazine::write_partner_pieces(std::vector<std::size_t>& written) {
  for (std::size_t i = 0; i < kPartnerPieces; ++i) {
    const std::size_t topic = kPartnerTopics[i % kPartnerTopics.size()];
    add_article(topic, written[topic]++, day_start(kPartnerWeek * 7), true, false);
    items_.back().title = "Worth buying: " + items_.back().title;
    facts_.back().pull = kPartnerPull;
    facts_.back().partner = true;
  }
}

// Twenty articles a week, the first of them a must-read; an offer of the shop every other week.
void Magazine::write_week(std::int32_t week, std::vector<std::size_t>& written) {
  const auto number = static_cast<std::uint64_t>(week);
  if (week % kOfferEveryWeeks == 0) {
    const Thing& thing = things()[(number / kOfferEveryWeeks * 7) % things().size()];
    Item item;
    item.id = numbered("o-%04u", items_.size());
    item.key = item_key(item.id);
    item.kind = "product";
    item.intent = Intent::kSell;
    item.title = "This week only: " + std::string(thing.name);
    item.url = "/demo/#" + item.id;
    item.topics = {std::string(topic_words()[thing.topic].name)};
    item.topic_keys = {topic_key(item.topics[0])};
    item.price = Price{std::llround(thing.price * kOfferPrice) * 1'000'000, "EUR"};
    item.published_at_ms = day_start(week * 7);
    item.offer.emplace();
    item.offer->valid_from_ms = day_start(week * 7);
    item.offer->valid_until_ms = day_start(week * 7 + kOfferDays);
    items_.push_back(std::move(item));
    facts_.push_back({thing.topic, 1.2F, true, true});
  }
  if (week == kPartnerWeek) write_partner_pieces(written);
  for (std::size_t i = 0; i < kTopicsAWeek; ++i) {
    const auto day = week * 7 + static_cast<std::int32_t>(i / 3);
    const TimeMs at = day_start(day) + kMorningMs + static_cast<TimeMs>(i % 3) * kHourMs;
    const std::size_t topic = topic_by(Purpose::kTopicOfWeek, number, i, &TopicWords::supply);
    const bool evergreen = luck(Purpose::kEvergreen, items_.size()) < kEvergreenShare;
    add_article(topic, written[topic]++, at, evergreen, i == 0);
  }
}

std::size_t Magazine::topic_by(Purpose purpose, std::uint64_t a, std::uint64_t b,
                               float TopicWords::* weight) const {
  double sum = 0;
  for (const TopicWords& topic : topic_words()) sum += topic.*weight;
  double left = luck(purpose, a, b) * sum;
  for (std::size_t topic = 0; topic + 1 < kArticleTopicCount; ++topic) {
    left -= topic_words()[topic].*weight;
    if (left < 0) return topic;
  }
  return kArticleTopicCount - 1;
}

std::int32_t Magazine::day_of(TimeMs at_ms) const {
  return static_cast<std::int32_t>((at_ms - options_.start_ms) / kDayMs);
}

std::size_t Magazine::published_until(TimeMs at_ms) const {
  return static_cast<std::size_t>(std::upper_bound(published_.begin(), published_.end(), at_ms) -
                                  published_.begin());
}

std::optional<Piece> Magazine::find(std::string_view item_id) const {
  const auto at =
      std::lower_bound(by_id_.begin(), by_id_.end(), item_id,
                       [](const auto& entry, std::string_view id) { return entry.first < id; });
  if (at == by_id_.end() || at->first != item_id) return std::nullopt;
  return at->second;
}

// A good editor: of the latest pieces the strongest on the most liked topics, one a topic, in turn
// for the front page and for the end of articles. In the shop: the best sellers, in turn.
std::vector<Piece> Magazine::picks(Place place, TimeMs at_ms) const {
  const std::int32_t week = day_of(at_ms) / 7;
  std::vector<Piece> chosen;
  if (place == Place::kCart) {
    const std::size_t first = static_cast<std::size_t>(week) * 3;
    for (std::size_t i = 0; i < kPicksCount; ++i) {
      chosen.push_back(products_[(first + i * 5) % products_.size()]);
    }
    return chosen;
  }
  std::vector<std::pair<double, Piece>> ranked;
  for (std::size_t i = published_until(day_start(week * 7));
       i-- > 0 && ranked.size() < kPickedFrom;) {
    if (facts_[i].product || facts_[i].partner) continue;
    const double worth = facts_[i].pull * topic_words()[facts_[i].topic].readers;
    ranked.emplace_back(-(items_[i].must_read ? worth + 10 : worth), static_cast<Piece>(i));
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<bool> seen(kTopicCount, false);
  std::size_t turn = place == Place::kHome ? 0 : 1;
  for (const auto& [worth, piece] : ranked) {
    if (seen[facts_[piece].topic] || chosen.size() == kPicksCount) continue;
    seen[facts_[piece].topic] = true;
    if (turn++ % 2 == 0) chosen.push_back(piece);
  }
  return chosen;
}

// Every Tuesday everybody is mailed the same article.
std::optional<Piece> Magazine::mailing(std::int32_t day) const {
  if (day % 7 != 1) return std::nullopt;
  return picks(Place::kHome, day_start(day)).front();
}

// ---------------------------------------------------------------- who they are

Reader Magazine::make_reader(std::uint32_t number) const {
  Reader reader;
  reader.id = numbered("reader-%06u", number);
  reader.name =
      std::string(first_name(static_cast<std::size_t>(luck(Purpose::kName, number) * 4000)));
  for (std::size_t topic = 0; topic < kArticleTopicCount; ++topic) {
    reader.taste[topic] = static_cast<float>(0.02 + 0.08 * luck(Purpose::kTaste, number, topic));
  }
  reader.taste[topic_by(Purpose::kDisliked, number, 0, &TopicWords::supply)] = 0;
  reader.taste[topic_by(Purpose::kThird, number, 0, &TopicWords::readers)] = 0.45F;
  reader.taste[topic_by(Purpose::kSecond, number, 0, &TopicWords::readers)] = 0.65F;
  reader.taste[topic_by(Purpose::kFavourite, number, 0, &TopicWords::readers)] = 1;
  const double rate = luck(Purpose::kRate, number);
  reader.days_active = static_cast<float>(0.03 + 0.45 * rate * rate * rate);
  reader.habit = static_cast<std::uint8_t>(luck(Purpose::kHabit, number) * 3);
  constexpr std::array<std::string_view, 5> kDevices = {"phone", "phone", "phone", "desktop",
                                                        "tablet"};
  reader.device =
      kDevices[static_cast<std::size_t>(luck(Purpose::kDevice, number) * kDevices.size())];
  const double joined = luck(Purpose::kJoined, number);
  if (joined >= kPresentAtStart) {
    reader.joined_day =
        static_cast<std::int32_t>((joined - kPresentAtStart) / (1 - kPresentAtStart) * kJoinDays);
  }
  return reader;
}

std::optional<Errand> Magazine::errand(std::uint32_t reader, std::int32_t day) const {
  const auto cycle = static_cast<std::uint64_t>(std::max(day, 0) / kErrandCycleDays);
  const double kind = luck(Purpose::kErrand, reader, cycle);
  Errand errand;
  if (kind < 0.25) {
    errand.kind = ErrandKind::kChoosing;
    constexpr std::array<std::size_t, 5> kChosen = {0, 2, 9, 12,
                                                    11};  // watch, shoes, bicycle, gear, outdoors
    errand.topic = kChosen[static_cast<std::size_t>(luck(Purpose::kErrandTopic, reader, cycle) *
                                                    kChosen.size())];
  } else if (kind < 0.37) {
    errand.kind = ErrandKind::kGift;
    errand.topic = kGiftTopic;
  } else if (kind < 0.55) {
    errand.kind = ErrandKind::kRestocking;
    constexpr std::array<std::size_t, 3> kUsedUp = {3, 6, 7};  // blades, coffee, whisky
    errand.topic =
        kUsedUp[static_cast<std::size_t>(luck(Purpose::kErrandTopic, reader) * kUsedUp.size())];
  } else {
    return std::nullopt;
  }
  const auto start = static_cast<std::int32_t>(cycle) * kErrandCycleDays;
  if (errand.kind == ErrandKind::kRestocking) {  // a few days in each month
    const auto offset = static_cast<std::int32_t>(luck(Purpose::kErrandDay, reader) * 30);
    errand.first_day = start + offset + (day - start - offset) / 30 * 30;
    errand.last_day = errand.first_day + 6;
  } else {
    errand.first_day =
        start + static_cast<std::int32_t>(luck(Purpose::kErrandDay, reader, cycle) * 75);
    errand.last_day = errand.first_day + 9 +
                      static_cast<std::int32_t>(luck(Purpose::kErrandLength, reader, cycle) * 12);
  }
  if (day < errand.first_day || day > errand.last_day) return std::nullopt;
  return errand;
}

// ---------------------------------------------------------------- who comes when

std::vector<Visit> Magazine::visits(std::int32_t day) const {
  std::vector<Visit> all;
  const auto on = static_cast<std::uint64_t>(day);
  const bool mail = mailing(day).has_value();
  const bool weekend = day % 7 >= 5;
  for (std::uint32_t reader = 0; reader < readers_.size(); ++reader) {
    const Reader& who = readers_[reader];
    if (day < who.joined_day) continue;
    const double active = who.days_active * (weekend ? 1.2 : 0.92);
    // The day somebody joins is the day he first came.
    const bool comes =
        luck(Purpose::kActive, reader, on) < active || (day == who.joined_day && day > 0);
    const bool mailed = mail && day > who.joined_day &&
                        luck(Purpose::kMailed, reader, on) < kMailedVisit * (0.3 + who.days_active);
    std::uint32_t parts = 0;
    if (comes) {
      const double more = luck(Purpose::kParts, reader, on);
      parts = 1 + (more < kSecondVisit ? 1U : 0U) + (more < kThirdVisit ? 1U : 0U);
    }
    for (std::uint32_t part = 0; part < parts; ++part)
      all.push_back(make_visit(reader, day, part, false));
    if (mailed) all.push_back(make_visit(reader, day, 3, true));
  }
  std::sort(all.begin(), all.end(), [](const Visit& a, const Visit& b) {
    return std::tie(a.at_ms, a.reader, a.number) < std::tie(b.at_ms, b.reader, b.number);
  });
  return all;
}

Visit Magazine::make_visit(std::uint32_t reader, std::int32_t day, std::uint32_t part,
                           bool mailed) const {
  Visit visit;
  visit.reader = reader;
  visit.number = static_cast<std::uint32_t>(day) * 4 + part;
  constexpr std::array<double, 3> kHabitHour = {7.2, 12.3, 20.4};
  double hour = kHabitHour[(readers_[reader].habit + (part < 3 ? part : 0U)) % 3] +
                1.1 * bell(Purpose::kHour, reader, visit.number);
  if (mailed) hour = 9 + 3 * luck(Purpose::kHour, reader, visit.number, 1);
  hour = std::clamp(hour, 0.1, 23.6);
  visit.at_ms = day_start(day) + static_cast<TimeMs>(hour * static_cast<double>(kHourMs));
  visit.at_ms += static_cast<TimeMs>(luck(Purpose::kMinute, reader, visit.number) *
                                     static_cast<double>(kMinuteMs));
  visit.newsletter = mailed;
  visit.home = !mailed && luck(Purpose::kHome, reader, visit.number) < kHomeShare;
  visit.article = mailed ? *mailing(day) : landing(reader, visit.number, visit.at_ms);
  const double want = appeal(reader, visit.article, visit.at_ms);
  visit.finished = luck(Purpose::kFinish, reader, visit.number) <
                   kFinishBase + kFinishSlope * std::min(want, 1.0);
  if (!mailed) go_shopping(visit, day);
  return visit;
}

// What he would come to read by himself: of the recent pieces and some timeless ones, by taste.
Piece Magazine::landing(std::uint32_t reader, std::uint32_t number, TimeMs at_ms) const {
  std::array<std::pair<Piece, double>, kLandingRecent + kLandingTimeless> pool;
  std::size_t count = 0;
  double sum = 0;
  const auto add = [&](Piece piece) {
    if (facts_[piece].product) return;
    const double weight = 0.01 + appeal(reader, piece, at_ms);
    pool[count++] = {piece, weight};
    sum += weight;
  };
  const std::size_t until = published_until(at_ms);
  for (std::size_t i = 0; i < kLandingRecent && i < until; ++i)
    add(static_cast<Piece>(until - 1 - i));
  const auto timeless = static_cast<std::size_t>(
      std::lower_bound(evergreens_.begin(), evergreens_.end(), static_cast<Piece>(until)) -
      evergreens_.begin());
  for (std::size_t i = 0; i < kLandingTimeless && timeless > 0; ++i) {
    add(evergreens_[static_cast<std::size_t>(luck(Purpose::kLandingPool, reader, number, i) *
                                             static_cast<double>(timeless))]);
  }
  CHECK(count > 0);
  double left = luck(Purpose::kLanding, reader, number) * sum;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    left -= pool[i].second;
    if (left < 0) return pool[i].first;
  }
  return pool[count - 1].first;
}

void Magazine::go_shopping(Visit& visit, std::int32_t day) const {
  const auto wanted = errand(visit.reader, day);
  if (wanted) visit.errand = wanted->kind;
  if (luck(Purpose::kShop, visit.reader, visit.number) >= (wanted ? kShopWithErrand : kShopIdle))
    return;
  const double which = luck(Purpose::kProduct, visit.reader, visit.number);
  std::vector<Piece> shelf;
  for (const Piece piece : products_) {
    const bool restock = wanted && wanted->kind == ErrandKind::kRestocking;
    if (wanted && facts_[piece].topic != wanted->topic) continue;
    if (restock && !items_[piece].repeatable) continue;
    shelf.push_back(piece);
  }
  if (shelf.empty()) return;
  visit.product = shelf[static_cast<std::size_t>(which * static_cast<double>(shelf.size()))];
  visit.bought =
      luck(Purpose::kBuy, visit.reader, visit.number) < (wanted ? kBuyWithErrand : kBuyIdle);
  visit.gift = visit.bought && wanted && wanted->kind == ErrandKind::kGift;
}

// ---------------------------------------------------------------- what they do

float Magazine::freshness(Piece piece, TimeMs at_ms) const {
  if (facts_[piece].evergreen) return kTimeless;
  const double days = static_cast<double>(std::max<TimeMs>(0, at_ms - published_[piece])) /
                      static_cast<double>(kDayMs);
  return static_cast<float>(kFreshFloor + (1 - kFreshFloor) * std::exp(-days / kFreshDays));
}

double Magazine::appeal(std::uint32_t reader, Piece piece, TimeMs at_ms) const {
  const Facts& facts = facts_[piece];
  double taste = readers_[reader].taste[facts.topic];
  const auto wanted = errand(reader, day_of(at_ms));
  const bool on_errand = wanted && wanted->topic == facts.topic;
  if (on_errand) taste = std::max(taste, kErrandTaste);
  if (facts.product && !on_errand) taste *= kIdleProduct;
  return std::min(1.0, taste * facts.pull * freshness(piece, at_ms));
}

// Probability that he opens what stands at `position`, once he looks there, and that he finishes
// it.
std::pair<double, double> Magazine::chances(const Visit& visit, Piece piece, std::size_t position,
                                            const Memory& memory) const {
  if (std::find(memory.refused.begin(), memory.refused.end(), piece) != memory.refused.end())
    return {0, 0};
  const double want = appeal(visit.reader, piece, visit.at_ms);
  double click = kClickBase + kClickSlope * want;
  if (std::find(memory.taken.begin(), memory.taken.end(), piece) != memory.taken.end())
    click *= kTakenAgain;
  for (const auto& [item, times] : memory.shown) {
    if (item == piece) click *= std::pow(kTired, times);
  }
  return {kSeen[std::min(position, kPlacesMax - 1)] * click, kFinishBase + kFinishSlope * want};
}

Reaction Magazine::react(const Visit& visit, Place place, std::span<const Piece> slate,
                         const Memory& memory) const {
  Reaction reaction;
  const bool reads = place == Place::kArticleEnd;
  const std::uint64_t occasion = visit.number * kPlaces + static_cast<std::uint64_t>(place);
  double still_looking = 1;
  for (std::size_t i = 0; i < slate.size(); ++i) {
    const auto [click, finish] = chances(visit, slate[i], i, memory);
    reaction.goal_chance += still_looking * click * (reads ? finish : 1);
    still_looking *= 1 - click;
    if (!reaction.clicked && luck(Purpose::kClick, visit.reader, occasion, slate[i]) < click) {
      reaction.clicked = i;
      reaction.finished = luck(Purpose::kClickFinish, visit.reader, occasion, slate[i]) < finish;
    }
    if (!reaction.refused && reaction.clicked != i &&
        appeal(visit.reader, slate[i], visit.at_ms) < kRefuseBelow &&
        luck(Purpose::kRefuse, visit.reader, occasion, slate[i]) < kRefuseChance) {
      reaction.refused = i;
    }
  }
  return reaction;
}

bool Magazine::pins(const Visit& visit) const {
  return visit.finished && readers_[visit.reader].taste[facts_[visit.article].topic] >= kPinTaste &&
         luck(Purpose::kPin, visit.reader, visit.number) < kPinChance;
}

void remember_read(Memory& memory, Piece piece) {
  const auto at = std::find(memory.taken.begin(), memory.taken.end(), piece);
  if (at != memory.taken.end()) return;
  if (memory.taken.size() == kTakenKept) memory.taken.erase(memory.taken.begin());
  memory.taken.push_back(piece);
}

void remember(Memory& memory, std::span<const Piece> slate, const Reaction& reaction) {
  for (const Piece piece : slate) {
    const auto at = std::find_if(memory.shown.begin(), memory.shown.end(),
                                 [&](const auto& s) { return s.first == piece; });
    if (at != memory.shown.end()) {
      at->second = static_cast<std::uint8_t>(std::min(at->second + 1, 200));
      continue;
    }
    if (memory.shown.size() == kShownKept) memory.shown.erase(memory.shown.begin());
    memory.shown.emplace_back(piece, std::uint8_t{1});
  }
  if (reaction.clicked) remember_read(memory, slate[*reaction.clicked]);
  if (reaction.refused) memory.refused.push_back(slate[*reaction.refused]);
}

std::vector<Piece> general_slate(std::span<const Piece> picks, const Memory& memory,
                                 std::optional<Piece> but, std::size_t places) {
  std::vector<Piece> slate;
  for (const Piece piece : picks) {
    if (slate.size() == places) break;
    const bool refused =
        std::find(memory.refused.begin(), memory.refused.end(), piece) != memory.refused.end();
    if (!refused && piece != but) slate.push_back(piece);
  }
  return slate;
}

}  // namespace ante::sim
