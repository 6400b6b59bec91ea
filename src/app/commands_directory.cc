// init, config, doctor: the directory itself.

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "app/command.h"
#include "app/data_directory.h"
#include "app/settings.h"
#include "base/json_parser.h"
#include "base/json_writer.h"
#include "report/scale.h"

namespace ante {
namespace {

struct FirstSlot {
  std::string_view name, goal;
  int limit = 0;
};

constexpr std::string_view kClickGoal = R"({"event":"click","windowMs":1800000,"value":1})";
constexpr FirstSlot kFirstSlots[] = {
    {"home", kClickGoal, 6},
    {"article-end", kClickGoal, 3},
    {"cart", R"({"event":"Order Completed","windowMs":86400000,"value":1})", 3},
};

// A new directory can decide at once: the standing bet is open, and says who let it.
std::string first_slot_json(const FirstSlot& slot, double holdout) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("channel", "site").field("limit", slot.limit);
  json.field("safeDefault", "best").key("goal").raw(slot.goal);
  json.field("holdout", holdout).field("stake", 0.05).key("brief").begin_object();
  json.key("waived").begin_object().field("by", "ante init");
  json.field("reason", "the first slots decide at once").end_object().end_object().end_object();
  return body;
}

// How many readers are expected a month; none: nobody said.
struct InitOptions {
  std::vector<std::string> origins;
  std::optional<double> readers;
  double base_rate = kPlannedBaseRate;
};

struct Made {
  std::string public_key, secret_key;
};

Result<Made> initialise(const std::string& directory, const std::vector<std::string>& origins,
                        double holdout) {
  TRY(create_directory(directory));
  const Settings settings = TRY(read_settings(directory));
  auto opened = TRY(DataDirectory::open(directory, settings, std::nullopt, nullptr));
  Engine& engine = opened->engine();
  const Author author{"ante init", "a new data directory"};
  Made made;
  made.public_key = TRY(engine.add_key(KeyKind::kPublishable, origins, author)).text;
  made.secret_key = TRY(engine.add_key(KeyKind::kSecret, {}, author)).text;
  for (const FirstSlot& slot : kFirstSlots)
    TRY(engine.put_slot(slot.name, first_slot_json(slot, holdout), author, 0));
  TRY(engine.stop());
  return made;
}

// Without a word on readers the slots hold out what is kept once it is decided: on how many people
// a share goes without bets is not for a program to guess. What is proposed is said.
std::string about_readers(const InitOptions& options, const Scale& planned) {
  const std::string known = what_can_be_known(planned);
  if (options.readers)
    return known + fmt::format("\nThe slots hold out {:.0f} %{}.", 100 * planned.holdout_share,
                               planned.holdout_share > kKeepingHoldout
                                   ? " until it is decided; then: ante holdout set 5%"
                                   : "");
  return fmt::format(
      "The slots hold out {0:.0f} % of people, as a site keeps that knows it pays. A small one "
      "holds "
      "out 20 to\n50 % until it is decided. {1}\nFor that: ante holdout set {2:.0f}%. "
      "For as many as you have: ante init --readers N, or later ante report scale.",
      100 * kKeepingHoldout, known, 100 * planned.proposed_holdout);
}

Exit init(const CommonOptions& common, const InitOptions& options) {
  if (common.dry_run && !is_initialised(common.data)) {
    print_message("Would make the data directory " + common.data + " and its keys.");
    return Exit::kOk;
  }
  const Scale planned = planned_scale(options.readers.value_or(kPlannedReaders), options.base_rate);
  const double holdout = options.readers ? planned.holdout_share : kKeepingHoldout;
  const auto made = initialise(common.data, options.origins, holdout);
  if (!made) return end_with(made.error());
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("data", common.data).field("publicKey", made->public_key);
    json.field("secretKey", made->secret_key).key("slots").begin_array();
    for (const FirstSlot& slot : kFirstSlots) json.string(slot.name);
    json.end_array().field("holdout", holdout);
    json.field("proposedHoldout", planned.proposed_holdout);
    json.field("readersAMonth", options.readers.value_or(kPlannedReaders));
    json.field("sentence", what_can_be_known(planned)).end_object();
    print_line(out);
    return Exit::kOk;
  }
  print_line(
      fmt::format("Made {} with the slots home, article-end and cart.\n\n"
                  "  public key  {}   (for pages)\n"
                  "  secret key  {}   (for servers; shown only now)\n\n"
                  "{}\n\n"
                  "Next: ante serve --data {}",
                  common.data, made->public_key, made->secret_key, about_readers(options, planned),
                  common.data));
  return Exit::kOk;
}

Exit config_show(const CommonOptions& common, bool origin) {
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  std::string out;
  JsonWriter json(out);
  if (common.json) json.begin_object();
  for (const SettingDefinition& definition : setting_definitions()) {
    const SettingValue& value = settings->value(definition.name);
    if (common.json) {
      json.key(definition.name).begin_object().key("value").raw(to_toml(value));
      json.field("origin", settings->origin(definition.name)).end_object();
    } else {
      print_line(fmt::format("{} = {}{}", definition.name, to_toml(value),
                             origin ? "   # " + settings->origin(definition.name) : ""));
    }
  }
  if (common.json) {
    json.end_object();
    print_line(out);
  }
  return Exit::kOk;
}

