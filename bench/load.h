// Load on a running server: a made-up shop of fixed size, and what each mode measures on it.
//
// Every mode speaks only HTTP; the people, items and events are functions of their numbers, so two
// runs send the same. Results are JSON on standard output.

#pragma once

#include <cstdint>
#include <string>

namespace ante::bench {

struct LoadOptions {
  std::string mode;  // decide | ingest | freshness | fill | ledger | draws
  std::string server = "127.0.0.1:8080";
  std::string secret_key;
  std::string commit = "unknown";
  int pid = 0;  // of the server; 0 = who listens there
  std::uint32_t items = 40'000;
  std::uint32_t people = 100'000;
  std::uint32_t events_each = 20;
  bool preloaded = false;  // the shop is already there
  std::size_t connections = 64;
  double seconds = 5;  // of each measured part
  int runs = 5;
  std::string raw_folder;          // ingest: where the raw loop writes; the data's disk
  std::uint64_t bytes = 1u << 30;  // fill: of event bodies
  double rate = 2'000;             // ledger: events per second
  std::string ledger;              // ledger: its file, outside the data directory
  std::string name = "a";          // ledger: prefix of its ids; draws: the person
  std::uint64_t draws = 100'000;   // draws: how many
  std::string slot = "home";       // draws: where
};

// The shop.
std::string item_id(std::uint32_t item);
std::string item_line(const LoadOptions& options, std::uint32_t item);  // NDJSON
// The item of a person's event number `event`: mostly of their own topics, a few items often.
std::uint32_t item_of_event(const LoadOptions& options, std::uint32_t person, std::uint32_t event);
// One track message; `id` makes the messageId.
std::string event_message(const LoadOptions& options, std::uint32_t person, std::uint32_t item,
                          const std::string& id, const std::string& at);
std::string wall_time_text(std::int64_t minus_ms = 0);
std::uint64_t scatter(std::uint64_t value);

class HttpClient;
// Slot, items, people and their events; ends the program when a call is refused.
void preload(HttpClient& client, const LoadOptions& options);

// Each prints its JSON and returns the program's exit code.
int load_decide(const LoadOptions& options);
int load_freshness(const LoadOptions& options);
int load_ingest(const LoadOptions& options);
int load_fill(const LoadOptions& options);
int load_ledger(const LoadOptions& options);
int load_draws(const LoadOptions& options);

}  // namespace ante::bench
