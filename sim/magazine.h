// A men's magazine and its shop, with readers whose tastes, errands and habits are known: the world
// of the demo. Nothing here knows how Ante decides; it only answers what a reader would do.
//
// In:   a seed, a number of readers, the first day.
// Out:  what is published and sold when, what the editor would show everybody, who comes when and
//       reads what, and whether somebody takes what is put before them.
//
// Everything random is a hash of (seed, purpose, reader, visit, item). So a second run of the same
// world, with other things shown, shares its luck with the first: same visits, same moods. Visits
// do not depend on what was shown. Immutable after construction; any thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/item.h"
#include "sim/magazine_words.h"

namespace ante::sim {

inline constexpr std::uint32_t kReadersMax = 1'000'000;
inline constexpr std::int32_t kWeeksMax = 156;   // the world is written three years ahead
inline constexpr std::size_t kTopicsAWeek = 20;  // articles a week
inline constexpr std::int32_t kPartnerWeek = 4;  // in which a partner's pieces come out
inline constexpr std::size_t kPartnerPieces = 60;
inline constexpr std::size_t kPlacesMax = 3;
inline constexpr std::size_t kPicksCount = 8;  // the editor's list: longer than the places
inline constexpr std::size_t kShownKept = 24;  // items whose repetition a reader notices
inline constexpr std::size_t kTakenKept = 64;  // items a reader remembers having read

// Index of an item in Magazine::items().
using Piece = std::uint32_t;

enum class Place : std::uint8_t { kHome = 0, kArticleEnd = 1, kCart = 2 };
inline constexpr std::size_t kPlaces = 3;
std::string_view slot_name(Place place);
// What counts as success there: a measure of rewards. "click" at home and in the cart, "finished"
// (opened and read to the end) after an article.
std::string_view goal_of(Place place);

// What a reader came for, for some days.
enum class ErrandKind : std::uint8_t { kChoosing = 1, kGift = 2, kRestocking = 3 };
struct Errand {
  ErrandKind kind = ErrandKind::kChoosing;
  std::size_t topic = 0;
  std::int32_t first_day = 0, last_day = 0;
};

struct Reader {
  std::string id;  // as the site calls them: "reader-000017"
  std::string name;
  std::array<float, kTopicCount> taste{};  // 0 = not for him .. 1 = his
  float days_active = 0;                   // share of days on which he comes by
  std::uint8_t habit = 0;                  // morning, lunch, evening
  std::int32_t joined_day = 0;
  std::string_view device;  // phone | desktop | tablet
};

struct Visit {
  std::uint32_t reader = 0;
  std::uint32_t number = 0;  // of this reader's visits; unique, not dense
  TimeMs at_ms = 0;
  bool home = false;             // passed the front page
  bool newsletter = false;       // came by the mail that everybody got
  Piece article = 0;             // what he came to read
  bool finished = false;         // …and read to the end
  std::optional<Piece> product;  // looked at in the shop
  bool bought = false;
  bool gift = false;  // bought for somebody else
  std::optional<ErrandKind> errand;
};

// What a reader remembers, in one run of the world: what he took, saw too often, or waved away.
struct Memory {
  std::vector<Piece> taken;                           // newest last
  std::vector<std::pair<Piece, std::uint8_t>> shown;  // newest last
  std::vector<Piece> refused;
};

// What a reader does with a slate.
struct Reaction {
  std::optional<std::size_t> clicked;  // place
  bool finished = false;               // the item he clicked
  std::optional<std::size_t> refused;  // place: "not for me"
  double goal_chance = 0;              // true probability of the goal, before the dice fell
};

struct MagazineOptions {
  std::uint64_t seed = 1;
  std::uint32_t readers = 2000;
  TimeMs start_ms = 0;  // 00:00 UTC of day 0; a Monday gives the weeks their usual shape
};

class Magazine {
 public:
  // REQUIRES 1 <= readers <= kReadersMax.
  explicit Magazine(const MagazineOptions& options);