Exit config_set(const CommonOptions& common, const std::string& name, const std::string& text) {
  if (!is_initialised(common.data)) {
    return end_with(not_found(common.data + " is no data directory; make one with: ante init"));
  }
  Settings settings;
  if (const auto checked = settings.set(name, text, "command line"); !checked) {
    return end_with(checked.error());
  }
  const std::string path = settings_path(common.data);
  std::stringstream present;
  if (std::ifstream file(path, std::ios::binary); file) present << file.rdbuf();
  const std::string next = with_setting(present.str(), name, to_toml(settings.value(name)));
  if (common.dry_run) {
    print_line(next);
    return Exit::kOk;
  }
  std::ofstream file(path + ".new", std::ios::binary | std::ios::trunc);
  file << next;
  file.close();
  std::error_code failure;
  if (file) std::filesystem::rename(path + ".new", path, failure);
  if (!file || failure) return end_with(unavailable("cannot write " + path));
  print_message("Written to " + path + "; it counts from the next start of the server.");
  return Exit::kOk;
}

struct Finding {
  bool good;
  std::string what, fix;
};

std::vector<Finding> health_findings(ApiCaller& caller) {
  std::vector<Finding> findings;
  findings.push_back({caller.is_remote(),
                      caller.is_remote() ? "a server is running" : "no server is running",
                      caller.is_remote() ? "" : "ante serve"});
  const auto answer = caller.call("GET", "/healthz?verbose=1");
  if (!answer || answer->status != 200) {
    findings.push_back({false, "the engine does not answer", ""});
    return findings;
  }
  JsonParser parser(1u << 20);
  const auto health = parser.parse(answer->body);
  std::int64_t items = 0, people = 0, dropped = 0;
  std::string_view status;
  if (!health || (*health)["status"].get(status) || (*health)["items"]["count"].get(items) ||
      (*health)["people"]["count"].get(people) ||
      (*health)["journal"]["droppedDecisions"].get(dropped)) {
    findings.push_back({false, "the engine's health cannot be read", ""});
    return findings;
  }
  findings.push_back({status == "ok", "writes are " + std::string(status), "free some disk space"});
  findings.push_back({items > 0, fmt::format("{} items", items), "ante import items FILE"});
  findings.push_back(
      {people > 0, fmt::format("{} people", people), "send events, or: ante import events FILE"});
  findings.push_back({dropped == 0, fmt::format("{} decisions could not be recorded", dropped),
                      "raise journal.queue_records_max, or add disk speed"});
  return findings;
}

Exit doctor(const CommonOptions& common) {
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  auto caller = ApiCaller::open(common.data, *settings);
  if (!caller) return end_with(caller.error());
  std::vector<Finding> findings = health_findings(**caller);
  if (settings->boolean("identity.trustBrowser")) {
    findings.push_back({false, "identity.trustBrowser is on: anybody can claim any userId",
                        "ante config set identity.trustBrowser false"});
  }
  bool all_good = true;
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const Finding& finding : findings) {
    all_good = all_good && finding.good;
    json.begin_object().field("good", finding.good).field("what", finding.what);
    if (!finding.good && !finding.fix.empty()) json.field("fix", finding.fix);
    json.end_object();
    if (common.json) continue;
    print_line((finding.good ? " ✓ " : " ✗ ") + finding.what);
    if (!finding.good && !finding.fix.empty()) print_line("     fix: " + finding.fix);
  }
  json.end_array();
  if (common.json) print_line(out);
  return all_good ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void add_directory_commands(CommandLine line) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* init_command = line.app.add_subcommand("init", "Make a data directory and its keys");
  init_command->add_option("--origin", options->origins, "origins that may use the public key");
  init_command
      ->add_option("--readers", options->readers,
                   "readers a month: the slots hold out what they need to know whether it pays")
      ->check(CLI::Range(1.0, kPlannedReadersMax));
  init_command
      ->add_option("--base-rate", options->base_rate, "the share of them that reach the goal")
      ->check(CLI::Range(0.0001, 0.9999));
  init_command->callback([line, options] { line.exit = init(line.common, *options); });

  CLI::App* config = line.app.add_subcommand("config", "Settings: show, set, check");
  config->require_subcommand(1);
  auto origin = std::make_shared<bool>(false);
  CLI::App* show = config->add_subcommand("show", "All settings and their values");
  show->add_flag("--origin", *origin, "where each value comes from");
  show->callback([line, origin] { line.exit = config_show(line.common, *origin); });
  auto name = std::make_shared<std::string>();
  auto value = std::make_shared<std::string>();
  CLI::App* set = config->add_subcommand("set", "Write a setting to ante.toml");
  set->add_option("name", *name)->required();
  set->add_option("value", *value)->required();
  set->callback([line, name, value] { line.exit = config_set(line.common, *name, *value); });
  CLI::App* check = config->add_subcommand("check", "Is ante.toml right?");
  check->callback([line] {
    const auto settings = read_settings(line.common.data);
    if (settings) print_message("All settings are right.");
    line.exit = settings ? Exit::kOk : end_with(settings.error());
  });
  CLI::App* page = config->add_subcommand("page", "The docs page of all settings");
  page->callback([line] {
    print_line(settings_page());
    line.exit = Exit::kOk;
  });

  CLI::App* doctor_command = line.app.add_subcommand("doctor", "What is wrong, and how to fix it");
  doctor_command->callback([line] { line.exit = doctor(line.common); });
}

}  // namespace ante
