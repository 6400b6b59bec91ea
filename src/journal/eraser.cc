#include "journal/eraser.h"

#include <chrono>
#include <utility>

#include "journal/erase.h"

namespace ante {

namespace {
constexpr std::chrono::seconds kTryAgain{2};
}

Eraser::Eraser(Store& store, std::function<void(const Error&)> on_warning)
    : store_(store), on_warning_(std::move(on_warning)), thread_([this] { run(); }) {}

Eraser::~Eraser() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void Eraser::wake() {
  MutexLock lock(mutex_);
  awake_ = true;
  changed_.notify_one();
}

// Whether nothing is left to erase.
bool Eraser::erase_pending() {
  const auto pending = pending_erasures(store_);
  if (!pending) {
    if (on_warning_) on_warning_(pending.error());
    return false;
  }
  if (pending->empty()) return true;
  const auto erased = erase_people(store_, *pending);
  if (!erased && erased.error().code != ErrorCode::kUnavailable && on_warning_)
    on_warning_(erased.error());
  return false;  // another may have been asked for meanwhile
}

void Eraser::run() {
  bool done = false;
  while (true) {
    {
      MutexLock lock(mutex_);
      if (!stopping_ && !awake_) {
        if (done) {
          changed_.wait(mutex_);
        } else {
          changed_.wait_for(mutex_, kTryAgain);
        }
      }
      if (stopping_) return;
      if (done && !awake_) continue;  // woken for nothing
      awake_ = false;
    }
    done = erase_pending();
  }
}

}  // namespace ante
