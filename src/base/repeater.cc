#include "base/repeater.h"

#include <chrono>
#include <utility>

namespace ante {

Repeater::Repeater(std::int64_t pause_ms, std::function<void()> work)
    : pause_ms_(pause_ms), work_(std::move(work)), thread_([this] { run(); }) {}

Repeater::~Repeater() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Repeater::run() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(pause_ms_);
      while (!stopping_ && std::chrono::steady_clock::now() < until)
        changed_.wait_for(mutex_, until - std::chrono::steady_clock::now());
      if (stopping_) return;
    }
    work_();
  }
}

}  // namespace ante
