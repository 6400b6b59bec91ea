// sim_lift [worlds] [first seed] [commit]: prints the trial as JSON; exit 1 if a bound is missed.

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "sim/lift_trial.h"

namespace {

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t worlds = 400, seed = 1;
  if ((argc > 1 && !read_number(argv[1], worlds)) || (argc > 2 && !read_number(argv[2], seed)) ||
      worlds < 2 || worlds > 100'000) {
    std::fprintf(stderr, "usage: sim_lift [worlds: 2 .. 100000] [first seed] [commit]\n");
    return 2;
  }
  const std::string commit = argc > 3 ? argv[3] : "";
  const std::string json = ante::sim::to_json(ante::sim::run_trial(worlds, seed), commit);
  std::printf("%s\n", json.c_str());
  return json.find("\"holds\":false") == std::string::npos ? 0 : 1;
}
