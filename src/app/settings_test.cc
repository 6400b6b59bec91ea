#include "app/settings.h"

#include <cstdio>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

namespace ante {
namespace {

class File {
 public:
  explicit File(std::string_view text) : path_(testing::TempDir() + "settings_test.toml") {
    std::ofstream(path_) << text;
  }
  ~File() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Settings, EveryDefinitionIsWholeAndItsDefaultIsWithinItsBounds) {
  std::set<std::string_view> names;
  for (const SettingDefinition& definition : setting_definitions()) {
    EXPECT_TRUE(names.insert(definition.name).second) << definition.name;
    EXPECT_NE(definition.name.find('.'), std::string_view::npos);
    EXPECT_TRUE(definition.sentence.ends_with('.')) << definition.name;
  }
  const Settings settings;  // CHECKs every default
  EXPECT_EQ(settings.text("http.listen"), "127.0.0.1:8080");
  EXPECT_EQ(settings.origin("http.listen"), "default");
}

TEST(Settings, FlagsCountMoreThanEnvironmentMoreThanFile) {
  const File file("# mine\n[http]\nthreads = 3\nidle_timeout_ms = 1000\nheader_timeout_ms = 500\n");
  Settings settings;
  ASSERT_TRUE(settings.read_file(file.path()));
  const std::pair<std::string, std::string> variables[] = {{"ANTE_HTTP__THREADS", "4"},
                                                           {"ANTE_HTTP__IDLE_TIMEOUT_MS", "2000"},
                                                           {"PATH", "/bin"},
                                                           {"ANTE_IDENTITY__TRUST_BROWSER", "true"},
                                                           {"ANTE_DATA_DIR", "/x"}};
  ASSERT_TRUE(settings.read_environment(variables));
  ASSERT_TRUE(settings.set("http.threads", "5", "flag"));
  EXPECT_EQ(settings.integer("http.threads"), 5);
  EXPECT_EQ(settings.integer("http.idle_timeout_ms"), 2000);
  EXPECT_EQ(settings.integer("http.header_timeout_ms"), 500);
  EXPECT_TRUE(settings.boolean("identity.trustBrowser"));
  EXPECT_EQ(settings.origin("http.idle_timeout_ms"), "environment ANTE_HTTP__IDLE_TIMEOUT_MS");
}

TEST(Settings, TablesOfTheFileDefineMetrics) {
  const File file(
      "[metrics.finished]\nclass = \"customer\"\nwindowMs = 3600000\n"
      "count = { event = \"Article Read\", where = [{ property = \"depth\", atLeast = 80 }] }\n");
  Settings settings;
  const auto read = settings.read_file(file.path());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(settings.metrics().size(), 1U);
  EXPECT_EQ(settings.metrics()[0].id, "finished");
  EXPECT_EQ(settings.metrics()[0].metric_class, MetricClass::kPerson);
  EXPECT_EQ(settings.metrics()[0].count.where.at(0).at_least, 80);
}

TEST(Settings, RefusesWhatIsOutOfBoundsOrOfAnotherType) {
  struct Case {
    const char *name, *text, *expected;
  };
  const Case cases[] = {{"http.threads", "0", "from 1 to 256"},
                        {"http.threads", "two", "whole number"},
                        {"http.threads", "1.5", "whole number"},
                        {"identity.trustBrowser", "yes", "true or false"},
                        {"log.level", "loud", "one of debug"},
                        {"http.thread", "2", "Did you mean 'http.threads'?"},
                        {"limits.key_burst", "nan", "number from"},
                        {"http.listen", "", "bytes"}};
  for (const Case& c : cases) {
    Settings settings;
    const auto set = settings.set(c.name, c.text, "test");
    ASSERT_FALSE(set) << c.name << " " << c.text;
    EXPECT_NE(set.error().message.find(c.expected), std::string::npos) << set.error().message;
  }
}

TEST(Settings, RefusesWrongFiles) {
  struct Case {
    const char *text, *expected;
  };
  const Case cases[] = {{"[http\n", "settings_test.toml:"},
                        {"[http]\nthreads = \"4\"\n", "http.threads must be"},
                        {"[http]\nthraeds = 4\n", "Did you mean 'http.threads'?"},
                        {"threads = 4\n", "no setting 'threads'"},
                        {"[http]\ncors_origins = [1]\n", "http.cors_origins"},
                        {"[metrics]\nfinished = 1\n", "[metrics.finished]"},
                        {"[metrics.finished]\nclass = \"customer\"\n", "#/count"}};
  for (const Case& c : cases) {
    const File file(c.text);
    Settings settings;
    const auto read = settings.read_file(file.path());
    ASSERT_FALSE(read) << c.text;
    EXPECT_NE(read.error().message.find(c.expected), std::string::npos) << read.error().message;
  }
  Settings settings;
  EXPECT_EQ(settings.read_file("/nowhere/ante.toml").error().code, ErrorCode::kNotFound);
  const std::pair<std::string, std::string> unknown[] = {{"ANTE_HTTP__NOTHING", "1"}};
  EXPECT_FALSE(settings.read_environment(unknown));
}

TEST(Settings, WritingOneKeepsTheOtherLines) {
  const char* file = "# top\n[http]\nthreads = 2  # two\n\n[log]\nlevel = \"info\"\n";
  EXPECT_EQ(with_setting(file, "http.threads", "8"),
            "# top\n[http]\nthreads = 8\n\n[log]\nlevel = \"info\"\n");
  EXPECT_EQ(with_setting(file, "log.format", "\"json\""),
            "# top\n[http]\nthreads = 2  # two\n\n[log]\nlevel = \"info\"\nformat = \"json\"\n");
  EXPECT_EQ(with_setting("", "http.threads", "8"), "[http]\nthreads = 8\n");
  EXPECT_EQ(with_setting("[http]\nidle_timeout_ms = 5\n[log]\n", "http.threads", "8"),
            "[http]\nidle_timeout_ms = 5\nthreads = 8\n[log]\n");
}

TEST(Settings, ThePageNamesThemAll) {
  const std::string page = settings_page();
  for (const SettingDefinition& definition : setting_definitions()) {
    EXPECT_NE(page.find("`" + std::string(definition.name) + "`"), std::string::npos);
  }
}

}  // namespace
}  // namespace ante
