// import, backup, restore, verify: the data as a whole.

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "api/url.h"
#include "app/command.h"
#include "app/data_directory.h"
#include "app/import_file.h"
#include "app/input_file.h"
#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {
namespace {

constexpr std::size_t kErrorsShown = 20;

struct ImportOptions {
  std::string kind, file, map;
};

struct ImportTotals {
  std::uint64_t accepted = 0, duplicates = 0, rejected = 0;
  std::vector<std::string> shown;

  void reject(std::string text) {
    ++rejected;
    if (shown.size() < kErrorsShown) shown.push_back(std::move(text));
  }
};

// Adds what the API said of one slice whose first message is number `first` of all.
void add_answer(const ImportSlices& slices, std::uint64_t first, std::string_view body,
                ImportTotals& totals) {
  JsonParser parser(kAnswerBytesMax);
  const auto answer = parser.parse(body);
  if (!answer) return;
  std::uint64_t number = 0;
  if (!(*answer)["accepted"].get(number)) totals.accepted += number;
  if (!(*answer)["duplicates"].get(number)) totals.duplicates += number;
  simdjson::dom::array rejected;
  if ((*answer)["rejected"].get(rejected)) return;
  for (const auto entry : rejected) {
    std::uint64_t index = 0;
    std::string_view detail, pointer;
    if (entry["detail"].get(detail)) continue;
    if (entry["pointer"].get(pointer)) pointer = {};
    if (entry["index"].get(index)) index = entry["line"].get(index) ? 0 : index - 1;
    const std::uint64_t at = first + index;
    const std::uint64_t line = at < slices.lines.size() ? slices.lines[at] : 0;
    totals.reject(fmt::format("line {}: {} {}", line, pointer, detail));
  }
}

Result<ImportSlices> slices_of(const ImportOptions& options) {
  const std::string bytes = TRY(read_input_file(options.file));
  ImportMap map;
  if (!options.map.empty()) map = TRY(read_import_map(options.map));
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool is_csv = first != std::string::npos && bytes[first] != '{';
  if (options.kind == "events") return event_slices(bytes, is_csv, map);
  if (options.kind == "people") return people_slices(bytes, is_csv, map);
  return item_slices(bytes, is_csv, map);
}

std::uint64_t messages_in(const std::string& kind, const std::string& body) {
  if (kind != "events") {
    return static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n'));
  }
  JsonParser parser(kAnswerBytesMax);
  const auto parsed = parser.parse(body);
  simdjson::dom::array batch;
  return parsed && !(*parsed)["batch"].get(batch) ? batch.size() : 0;
}

void print_totals(const CommonOptions& common, const ImportTotals& totals) {
  for (const std::string& text : totals.shown) print_message(text);
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("accepted", totals.accepted);
    json.field("duplicates", totals.duplicates).field("rejected", totals.rejected).end_object();
    return print_line(out);
  }
  print_line(fmt::format("{} taken, {} known already, {} refused", totals.accepted,
                         totals.duplicates, totals.rejected));
}

Exit import(const CommonOptions& common, const ImportOptions& options) {
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  const auto slices = slices_of(options);
  if (!slices) return end_with(slices.error());
  ImportTotals totals;
  for (const ImportError& error : slices->errors) {
    totals.reject(fmt::format("line {}: {}", error.line, error.what));
  }
  if (common.dry_run) {
    totals.accepted = slices->messages;
    print_totals(common, totals);
    if (!slices->bodies.empty()) print_message(slices->bodies.front().substr(0, 1000));
    return Exit::kOk;
  }
  auto caller = ApiCaller::open(common.data, *settings);
  if (!caller) return end_with(caller.error());
  const std::string target = options.kind == "events"   ? "/v1/import"
                             : options.kind == "people" ? "/v1/people:import"
                                                        : "/v1/items:import?format=ndjson";
  std::uint64_t first = 0;
  for (const std::string& body : slices->bodies) {
    const auto answer = (*caller)->call("POST", target, body);
    if (!answer) return end_with(answer.error());
    if (const Exit exit = end_with(*answer); exit != Exit::kOk) return exit;
    add_answer(*slices, first, answer->body, totals);
    first += messages_in(options.kind, body);
  }
  print_totals(common, totals);
  return totals.rejected == 0 ? Exit::kOk : Exit::kFailed;
}