  const MagazineOptions& options() const { return options_; }
  TimeMs day_start(std::int32_t day) const { return options_.start_ms + day * kDayMs; }
  std::int32_t day_of(TimeMs at_ms) const;
  TimeMs end() const { return day_start(kWeeksMax * 7); }  // nothing is written beyond

  // By time of publication; the archive and the shop first, published before day 0.
  std::span<const Item> items() const { return items_; }
  // How many of items() are out at `at_ms`.
  std::size_t published_until(TimeMs at_ms) const;
  bool is_product(Piece piece) const { return facts_[piece].product; }
  std::size_t topic_of(Piece piece) const { return facts_[piece].topic; }
  // Written for a partner of the magazine: on a liked topic, and nobody wants it. The editor does
  // not pick it.
  bool is_partner(Piece piece) const { return facts_[piece].partner; }
  std::optional<Piece> find(std::string_view item_id) const;

  std::span<const Reader> readers() const { return readers_; }
  std::optional<Errand> errand(std::uint32_t reader, std::int32_t day) const;

  // The editor's list for the week of `at_ms`: the same for everybody.
  std::vector<Piece> picks(Place place, TimeMs at_ms) const;
  // What everybody is mailed on a day; none on most days.
  std::optional<Piece> mailing(std::int32_t day) const;

  // All visits of a day, by time.
  std::vector<Visit> visits(std::int32_t day) const;

  // How much this reader wants this item now, 0..1, whatever was shown before.
  double appeal(std::uint32_t reader, Piece piece, TimeMs at_ms) const;
  // What he does with `slate` at `place` on this visit, with this memory. The slate is read from
  // the top; at most one item is opened.
  Reaction react(const Visit& visit, Place place, std::span<const Piece> slate,
                 const Memory& memory) const;
  // Whether he saves the article he read, because it is so much his.
  bool pins(const Visit& visit) const;

 private:
  struct Facts {
    std::size_t topic = 0;
    float pull = 1;  // how good it is, for whoever likes the topic
    bool product = false, evergreen = false;
    bool partner = false;
  };
  enum class Purpose : std::uint64_t;

  double luck(Purpose purpose, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) const;
  double bell(Purpose purpose, std::uint64_t a, std::uint64_t b = 0) const;
  void write_archive(std::vector<std::size_t>& written);
  void stock_shop();
  void write_week(std::int32_t week, std::vector<std::size_t>& written);
  void write_partner_pieces(std::vector<std::size_t>& written);
  void add_article(std::size_t topic, std::size_t number, TimeMs at_ms, bool evergreen,
                   bool must_read);
  Reader make_reader(std::uint32_t number) const;
  std::size_t topic_by(Purpose purpose, std::uint64_t a, std::uint64_t b,
                       float TopicWords::* weight) const;
  Visit make_visit(std::uint32_t reader, std::int32_t day, std::uint32_t part, bool mailed) const;
  Piece landing(std::uint32_t reader, std::uint32_t number, TimeMs at_ms) const;
  void go_shopping(Visit& visit, std::int32_t day) const;
  float freshness(Piece piece, TimeMs at_ms) const;
  std::pair<double, double> chances(const Visit& visit, Piece piece, std::size_t position,
                                    const Memory& memory) const;

  MagazineOptions options_;
  std::vector<Item> items_;
  std::vector<Facts> facts_;                          // of items_
  std::vector<TimeMs> published_;                     // of items_, ascending
  std::vector<std::pair<std::string, Piece>> by_id_;  // sorted
  std::vector<Piece> products_, evergreens_;
  std::vector<Reader> readers_;
};

// Adds what happened on a visit to what the reader remembers.
void remember(Memory& memory, std::span<const Piece> slate, const Reaction& reaction);
void remember_read(Memory& memory, Piece piece);

// What `memory` lets stand of the editor's list, for `places` places; `but` is left out.
std::vector<Piece> general_slate(std::span<const Piece> picks, const Memory& memory,
                                 std::optional<Piece> but, std::size_t places);

}  // namespace ante::sim
