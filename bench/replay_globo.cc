// A news site's clicks: before each click a decision of ten articles for the front page.
//
// Articles enter the catalogue when they are first clicked (there is no other list of them), and
// leave it when nobody clicked them for 24 h: every ten simulated minutes one bulk import marks
// those that fell silent as not available. A visitor's own clicked articles are excluded for every
// method, a click on one of them again is not scored, and neither are the first 24 h. Nothing is
// said about articles that were not clicked.

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "bench/measure.h"
#include "bench/replay_log.h"
#include "bench/replay_session.h"

namespace ante::bench {
namespace {

constexpr std::size_t kPlaces = 10;
constexpr std::size_t kExcludeMax = 100;  // the latest of a visitor's own articles
constexpr std::int64_t kActiveMs = kDayMs, kUnscoredMs = kDayMs, kSweepMs = 10 * kMinuteMs;
constexpr std::array<std::int64_t, 5> kWindowsMs = {5 * kMinuteMs, 15 * kMinuteMs, kHourMs,
                                                    3 * kHourMs, kDayMs};
constexpr std::array<const char*, 5> kWindowNames = {"5min", "15min", "60min", "3h", "24h"};
constexpr const char* kSlot = "home";

struct Visit {
  Click click;
  std::size_t row = 0;
  bool damaged = false, scored = false;
  std::array<std::uint32_t, kWindowsMs.size()> ranks{};  // of the clicked article; 0 = not there
  std::string exclude_json;
};

double hit(std::size_t rank) { return rank >= 1 && rank <= kPlaces ? 1 : 0; }
double reciprocal(std::size_t rank) { return hit(rank) > 0 ? 1.0 / static_cast<double>(rank) : 0; }

struct Rates {
  std::array<PairedRates, kWindowsMs.size()> hits, reciprocals;
  void add(const Visit& visit, std::size_t rank) {
    for (std::size_t w = 0; w < kWindowsMs.size(); ++w) {
      hits[w].add(visit.click.person, hit(rank), hit(visit.ranks[w]), 1);
      reciprocals[w].add(visit.click.person, reciprocal(rank), reciprocal(visit.ranks[w]), 1);
    }
  }
  std::size_t best() const {
    std::size_t best = 0;
    for (std::size_t w = 1; w < kWindowsMs.size(); ++w) {
      best = hits[w].theirs() > hits[best].theirs() ? w : best;
    }
    return best;
  }
  std::string to_json() const {
    const std::size_t w = best();
    return fmt::format(
        R"({{"n":{:.0f},"hr10":{:.5f},"mrr10":{:.5f},"comparator":"{}","comparatorHr10":{:.5f},)"
        R"("comparatorMrr10":{:.5f},"hr10Difference":{},"mrr10Difference":{},"hr10Ratio":{}}})",
        hits[w].cases(), hits[w].ours(), reciprocals[w].ours(), kWindowNames[w], hits[w].theirs(),
        reciprocals[w].theirs(), hits[w].difference().to_json(),
        reciprocals[w].difference().to_json(), hits[w].ratio().to_json());
  }
};

class GloboReplay {
 public:
  explicit GloboReplay(const ReplayOptions& options)
      : options_(options),
        log_(read_clicks(options.data, options.rows_max)),
        session_(options, log_.articles),
        queue_(options.in_flight, options.window_ms),
        articles_(log_.articles.size()),
        own_(log_.persons) {
    for (const std::int64_t window_ms : kWindowsMs) {
      windows_.emplace_back(window_ms, log_.articles.size());
    }
  }

  std::string run() {
    const std::int64_t start_ms = log_.clicks.empty() ? 0 : log_.clicks.front().at_ms;
    // Nobody in the log saw what we show: it tires nobody.
    session_.require(
        "PUT", fmt::format("/v1/slots/{}", kSlot), start_ms,
        R"({"channel":"site","limit":10,"safeDefault":{"best":true},"repeatLimit":{"exposures":0},)"
        R"("goal":{"event":"click","windowMs":1800000,"value":1},)"
        R"("brief":{"waived":{"by":"replay","reason":"a log is replayed"}}})");
    sweep_at_ms_ = start_ms + kSweepMs;
    for (std::size_t row = 0; row < log_.clicks.size();) {
      while (row < log_.clicks.size() && queue_.has_room(log_.clicks[row].at_ms)) {
        dispatch(row++, start_ms);
      }
      session_.poll();
      if (row - shown_ >= 100'000) {
        shown_ = row;
        progress(row);
      }
    }
    while (!queue_.empty() || session_.open_calls() > 0) {
      session_.poll();
    }
    progress(log_.clicks.size());
    return report();
  }

 private:
  enum class Shelf : std::uint8_t { kUnknown, kMoving, kLive, kSilent };
  struct Article {
    Shelf shelf = Shelf::kUnknown;
    std::int64_t first_ms = 0, last_ms = 0;
    std::vector<std::function<void()>> waiting;
  };

