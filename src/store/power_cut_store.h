// A RocksDB store whose power can be cut: the double that reveals a missing fsync.
//
// In/out: as store.h, over PowerCutFiles. After cut() every call fails; reopen() starts again with
// what the disk held. Any thread, but reopen() only while nobody else uses the store.

#pragma once

#include <memory>

#include "store/forwarding_store.h"
#include "store/power_cut_files.h"
#include "store/rocksdb_store.h"

namespace ante {

class PowerCutStore final : public ForwardingStore {
 public:
  static Result<std::unique_ptr<PowerCutStore>> open(std::uint64_t seed,
                                                     RocksdbOptions options = {});

  PowerCutFiles& files() { return *files_; }
  void cut() { files_->cut(); }
  // Cuts the power if it is still on, and opens the store again.
  Result<void> reopen();

 protected:
  Store& inner() const override { return *store_; }

 private:
  PowerCutStore(std::uint64_t seed, RocksdbOptions options)
      : files_(std::make_shared<PowerCutFiles>(seed)), options_(options) {}

  std::shared_ptr<PowerCutFiles> files_;
  RocksdbOptions options_;
  std::unique_ptr<RocksdbStore> store_;
};

}  // namespace ante
