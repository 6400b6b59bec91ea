// A disk that is really full: a small tmpfs, filled by a neighbour file, freed again. Nothing
// acknowledged is lost, writes are refused meanwhile, and they go on by themselves.
// Skipped where a tmpfs cannot be mounted.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/mount.h>
#include <thread>

#include <gtest/gtest.h>

#include "journal/rebuild.h"
#include "journal/test_world.h"
#include "store/rocksdb_store.h"

namespace ante {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "ante_full_disk";
    std::filesystem::create_directories(folder_);
    mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=128m") == 0;
    if (!mounted_) GTEST_SKIP() << "cannot mount a tmpfs here: " << std::strerror(errno);
  }
  void TearDown() override {
    if (mounted_) umount(folder_.c_str());
  }
  // Takes all of the disk, to the last byte.
  void fill() {
    std::ofstream file(folder_ + "/neighbour", std::ios::binary | std::ios::app);
    const std::string block(64 << 10, 'n');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
    file.clear();
    const std::string small(64, 'n');
    while (file.write(small.data(), static_cast<std::streamsize>(small.size())).flush()) {
    }
  }
  void free() { std::filesystem::remove(folder_ + "/neighbour"); }

  std::string folder_;
  bool mounted_ = false;
};

TEST_F(FullDisk, RefusesLosesNothingAndResumesByItself) {
  SimulatedClock clock(kStart);
  std::set<std::uint64_t> acknowledged;
  std::uint64_t message = 0, refused = 0;
  const auto send = [&](Journal& journal) {
    ++message;
    const auto outcome =
        journal.append_and_wait({event_record(message % 31, message, std::string(20'000, 'e'))});
    if (outcome.has_value()) {
      acknowledged.insert(message);
    } else {
      EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable) << outcome.error().message;
      ++refused;
    }
    return outcome.has_value();
  };
  {
    const auto store = RocksdbStore::open(folder_ + "/data").value();
    auto life = JournalLife::start(*store, clock).value();
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 40; ++i) ASSERT_TRUE(send(*life->journal));
      // What RocksDB gives back while it resumes is real room: take that too.
      const std::uint64_t before = refused;
      for (int i = 0; i < 2'000 && refused < before + 20; ++i) {
        if (i % 50 == 0) fill();
        send(*life->journal);
      }
      EXPECT_GT(refused, before);
      free();
      const SystemClock real;
      const std::int64_t until =
          real.monotonic_ns() + 15'000'000'000;  // RocksDB looks every five seconds
      while (!life->journal->status().accepting && real.monotonic_ns() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      ASSERT_TRUE(life->journal->status().accepting) << life->journal->status().why_not;
    }
    EXPECT_TRUE(life->fatal.empty());
    EXPECT_EQ(life->fold.records(), acknowledged.size());
  }
  EXPECT_GT(refused, 0u);
  const auto store = RocksdbStore::open(folder_ + "/data").value();
  auto life = JournalLife::start(*store, clock).value();
  EXPECT_EQ(life->fold.records(), acknowledged.size());
  EXPECT_EQ(verify_log(*store).value().problems, std::vector<std::string>{});
}

}  // namespace
}  // namespace ante
