// One suite that every store passes: memory, RocksDB, power-cut (no cut), faulty (no fault).
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/faulty_store.h"
#include "store/limits.h"
#include "store/memory_store.h"
#include "store/power_cut_store.h"
#include "store/rocksdb_store.h"

namespace ante {
namespace {

// A store under test and what it needs to live.
struct Fixture {
  std::string directory;
  std::unique_ptr<Store> inner;
  std::unique_ptr<Store> store;
  ~Fixture() {
    store.reset();
    inner.reset();
    std::filesystem::remove_all(directory);
  }
};

std::string fresh_directory() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "." + test->name();
  for (char& c : name) c = c == '/' ? '_' : c;
  const std::string path = testing::TempDir() + "ante_contract_" + name;
  std::filesystem::remove_all(path);
  return path;
}

using Factory = std::unique_ptr<Fixture> (*)();

std::unique_ptr<Fixture> memory() {
  auto fixture = std::make_unique<Fixture>();
  fixture->directory = fresh_directory();
  fixture->store = std::make_unique<MemoryStore>();
  return fixture;
}
std::unique_ptr<Fixture> faulty() {
  auto fixture = memory();
  fixture->inner = std::move(fixture->store);
  fixture->store = std::make_unique<FaultyStore>(*fixture->inner);
  return fixture;
}
std::unique_ptr<Fixture> rocksdb_on_disk() {
  auto fixture = std::make_unique<Fixture>();
  fixture->directory = fresh_directory();
  fixture->store = RocksdbStore::open(fixture->directory + ".db").value();
  return fixture;
}
std::unique_ptr<Fixture> power_cut() {
  auto fixture = std::make_unique<Fixture>();
  fixture->directory = fresh_directory();
  fixture->store = PowerCutStore::open(1).value();
  return fixture;
}

class StoreContract : public testing::TestWithParam<std::pair<const char*, Factory>> {
 protected:
  void TearDown() override {
    const std::string extra = fixture_->directory + ".db";
    fixture_.reset();
    std::filesystem::remove_all(extra);
  }
  Store& store() { return *fixture_->store; }
  std::unique_ptr<Fixture> fixture_ = GetParam().second();
};

PartitionBatch log_batch(std::uint16_t partition, std::uint64_t first, std::uint64_t next,
                         std::string value) {
  PartitionBatch batch;
  batch.partition = partition;
  batch.first_sequence = first;
  batch.next_sequence = next;
  batch.log_value = std::move(value);
  return batch;
}

PartitionBatch row_batch(std::vector<Row> rows) {
  PartitionBatch batch;
  batch.rows = std::move(rows);
  return batch;
}

Result<void> commit_one(Store& store, std::uint64_t commit, PartitionBatch batch) {
  return store.commit(commit, {&batch, 1});
}

std::vector<std::string> whole_log(const Store& store, std::uint64_t after) {
  std::vector<std::string> seen;
  EXPECT_TRUE(store.scan_log(
      after,
      [&](std::uint64_t commit, std::uint16_t partition, std::string_view value) -> Result<bool> {
        seen.push_back(std::to_string(commit) + "/" + std::to_string(partition) + "=" +
                       std::string(value));
        return true;
      }));
  return seen;
}

TEST_P(StoreContract, IsEmptyAtFirst) {
  EXPECT_EQ(store().last_commit(), 0u);
  EXPECT_EQ(store().next_sequence(7), 1u);
  EXPECT_TRUE(whole_log(store(), 0).empty());
  EXPECT_EQ(store().get(Table::kPeople, "nobody").value(), std::nullopt);
  EXPECT_TRUE(store().read(7, 0, 10).value().empty());
  EXPECT_EQ(store().get_blob("model", 1).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(store().blob_versions("model").value().empty());
}

TEST_P(StoreContract, RefusesWhatIsBeyondItsLimits) {
  const auto code = [&](PartitionBatch batch) {
    return commit_one(store(), 1, std::move(batch)).error().code;
  };
  EXPECT_EQ(code(log_batch(kStorePartitionsMax, 1, 2, "x")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(log_batch(1, 2, 2, "x")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(log_batch(1, 0, 2, "x")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(row_batch({{Table::kPeople, "", "v"}})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(row_batch({{Table::kPeople, std::string(kRowKeyBytesMax + 1, 'k'), "v"}})),
            ErrorCode::kInvalidArgument);
  const std::vector<PartitionBatch> twice = {log_batch(1, 1, 2, "x"), log_batch(1, 2, 3, "y")};
  EXPECT_EQ(store().commit(1, twice).error().code, ErrorCode::kInvalidArgument);
  for (const char* name : {"", ".hidden", "a/b", "UP", "sp ace"}) {
    EXPECT_EQ(store().put_blob(name, 1, "x").error().code, ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(store().last_commit(), 0u);
}

TEST_P(StoreContract, CommitsLogAndRowsTogether) {
  std::vector<PartitionBatch> batches = {log_batch(3, 1, 3, "three"), log_batch(9, 1, 2, "nine")};
  batches[0].rows = {{Table::kDedup, "k1", "v1"}, {Table::kPeople, "p", std::string("\0x", 2)}};
  ASSERT_TRUE(store().commit(5, batches));
  ASSERT_TRUE(commit_one(store(), 6, log_batch(3, 3, 4, "more")));
  EXPECT_EQ(store().last_commit(), 6u);
  EXPECT_EQ(store().next_sequence(3), 4u);
  EXPECT_EQ(store().next_sequence(9), 2u);
  EXPECT_EQ(store().get(Table::kPeople, "p").value(), std::string("\0x", 2));
  EXPECT_EQ(whole_log(store(), 0), (std::vector<std::string>{"5/3=three", "5/9=nine", "6/3=more"}));
  EXPECT_EQ(whole_log(store(), 5), (std::vector<std::string>{"6/3=more"}));
  EXPECT_EQ(store().read(3, 0, 9).value(), (std::vector<std::string>{"three", "more"}));
  EXPECT_EQ(store().read(3, 1, 9).value(), (std::vector<std::string>{"three", "more"}));
  EXPECT_EQ(store().read(3, 2, 9).value(), (std::vector<std::string>{"more"}));
  EXPECT_EQ(store().read(3, 0, 1).value(), (std::vector<std::string>{"three"}));
  EXPECT_TRUE(store().read(3, 3, 9).value().empty());
}

TEST_P(StoreContract, AVisitorStopsAScanAndItsErrorIsReturned) {
  for (std::uint64_t c = 1; c <= 5; ++c) {
    ASSERT_TRUE(commit_one(store(), c, log_batch(1, c, c + 1, "v")));
  }
  int seen = 0;
  ASSERT_TRUE(store().scan_log(0, [&](auto, auto, auto) -> Result<bool> { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
  const auto failed =
      store().scan_log(0, [](auto, auto, auto) -> Result<bool> { return data_loss("mine"); });
  EXPECT_EQ(failed.error().message, "mine");
}

TEST_P(StoreContract, ErasesRowsByKeyAndByRange) {
  ASSERT_TRUE(commit_one(store(), 1,
                         row_batch({{Table::kDedup, "a1", "1"},
                                    {Table::kDedup, "a2", "2"},
                                    {Table::kDedup, "b1", "3"},
                                    {Table::kObjects, "a1", "other table"}})));
  ASSERT_TRUE(commit_one(store(), 2, row_batch({{Table::kDedup, "a1", std::nullopt}})));
  const std::vector<std::string> keys = {"a1", "a2", "b1", "c"};
  using Values = std::vector<std::optional<std::string>>;
  EXPECT_EQ(store().mget(Table::kDedup, keys).value(), (Values{{}, "2", "3", {}}));
  ASSERT_TRUE(store().erase_range(Table::kDedup, "a", "b"));
  EXPECT_EQ(store().mget(Table::kDedup, keys).value(), (Values{{}, {}, "3", {}}));
  ASSERT_TRUE(store().erase_range(Table::kDedup, "b1", std::string("b1\0", 3)));
  EXPECT_EQ(store().get(Table::kDedup, "b1").value(), std::nullopt);
  EXPECT_EQ(store().get(Table::kObjects, "a1").value(), "other table");
}

// Keys as the journal makes them: a day of four bytes, then anything. Of two rows of one key in one
// commit the later one counts, in the same batch and in another.
TEST_P(StoreContract, RowsAreAsIfWrittenOneAfterTheOther) {
  Random random(7);
  std::map<std::string, std::string> model;
  for (std::uint64_t c = 1; c <= 40; ++c) {
    std::vector<PartitionBatch> batches(3);
    for (std::uint16_t p = 0; p < 3; ++p) {
      batches[p].partition = p;
      for (int i = 0; i < 60; ++i) {
        std::string key("\0\0\0", 3);
        key.push_back(static_cast<char>(random.below(2)));
        key += std::to_string(random.below(400));
        Row row{Table::kDedup, key, std::to_string(random.next())};
        if (random.below(8) == 0) row.value.reset();
        if (row.value.has_value())
          model[row.key] = *row.value;
        else
          model.erase(row.key);
        batches[p].rows.push_back(std::move(row));
      }
    }
    ASSERT_TRUE(store().commit(c, batches));
  }
  std::map<std::string, std::string> seen;
  ASSERT_TRUE(store().scan(Table::kDedup, "", [&](std::string_view key, std::string_view value) {
    seen.emplace(key, value);
    return true;
  }));
  EXPECT_EQ(seen, model);
}

TEST_P(StoreContract, ScansByPrefixInKeyOrder) {
  ASSERT_TRUE(commit_one(store(), 1,
                         row_batch({{Table::kMeta, "ab2", "2"},
                                    {Table::kMeta, "ab1", "1"},
                                    {Table::kMeta, "ac", "3"},
                                    {Table::kMeta, "aa", "0"}})));
  std::string seen;
  ASSERT_TRUE(store().scan(Table::kMeta, "ab", [&](std::string_view key, std::string_view value) {
    seen.append(key).append("=").append(value).append(" ");
    return true;
  }));
  EXPECT_EQ(seen, "ab1=1 ab2=2 ");
}

TEST_P(StoreContract, RewritesALogValueInPlace) {
  ASSERT_TRUE(commit_one(store(), 1, log_batch(4, 1, 3, "secret")));
  ASSERT_TRUE(store().rewrite_log(1, 4, "------"));
  EXPECT_EQ(whole_log(store(), 0), (std::vector<std::string>{"1/4=------"}));
  EXPECT_EQ(store().next_sequence(4), 3u);
  EXPECT_EQ(store().rewrite_log(2, 4, "x").error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, KeepsBlobsByVersion) {
  const std::string bytes("model\0bytes", 11);
  ASSERT_TRUE(store().put_blob("model", 7, bytes));
  ASSERT_TRUE(store().put_blob("model", 12, "newer"));
  ASSERT_TRUE(store().put_blob("model-b", 3, "another name"));
  EXPECT_EQ(store().get_blob("model", 7).value(), bytes);
  EXPECT_EQ(store().blob_versions("model").value(), (std::vector<std::uint64_t>{7, 12}));
  ASSERT_TRUE(store().put_blob("model", 7, "again"));
  EXPECT_EQ(store().get_blob("model", 7).value(), "again");
  ASSERT_TRUE(store().erase_blob("model", 7));
  ASSERT_TRUE(store().erase_blob("model", 7));
  EXPECT_EQ(store().blob_versions("model").value(), (std::vector<std::uint64_t>{12}));
}

TEST_P(StoreContract, LeasesAreFenced) {
  EXPECT_EQ(store().lease("trainer", "a", 1000, 500).value(), 1u);
  EXPECT_EQ(store().lease("trainer", "a", 1400, 500).value(), 1u);
  EXPECT_EQ(store().lease("trainer", "b", 1800, 500).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store().lease("trainer", "b", 1900, 500).value(), 2u);
  EXPECT_EQ(store().lease("other", "a", 1900, 500).value(), 1u);
}

TEST_P(StoreContract, ReadsAPartitionFromAnySequenceOfALongLog) {
  Random random(3);
  std::map<std::uint16_t, std::vector<std::pair<std::uint64_t, std::string>>> model;
  std::map<std::uint16_t, std::uint64_t> next;
  for (std::uint64_t commit = 1; commit <= 400; ++commit) {
    std::vector<PartitionBatch> batches;
    for (std::uint16_t p = 0; p < 6; ++p) {
      if (random.below(3) != 0) continue;
      const std::uint64_t first = next.try_emplace(p, 1).first->second;
      const std::uint64_t count = 1 + random.below(4);
      const std::string value = std::to_string(first) + std::string(20'000, 'x');
      model[p].emplace_back(first + count, value);
      batches.push_back(log_batch(p, first, first + count, value));
      next[p] = first + count;
    }
    ASSERT_TRUE(store().commit(commit, batches));
  }
  for (int i = 0; i < 40; ++i) {
    const auto p = static_cast<std::uint16_t>(random.below(6));
    const std::uint64_t after = random.below(next[p] + 2);
    std::vector<std::string> expected;
    for (const auto& [end, value] : model[p]) {
      if (end > after + 1 && expected.size() < 3) expected.push_back(value);
    }
    EXPECT_EQ(store().read(p, after, 3).value(), expected) << p << " after " << after;
  }
}

TEST_P(StoreContract, MakesABackup) {
  ASSERT_TRUE(commit_one(store(), 1, log_batch(1, 1, 2, "one")));
  ASSERT_TRUE(store().put_blob("model", 1, "bytes"));
  EXPECT_TRUE(store().backup(fixture_->directory));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(std::pair{"Memory", &memory},
                                         std::pair{"Rocksdb", &rocksdb_on_disk},
                                         std::pair{"PowerCut", &power_cut},
                                         std::pair{"Faulty", &faulty}),
                         [](const auto& named) { return named.param.first; });

}  // namespace
}  // namespace ante
