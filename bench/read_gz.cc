#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
#include <zlib.h>

#include "bench/offline.h"

namespace ante::bench {

std::string read_gz(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    std::fprintf(stderr, "%s is not there: say with --data where the data sets are\n",
                 path.c_str());
    std::exit(3);
  }
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  int count = 0;
  while ((count = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0)
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  gzclose(file);
  if (count < 0) {
    std::fprintf(stderr, "%s is damaged\n", path.c_str());
    std::exit(3);
  }
  return bytes;
}

}  // namespace ante::bench
