#include "app/demo_stage.h"

#include <chrono>

namespace ante {
namespace {

constexpr DurationMs kMorning = 8 * kHourMs;

TimeMs next_morning(TimeMs now_ms) {
  const TimeMs today = now_ms / kDayMs * kDayMs + kMorning;
  return today > now_ms ? today : today + kDayMs;
}

// The morning of the first day of the next January, April, July or October.
TimeMs next_quarter(TimeMs now_ms) {
  using namespace std::chrono;
  const year_month_day today(floor<days>(sys_time<milliseconds>(milliseconds(now_ms))));
  const auto quarter = (static_cast<unsigned>(today.month()) - 1) / 3;
  const year_month_day first = (today.year() / January / 1) + months((quarter + 1) * 3);
  return duration_cast<milliseconds>(sys_days(first).time_since_epoch()).count() + kMorning;
}

}  // namespace

std::optional<TimeMs> clock_target(std::string_view step, TimeMs now_ms) {
  if (step == "next-hour") return now_ms + kHourMs;
  if (step == "next-morning") return next_morning(now_ms);
  if (step == "+7d") return now_ms + 7 * kDayMs;
  if (step == "+30d") return now_ms + 30 * kDayMs;
  if (step == "next-quarter") return next_quarter(now_ms);
  return std::nullopt;
}

DemoStage::DemoStage(const sim::Magazine& world, DemoPlayer& player, SimulatedClock& clock)
    : world_(world), player_(player), clock_(clock) {}

DemoStage::~DemoStage() {
  player_.stop();
  if (thread_.joinable()) thread_.join();
}

Result<void> DemoStage::play_to(TimeMs until) {
  if (until > world_.end()) {
    return invalid_argument("the made-up magazine is written three years ahead, not further");
  }
  MutexLock lock(mutex_);
  if (playing_) return conflict("the clock is moving already");
  if (thread_.joinable()) thread_.join();  // it has ended
  playing_ = true;
  until_ms_ = until;
  problem_.clear();
  thread_ = std::thread([this, until] { play(until); });
  return {};
}

void DemoStage::play(TimeMs until) {
  const auto done = player_.play_until(until, nullptr);
  refresh_truth();
  MutexLock lock(mutex_);
  if (!done) problem_ = done.error().message;
  playing_ = false;
}

void DemoStage::refresh_truth() {
  std::array<sim::Truth, sim::kPlaces> truth;
  for (std::size_t i = 0; i < truth.size(); ++i)
    truth[i] = player_.truth(static_cast<sim::Place>(i));
  MutexLock lock(mutex_);
  truth_ = truth;
}

void DemoStage::tick(DurationMs passed_ms) {
  MutexLock lock(mutex_);
  if (!playing_) clock_.advance_to(clock_.now_ms() + passed_ms);
}

DemoStage::Now DemoStage::now() const {
  Now now;
  now.now_ms = clock_.now_ms();
  now.progress = player_.progress();
  MutexLock lock(mutex_);
  now.playing = playing_;
  now.until_ms = until_ms_;
  now.problem = problem_;
  now.truth = truth_;
  return now;
}

}  // namespace ante