  void progress(std::size_t row) const {
    const std::size_t w = exploit_.best();
    fmt::print(stderr, "{:>8} clicks  exploit {:.4f}  served {:.4f}  {} {:.4f}  failures {}\n", row,
               exploit_.hits[w].ours(), served_.hits[w].ours(), kWindowNames[w],
               exploit_.hits[w].theirs(), session_.failures());
  }

  // What the visit needs to know is read off the log here, in time order, before anything is sent.
  void dispatch(std::size_t row, std::int64_t start_ms) {
    auto visit = std::make_shared<Visit>();
    visit->click = log_.clicks[row];
    visit->row = row;
    visit->damaged = static_cast<double>(mix(row) >> 11) * 0x1p-53 < options_.damage;
    const Click& click = visit->click;
    if (click.at_ms >= sweep_at_ms_) {
      sweep(click.at_ms);
    }
    if (!visit->damaged) {
      read_off(*visit, start_ms);
    }
    queue_.add(click.person, click.at_ms, [this, visit](std::function<void()> done) {
      if (visit->damaged) {
        session_.post_damaged("/v1/track", visit->click.at_ms, event_json(*visit, ""), visit->row,
                              std::move(done));
      } else {
        decide(visit, std::move(done));
      }
    });
  }

  void read_off(Visit& visit, std::int64_t start_ms) {
    const Click& click = visit.click;
    std::vector<std::uint32_t>& own = own_[click.person];
    const bool again = std::find(own.begin(), own.end(), click.article) != own.end();
    visit.scored = !again && click.at_ms >= start_ms + kUnscoredMs;
    repeats_ += again ? 1 : 0;
    for (std::size_t w = 0; w < windows_.size(); ++w) {
      windows_[w].advance(click.at_ms);
      const std::uint32_t count = windows_[w].count(click.article);
      if (visit.scored && count > 0) {
        const auto above = std::count_if(own.begin(), own.end(), [&](std::uint32_t article) {
          return windows_[w].count(article) >= count;
        });
        visit.ranks[w] = windows_[w].at_least(count) - static_cast<std::uint32_t>(above);
      }
    }
    std::size_t listed = 0;
    for (std::size_t i = own.size(); i-- > 0 && listed < kExcludeMax;) {
      if (windows_.back().count(own[i]) > 0) {
        visit.exclude_json += listed++ == 0 ? "[" : ",";
        append_json_text(visit.exclude_json, log_.articles[own[i]]);
      }
    }
    visit.exclude_json += listed > 0 ? "]" : "";
    for (WindowPopularity& window : windows_) {
      window.add(click.at_ms, click.article);
    }
    if (!again) {
      own.push_back(click.article);
    }
    Article& article = articles_[click.article];
    article.first_ms = article.first_ms == 0 ? click.at_ms : article.first_ms;
    article.last_ms = click.at_ms;
  }

  void decide(const std::shared_ptr<Visit>& visit, std::function<void()> done) {
    DecideAsk ask;
    ask.now_ms = visit->click.at_ms;
    ask.slot = kSlot;
    ask.person_json = fmt::format(R"("anonymousId":"v{}")", visit->click.person);
    ask.exclude_json = visit->exclude_json;
    const char* device = visit->click.device == 1   ? "desktop"
                         : visit->click.device == 3 ? "phone"
                         : visit->click.device == 4 ? "tablet"
                                                    : nullptr;
    if (device != nullptr) {
      ask.situation_json = fmt::format(R"({{"device":"{}"}})", device);
    }
    session_.decide(ask, [this, visit, done = std::move(done)](const Decided& decided) {
      score(*visit, decided);
      std::string token;
      for (const Served& served : decided.served) {
        if (served.item == visit->click.article) {
          token = served.token;
        }
      }
      auto follow = [this, visit, token, id = decided.id, done] { click(*visit, id, token, done); };
      ensure_live(visit->click.article, visit->click.at_ms, std::move(follow));
    });
  }

  void score(const Visit& visit, const Decided& decided) {
    if (!visit.scored || !decided.ok) {
      unscored_failures_ += visit.scored ? 1 : 0;
      return;
    }
    exploit_.add(visit, rank_of(decided.exploit, visit.click.article));
    std::size_t rank = 0;
    for (std::size_t i = 0; i < decided.served.size() && rank == 0; ++i) {
      rank = decided.served[i].item == visit.click.article ? i + 1 : 0;
    }
    (decided.treated ? served_ : held_out_).add(visit, rank);
  }

