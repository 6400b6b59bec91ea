// A town whose people visit one slot after the other, played through the whole engine in one
// process under a simulated clock: the stage of the worlds of bets.
//
// In:   a seed, items and slots; then visits, what people did, and the hour striking.
// Out:  the engine's answers, and the engine itself to be asked.
//
// Time stands still between two strikes: all decisions of an hour are made by the same models, and
// every window of an hour has closed when the next begins. So a town is the same in every run, but
// for a draw here and there (the journal has threads). A person visits at most once an hour. One
// thread.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/engine.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "store/memory_store.h"

namespace ante::sim {

class BetsTown {
 public:
  explicit BetsTown(std::uint64_t seed);
  ~BetsTown();

  Engine& engine() { return *engine_; }
  TimeMs now_ms() const { return clock_.now_ms(); }

  // "item-0" … "item-<count - 1>"; item i is about "topic-<i % topics>".
  void put_items(std::size_t count, std::size_t topics = 1);
  // With the goal "click" within half an hour; `more`: members of the slot, as JSON.
  void put_slot(const std::string& name, const std::string& more);
  // Placed, moved to a small stake and opened. `content`, `instead`: numbers of items.
  struct BetSpec {
    std::string id, slot;
    std::size_t content = 0, instead = 0;
    double stake = 0.5;
    DurationMs run_ms = kDayMs;
    bool leave_alone_learned = true;
  };
  void open_bet(const BetSpec& bet);

  struct Visit {
    std::uint64_t person = 0;
    std::string slot;
    Situation situation;
    std::vector<std::string> candidates;  // empty = the engine's
  };
  DecideAnswer visit(const Visit& visit);
  // An answer to the first place, by its token.
  void reward(const DecideAnswer& answer);
  // A click outside of what was decided, or inside of it: as the site tells of it, at the strike.
  void click(std::uint64_t person, std::size_t item);
  void strike();  // the next hour; everything so far has been followed

 private:
  void flush();
  void send_clicks();

  SimulatedClock clock_;
  MemoryStore store_;
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::string clicks_;  // as JSON, not sent yet
  std::size_t click_count_ = 0;
  std::uint64_t messages_ = 0;
};

std::string item_id(std::size_t item);
// The number of an item of put_items(). REQUIRES that it is one.
std::size_t item_number(const Placement& place);
// What is served when nothing is explored: the best of the hand, or the safe default.
ItemKey greedy_choice(const DecideAnswer& answer);

}  // namespace ante::sim
