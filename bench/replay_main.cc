// ante_replay LOG --server HOST:PORT --secret-key KEY: plays a real log against a running server
// that was started with --clock simulated (the log's times are moved by whole weeks to lie after
// today), and prints what was hit, how fast, and how large.

#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "bench/replay_session.h"

int main(int count, char** arguments) {
  ante::bench::ReplayOptions options;
  CLI::App app{"Plays a real log in time order against a server with a simulated clock."};
  app.add_option("log", options.log, "globo or retail")
      ->required()
      ->check(CLI::IsMember({"globo", "retail"}));
  app.add_option("--data", options.data, "where the data sets are")->envname("ANTE_DATA");
  app.add_option("--server", options.server, "HOST:PORT");
  app.add_option("--secret-key", options.secret_key, "as `ante init` printed it")->required();
  app.add_option("--window-ms", options.window_ms,
                 "of the log, between the first and last of them");
  app.add_option("--in-flight", options.in_flight, "visitors at once")->check(CLI::Range(1, 4096));
  app.add_option("--limit-rows", options.rows_max, "play only so many lines");
  app.add_option("--damage", options.damage, "share of lines to damage")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--json", options.json_path, "write the report there");
  app.add_option("--commit", options.commit, "what was built");
  app.add_option("--pid", options.pid, "of the server; found by its port otherwise");
  CLI11_PARSE(app, count, arguments);
  const std::string report = options.log == "globo" ? ante::bench::replay_globo(options)
                                                    : ante::bench::replay_retail(options);
  if (options.json_path.empty()) {
    std::printf("%s\n", report.c_str());
    return 0;
  }
  std::ofstream(options.json_path) << report << "\n";
  return 0;
}