  std::string event_json(const Visit& visit, const std::string& decision_id) const {
    const std::string at = rfc3339(visit.click.at_ms);
    std::string body = fmt::format(
        R"({{"type":"track","event":"Article Clicked","anonymousId":"v{}","messageId":"click-{}",)"
        R"("timestamp":"{}","sentAt":"{}","properties":{{"itemId":"{}")",
        visit.click.person, visit.row, at, at, log_.articles[visit.click.article]);
    if (!decision_id.empty()) {
      body += fmt::format(R"(,"decisionId":"{}")", decision_id);
    }
    return body + "}}";
  }

  void click(const Visit& visit, const std::string& decision_id, const std::string& token,
             const std::function<void()>& done) {
    const std::int64_t at_ms = visit.click.at_ms;
    std::function<void()> next = done;
    if (!token.empty()) {
      next = [this, row = visit.row, at_ms, decision_id, token, done] {
        session_.post(
            "reward", "POST", fmt::format("/v1/decisions/{}/reward", decision_id), at_ms,
            fmt::format(R"({{"token":"{}","measure":"click","value":1,"messageId":"r-{}"}})", token,
                        row),
            done);
      };
    }
    session_.post("track", "POST", "/v1/track", at_ms,
                  event_json(visit, token.empty() ? "" : decision_id), std::move(next));
  }

  std::string item_json(std::uint32_t index, bool available) const {
    return fmt::format(R"({{"id":"{}","kind":"article","publishedAt":"{}","available":{}}})",
                       log_.articles[index], rfc3339(articles_[index].first_ms), available);
  }

  void settle(std::uint32_t index, Shelf shelf) {
    Article& article = articles_[index];
    article.shelf = shelf;
    std::vector<std::function<void()>> waiting;
    waiting.swap(article.waiting);
    for (const auto& next : waiting) {
      next();
    }
  }

  void ensure_live(std::uint32_t index, std::int64_t now_ms, std::function<void()> next) {
    Article& article = articles_[index];
    if (article.shelf == Shelf::kLive) {
      next();
    } else if (article.shelf == Shelf::kMoving) {
      article.waiting.push_back([this, index, now_ms, next] { ensure_live(index, now_ms, next); });
    } else {
      article.shelf = Shelf::kMoving;
      article.waiting.push_back(std::move(next));
      session_.post("item", "PUT", "/v1/items/" + log_.articles[index], now_ms,
                    item_json(index, true), [this, index] { settle(index, Shelf::kLive); });
    }
  }

  void sweep(std::int64_t now_ms) {
    sweep_at_ms_ = now_ms + kSweepMs;
    std::string lines;
    auto silent = std::make_shared<std::vector<std::uint32_t>>();
    for (std::uint32_t i = 0; i < articles_.size(); ++i) {
      Article& article = articles_[i];
      if (article.shelf == Shelf::kLive && article.last_ms < now_ms - kActiveMs) {
        article.shelf = Shelf::kMoving;
        silent->push_back(i);
        lines += item_json(i, false) + "\n";
      }
    }
    if (!silent->empty()) {
      session_.post("items", "POST", "/v1/items:import", now_ms, std::move(lines), [this, silent] {
        for (const std::uint32_t index : *silent) {
          settle(index, Shelf::kSilent);
        }
      });
    }
  }

  std::string report() const {
    std::string baselines;
    for (std::size_t w = 0; w < kWindowsMs.size(); ++w) {
      baselines +=
          fmt::format(R"({}"{}":{{"hr10":{:.5f},"mrr10":{:.5f}}})", w == 0 ? "" : ",",
                      kWindowNames[w], exploit_.hits[w].theirs(), exploit_.reciprocals[w].theirs());
    }
    return fmt::format(
        R"({{"bench":"replay-globo","commit":"{}","clicks":{},"persons":{},"articles":{},)"
        R"("inFlightMost":{},"damageShare":{},"repeatedClicks":{},"scoredWithoutAnswer":{},)"
        R"("exploit":{},"servedTreated":{},"servedHoldout":{},"baselines":{{{}}},{}}})",
        options_.commit, log_.clicks.size(), log_.persons, log_.articles.size(),
        queue_.active_most(), options_.damage, repeats_, unscored_failures_, exploit_.to_json(),
        served_.to_json(), held_out_.to_json(), baselines, session_.report_json());
  }

  const ReplayOptions& options_;
  ClickLog log_;
  ReplaySession session_;
  VisitorQueue queue_;
  std::vector<Article> articles_;
  std::vector<std::vector<std::uint32_t>> own_;
  std::vector<WindowPopularity> windows_;
  std::int64_t sweep_at_ms_ = 0;
  Rates exploit_, served_, held_out_;
  std::uint64_t repeats_ = 0, unscored_failures_ = 0;
  std::size_t shown_ = 0;
};

}  // namespace

std::string replay_globo(const ReplayOptions& options) {
  return std::make_unique<GloboReplay>(options)->run();
}

}  // namespace ante::bench
