#include "store/power_cut_store.h"

namespace ante {

namespace {
constexpr const char* kDirectory = "/disk";
}  // namespace

Result<std::unique_ptr<PowerCutStore>> PowerCutStore::open(std::uint64_t seed,
                                                           RocksdbOptions options) {
  std::unique_ptr<PowerCutStore> store(new PowerCutStore(seed, options));
  store->store_ = TRY(RocksdbStore::open(kDirectory, options, store->files_));
  return store;
}

Result<void> PowerCutStore::reopen() {
  files_->cut();
  store_.reset();
  files_->power_on();
  store_ = TRY(RocksdbStore::open(kDirectory, options_, files_));
  return {};
}

}  // namespace ante
