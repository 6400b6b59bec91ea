// The running demo: world, player and clock, moved on together when somebody presses a button.
//
// One play at a time, on a thread of its own; between plays the clock goes on like a real one.
// Every method may be called from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "app/demo_player.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "sim/magazine.h"

namespace ante {

// "next-hour", "next-morning", "+7d", "+30d", "next-quarter"; none of them: none.
std::optional<TimeMs> clock_target(std::string_view step, TimeMs now_ms);

class DemoStage {
 public:
  // Borrowed objects outlive the stage.
  DemoStage(const sim::Magazine& world, DemoPlayer& player, SimulatedClock& clock);
  ~DemoStage();

  // Starts to play the world forward to `until`. kConflict: a play is going on; kInvalidArgument:
  // the world is not written that far.
  Result<void> play_to(TimeMs until);
  // Lets real time pass on the demo's clock, unless a play is going on.
  void tick(DurationMs passed_ms);
  // Looks up the truth again; while nothing is played.
  void refresh_truth();

  struct Now {
    TimeMs now_ms = 0;
    bool playing = false;
    TimeMs until_ms = 0;  // of the play
    std::string problem;  // of the last play; empty = none
    std::array<sim::Truth, sim::kPlaces> truth;
    DemoProgress progress;
  };
  Now now() const;

  const sim::Magazine& world() const { return world_; }

 private:
  void play(TimeMs until);

  const sim::Magazine& world_;
  DemoPlayer& player_;
  SimulatedClock& clock_;
  mutable Mutex mutex_;
  bool playing_ GUARDED_BY(mutex_) = false;
  TimeMs until_ms_ GUARDED_BY(mutex_) = 0;
  std::string problem_ GUARDED_BY(mutex_);
  std::array<sim::Truth, sim::kPlaces> truth_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace ante
