// Plays the made-up magazine against a running server: its readers come, see, read, buy and leave,
// and its editor publishes, all through the HTTP API with a secret key and Ante-Now.
//
// In:   the world of sim/magazine.h and the address of a server with a simulated clock.
// Out:  a server with a history; the truth about what its bets were worth (sim/lives.h).
//
// The first days are the old way: the same front page and the same mail for everybody, and events
// only. Then the slots are set up and every visit asks for decisions; later the bets are placed.
// Many connections play at once, three hours of the world at a time; a reader stays on one
// connection. play_until() by one thread at a time; progress() and stop() by any.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/demo_bets.h"
#include "app/demo_connection.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "sim/lives.h"
#include "sim/magazine.h"

namespace ante {

inline constexpr std::array<sim::Place, sim::kPlaces> kAllPlaces = {
    sim::Place::kHome, sim::Place::kArticleEnd, sim::Place::kCart};

inline constexpr std::int32_t kDemoHistoryDays = 90;
inline constexpr std::int32_t kDemoMailMergeDays = 16;  // before the first decision
inline constexpr double kDemoHoldout = 0.2;
inline constexpr DurationMs kDemoGoalWindowMs = 2 * kDayMs;
inline constexpr unsigned kDemoConnections = 64;

struct DemoProgress {
  TimeMs now_ms = 0;  // of the world
  std::uint64_t visits = 0, requests = 0, decisions = 0, bets = 0, items = 0;
  std::uint64_t other_default = 0;  // decisions whose safe default was not the one we expected
};

class DemoPlayer {
 public:
  struct Server {
    std::string host;
    std::uint16_t port = 0;
    std::string secret_key;
    // Returns when the server has learned and counted all it was told. Called after each day of
    // the world: in real time a day is long enough for that, and here it is not.
    std::function<Result<void>()> settle;
  };
  // `world` outlives the player.
  DemoPlayer(const sim::Magazine& world, Server server, unsigned connections);

  // Plays on to `until`. `after_day` is called after each day of the world, on this thread.
  // kUnavailable: stop() was called, or the server is gone; else what it refused.
  Result<void> play_until(TimeMs until, const std::function<void(const DemoProgress&)>& after_day);
  void stop() { stopped_.store(true); }

  DemoProgress progress() const;
  sim::Truth truth(sim::Place place) const;

 private:
  struct Decided;
  class VisitEvents;

  Result<void> prepare_hours(TimeMs at_ms, TimeMs until);
  Result<void> publish_items(TimeMs at_ms, TimeMs until_ms);
  Result<void> set_slots(TimeMs at_ms);
  Result<void> place_bets(TimeMs at_ms);
  Result<void> move_bets(std::string_view to, std::string_view why, TimeMs at_ms);
  Result<void> play_hours(std::span<const sim::Visit> visits);
  Result<void> play_visit(DemoConnection& connection, const sim::Visit& visit);
  Result<void> play_place(DemoConnection& connection, const sim::Visit& visit, sim::Place place,
                          VisitEvents& events);
  Result<Decided> decide(DemoConnection& connection, const sim::Visit& visit, sim::Place place);
  Result<DemoAnswer> call(DemoConnection& connection, std::string_view method,
                          std::string_view target, std::string_view body, TimeMs now_ms);

  const sim::Magazine& world_;
  sim::Lives lives_;
  std::vector<DemoConnection> connections_;
  std::function<Result<void>()> settle_;
  TimeMs now_ms_;
  std::size_t items_sent_ = 0;
  std::int32_t slots_week_ = -1;
  enum class Bets : std::uint8_t { kNone, kSmallStake, kOpen } bets_placed_ = Bets::kNone;
  std::atomic<bool> stopped_{false};
  std::atomic<TimeMs> shown_now_ms_{0};
  std::atomic<std::uint64_t> visits_{0}, requests_{0}, decisions_{0}, bets_{0}, other_default_{0},
      items_shown_{0};
};

}  // namespace ante
