// ante_load MODE --server HOST:PORT --secret-key KEY: decisions, ingest, freshness, a long log, or
// events with a ledger. Prints JSON.

#include <functional>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/load.h"

int main(int count, char** arguments) {
  using namespace ante::bench;
  const std::map<std::string, std::function<int(const LoadOptions&)>> modes = {
      {"decide", load_decide}, {"freshness", load_freshness}, {"ingest", load_ingest},
      {"fill", load_fill},     {"ledger", load_ledger},       {"draws", load_draws}};
  LoadOptions options;
  CLI::App app{"Puts a running server under load."};
  app.add_option("mode", options.mode, "decide, freshness, ingest, fill, ledger or draws")
      ->required()
      ->check(CLI::IsMember({"decide", "freshness", "ingest", "fill", "ledger", "draws"}));
  app.add_option("--server", options.server, "HOST:PORT");
  app.add_option("--secret-key", options.secret_key, "as `ante init` printed it")->required();
  app.add_option("--commit", options.commit, "what was built");
  app.add_option("--pid", options.pid, "of the server; found by its port otherwise");
  app.add_option("--items", options.items, "in the catalogue")->check(CLI::Range(100, 1'000'000));
  app.add_option("--people", options.people)->check(CLI::Range(1, 10'000'000));
  app.add_option("--events-each", options.events_each)->check(CLI::Range(1, 1000));
  app.add_flag("--preloaded", options.preloaded, "the items and people are there already");
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 4096));
  app.add_option("--seconds", options.seconds, "of each measured part");
  app.add_option("--runs", options.runs)->check(CLI::Range(1, 100));
  app.add_option("--raw-folder", options.raw_folder, "ingest: a raw loop writes here beside it");
  app.add_option("--bytes", options.bytes, "fill: so many of event bodies");
  app.add_option("--rate", options.rate, "ledger: events per second");
  app.add_option("--ledger", options.ledger, "ledger: its file, outside the data directory");
  app.add_option("--draws", options.draws, "draws: how many decisions");
  app.add_option("--slot", options.slot, "draws: of which slot");
  app.add_option("--name", options.name, "prefix of the ids of this run");
  CLI11_PARSE(app, count, arguments);
  return modes.at(options.mode)(options);
}
