#include "bench/server_process.h"

#include <array>
#include <charconv>
#include <dirent.h>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace ante::bench {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

template <typename Number>
Number number_of(std::string_view text, int radix = 10) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, radix);
  return value;
}

std::int64_t status_bytes(int pid, std::string_view field) {
  std::istringstream lines(read_text("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(field)) {
      std::istringstream words(line.substr(field.size()));
      std::int64_t kibibytes = 0;
      words >> kibibytes;
      return kibibytes * 1024;
    }
  }
  return 0;
}

// The inode of the socket that listens on `port`, as text; empty when there is none.
std::string listening_inode(unsigned port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::istringstream lines(read_text(table));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      std::array<std::string, 10> fields;
      for (std::string& field : fields) {
        words >> field;
      }
      const std::string& local = fields[1];
      const std::size_t colon = local.rfind(':');
      if (fields[3] == "0A" && colon != std::string::npos &&
          number_of<unsigned>(std::string_view(local).substr(colon + 1), 16) == port) {
        return fields[9];
      }
    }
  }
  return {};
}

bool holds_socket(const std::string& pid, const std::string& link_wanted) {
  const std::string folder = "/proc/" + pid + "/fd";
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) {
    return false;
  }
  bool found = false;
  while (const dirent* entry = readdir(directory)) {
    std::array<char, 64> target{};
    const std::string path = folder + "/" + entry->d_name;
    const ssize_t length = readlink(path.c_str(), target.data(), target.size());
    if (length > 0 &&
        std::string_view(target.data(), static_cast<std::size_t>(length)) == link_wanted) {
      found = true;
      break;
    }
  }
  closedir(directory);
  return found;
}

}  // namespace

int process_listening_on(const std::string& address) {
  const std::string_view port = std::string_view(address).substr(address.rfind(':') + 1);
  const std::string inode = listening_inode(number_of<unsigned>(port));
  if (inode.empty()) {
    return 0;
  }
  DIR* directory = opendir("/proc");
  int pid = 0;
  while (const dirent* entry = directory == nullptr ? nullptr : readdir(directory)) {
    const int candidate = number_of<int>(entry->d_name);
    if (candidate > 0 && holds_socket(entry->d_name, "socket:[" + inode + "]")) {
      pid = candidate;
      break;
    }
  }
  if (directory != nullptr) {
    closedir(directory);
  }
  return pid;
}

double ServerProcess::cpu_seconds() const {
  const std::string stat = read_text("/proc/" + std::to_string(pid_) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) {
    return 0;
  }
  std::istringstream words(stat.substr(name_end + 2));
  std::string word;
  for (int field = 3; field < 14; ++field) {
    words >> word;
  }
  double user = 0, system = 0;
  words >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::int64_t ServerProcess::resident_peak_bytes() const { return status_bytes(pid_, "VmHWM:"); }
std::int64_t ServerProcess::resident_bytes() const { return status_bytes(pid_, "VmRSS:"); }

}  // namespace ante::bench