Exit backup(const CommonOptions& common, const std::string& target) {
  namespace fs = std::filesystem;
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  std::error_code failure;
  const fs::path directory = fs::absolute(target, failure);
  if (fs::exists(directory / "secrets")) {
    return end_with(conflict(target + " holds a data directory or a backup already"));
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("directory", directory.string()).end_object();
  if (common.dry_run) {
    print_line(common.json ? body
                           : "Would copy " + common.data + " to " + directory.string() + ".");
    return Exit::kOk;
  }
  auto caller = ApiCaller::open(common.data, *settings);
  if (!caller) return end_with(caller.error());
  const auto answer = (*caller)->call("POST", "/v1/admin:backup", body);
  if (!answer) return end_with(answer.error());
  if (const Exit exit = end_with(*answer); exit != Exit::kOk) return exit;
  // Without the secret nobody's ids or tokens could be read again.
  for (const char* name : {"secrets", "clock", "ante.toml"}) {
    const fs::path from = fs::path(common.data) / name;
    if (!fs::exists(from)) continue;
    fs::copy_file(from, directory / name, fs::copy_options::overwrite_existing, failure);
    if (failure) return end_with(unavailable("cannot write " + (directory / name).string()));
  }
  fs::permissions(directory, fs::perms::owner_all, failure);
  print_message("The backup holds the secret of the directory: keep it like a key.");
  if (common.json) print_line(body);
  return Exit::kOk;
}

Exit restore(const CommonOptions& common, const std::string& from) {
  namespace fs = std::filesystem;
  if (is_initialised(common.data)) {
    return end_with(conflict(common.data + " is a data directory already; restore into a new one"));
  }
  if (!is_initialised(from)) return end_with(not_found(from + " is no backup of ante"));
  if (common.dry_run) {
    print_message("Would restore " + from + " to " + common.data + ".");
    return Exit::kOk;
  }
  std::error_code failure;
  fs::create_directories(common.data, failure);
  if (!failure) fs::permissions(common.data, fs::perms::owner_all, failure);
  if (!failure) fs::copy(from, common.data, fs::copy_options::recursive, failure);
  if (failure) return end_with(unavailable("cannot restore: " + failure.message()));
  fs::remove(fs::path(common.data) / "lock", failure);
  fs::permissions(fs::path(common.data) / "secrets", fs::perms::owner_read | fs::perms::owner_write,
                  failure);
  print_message("Restored to " + common.data + ". Next: ante verify --data " + common.data);
  return Exit::kOk;
}

struct VerifyOptions {
  bool rebuild = false;
  std::string find;
};

Exit verify(const CommonOptions& common, const VerifyOptions& options) {
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  auto caller = ApiCaller::open(common.data, *settings);
  if (!caller) return end_with(caller.error());
  if (options.rebuild && (*caller)->is_remote()) {
    return end_with(conflict("a server writes to " + common.data +
                             "; stop it, or verify a backup: ante backup DIR"));
  }
  std::string target = "/v1/admin:verify";
  if (!options.find.empty())
    target += "?find=" + percent_encode(options.find);
  else if (options.rebuild)
    target += "?rebuild=1";
  const auto answer = (*caller)->call("GET", target);
  if (!answer) return end_with(answer.error());
  if (const Exit exit = end_with(*answer); exit != Exit::kOk) return exit;
  print_line(answer->body);
  JsonParser parser(kAnswerBytesMax);
  const auto parsed = parser.parse(answer->body);
  bool good = true;
  if (parsed && !(*parsed)["good"].get(good) && !good) {
    print_message("ante: folding the log again gives another state");
    return Exit::kFailed;
  }
  return Exit::kOk;
}

}  // namespace

void add_data_commands(CommandLine line) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* import_command =
      line.app.add_subcommand("import", "Items, events or people from a file");
  import_command->add_option("kind", options->kind, "items, events or people")
      ->required()
      ->check(CLI::IsMember({"items", "events", "people"}));
  import_command->add_option("file", options->file, "NDJSON or CSV; - for stdin")->required();
  import_command->add_option("--map", options->map, "MAP.toml: what the columns are called here");
  import_command->callback([line, options] { line.exit = import(line.common, *options); });

  auto directory = std::make_shared<std::string>();
  CLI::App* backup_command = line.app.add_subcommand("backup", "A copy of everything, any time");
  backup_command->add_option("directory", *directory, "a new or empty directory")->required();
  backup_command->callback([line, directory] { line.exit = backup(line.common, *directory); });
  CLI::App* restore_command = line.app.add_subcommand("restore", "A new directory from a backup");
  restore_command->add_option("directory", *directory, "the backup")->required();
  restore_command->callback([line, directory] { line.exit = restore(line.common, *directory); });

  auto verify_options = std::make_shared<VerifyOptions>();
  CLI::App* verify_command = line.app.add_subcommand("verify", "Is what is stored whole?");
  verify_command->add_flag("--rebuild", verify_options->rebuild,
                           "fold the log again and compare (no server may run)");
  verify_command->add_option("--find", verify_options->find,
                             "where an id is known; ROUTINGID/MESSAGEID for a message");
  verify_command->callback(
      [line, verify_options] { line.exit = verify(line.common, *verify_options); });
}

}  // namespace ante
