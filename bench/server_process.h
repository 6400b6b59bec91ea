// What the kernel says about the measured server: processor time and memory, from /proc.

#pragma once

#include <cstdint>
#include <string>

namespace ante::bench {

// The process that listens on the port of "HOST:PORT"; 0 when it cannot be found.
int process_listening_on(const std::string& address);

class ServerProcess {
 public:
  explicit ServerProcess(int pid) : pid_(pid) {}
  int pid() const { return pid_; }
  double cpu_seconds() const;                // user and system, all its threads
  std::int64_t resident_peak_bytes() const;  // VmHWM
  std::int64_t resident_bytes() const;       // VmRSS

 private:
  int pid_ = 0;
};

}  // namespace ante::bench
