// The inputs that fuzzing found or that were written by hand: fuzz/<name>/*, replayed by plain
// tests. Tests run in the repository root.

#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ante {

// Calls the fuzz entry with each file, with each cut of it at 64 places and with each of 64 single
// bytes changed. Gives the number of files.
inline std::size_t replay_corpus(const std::string& name,
                                 int (*entry)(const std::uint8_t*, std::size_t)) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator("fuzz/" + name))
    files.push_back(file.path());
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
    const auto run = [&](const std::string& input) {
      entry(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    };
    run(bytes);
    for (std::size_t i = 0; i < 64 && !bytes.empty(); ++i) {
      const std::size_t at = bytes.size() * i / 64;
      run(bytes.substr(0, at));
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (i % 8)));
      run(changed);
    }
  }
  return files.size();
}

}  // namespace ante
