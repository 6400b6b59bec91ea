// init, config, doctor: the directory itself.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "app/command.h"
#include "app/data_directory.h"
#include "app/settings.h"
#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {
namespace {

struct FirstSlot {
  std::string_view name, json;
};

// A new directory can decide at once: the standing bet is open, and says who let it.
constexpr FirstSlot kFirstSlots[] = {
    {"home", R"({"channel":"site","limit":6,"safeDefault":"best",)"
             R"("goal":{"event":"click","windowMs":1800000,"value":1},"holdout":0.05,"stake":0.05,)"
             R"("brief":{"waived":{"by":"ante init","reason":"the first slots decide at once"}}})"},
    {"article-end", R"({"channel":"site","limit":3,"safeDefault":"best",)"
                    R"("goal":{"event":"click","windowMs":1800000,"value":1},"holdout":0.05,)"
                    R"("stake":0.05,"brief":{"waived":{"by":"ante init",)"
                    R"("reason":"the first slots decide at once"}}})"},
    {"cart", R"({"channel":"site","limit":3,"safeDefault":"best",)"
             R"("goal":{"event":"Order Completed","windowMs":86400000,"value":1},"holdout":0.05,)"
             R"("stake":0.05,"brief":{"waived":{"by":"ante init",)"
             R"("reason":"the first slots decide at once"}}})"},
};

struct Made {
  std::string public_key, secret_key;
};

Result<Made> initialise(const std::string& directory, const std::vector<std::string>& origins) {
  TRY(create_directory(directory));
  const Settings settings = TRY(read_settings(directory));
  auto opened = TRY(DataDirectory::open(directory, settings, std::nullopt, nullptr));
  Engine& engine = opened->engine();
  const Author author{"ante init", "a new data directory"};
  Made made;
  made.public_key = TRY(engine.add_key(KeyKind::kPublishable, origins, author)).text;
  made.secret_key = TRY(engine.add_key(KeyKind::kSecret, {}, author)).text;
  for (const FirstSlot& slot : kFirstSlots) TRY(engine.put_slot(slot.name, slot.json, author, 0));
  TRY(engine.stop());
  return made;
}

Exit init(const CommonOptions& common, const std::vector<std::string>& origins) {
  if (common.dry_run && !is_initialised(common.data)) {
    print_message("Would make the data directory " + common.data + " and its keys.");
    return Exit::kOk;
  }
  const auto made = initialise(common.data, origins);
  if (!made) return end_with(made.error());
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("data", common.data).field("publicKey", made->public_key);
    json.field("secretKey", made->secret_key).key("slots").begin_array();
    for (const FirstSlot& slot : kFirstSlots) json.string(slot.name);
    json.end_array().end_object();
    print_line(out);
    return Exit::kOk;
  }
  print_line(
      fmt::format("Made {} with the slots home, article-end and cart.\n\n"
                  "  public key  {}   (for pages)\n"
                  "  secret key  {}   (for servers; shown only now)\n\n"
                  "Next: ante serve --data {}",
                  common.data, made->public_key, made->secret_key, common.data));
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
  auto origins = std::make_shared<std::vector<std::string>>();
  CLI::App* init_command = line.app.add_subcommand("init", "Make a data directory and its keys");
  init_command->add_option("--origin", *origins, "origins that may use the public key");
  init_command->callback([line, origins] { line.exit = init(line.common, *origins); });

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
