// A store that passes every call on: what doubles that spoil only a few calls start from.
//
// In/out: as store.h. REQUIRES inner() before the first call. Any thread, as the inner store.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace ante {

class ForwardingStore : public Store {
 public:
  using LogVisitor = std::function<Result<bool>(std::uint64_t, std::uint16_t, std::string_view)>;
  using RowVisitor = std::function<bool(std::string_view, std::string_view)>;

  Result<void> commit(std::uint64_t commit, std::span<const PartitionBatch> batches) override {
    return inner().commit(commit, batches);
  }
  std::uint64_t last_commit() const override { return inner().last_commit(); }
  std::uint64_t next_sequence(std::uint16_t partition) const override {
    return inner().next_sequence(partition);
  }
  Result<void> scan_log(std::uint64_t after_commit, const LogVisitor& visit) const override {
    return inner().scan_log(after_commit, visit);
  }
  Result<std::vector<std::string>> read(std::uint16_t partition, std::uint64_t after_sequence,
                                        std::size_t values_max) const override {
    return inner().read(partition, after_sequence, values_max);
  }
  Result<void> rewrite_log(std::uint64_t commit, std::uint16_t partition,
                           std::string value) override {
    return inner().rewrite_log(commit, partition, std::move(value));
  }
  Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
    return inner().get(table, key);
  }
  Result<std::vector<std::optional<std::string>>> mget(
      Table table, std::span<const std::string> keys) const override {
    return inner().mget(table, keys);
  }
  Result<void> scan(Table table, std::string_view prefix, const RowVisitor& visit) const override {
    return inner().scan(table, prefix, visit);
  }
  Result<void> erase_range(Table table, std::string_view from, std::string_view to) override {
    return inner().erase_range(table, from, to);
  }
  Result<void> put_blob(std::string_view name, std::uint64_t version,
                        std::string_view bytes) override {
    return inner().put_blob(name, version, bytes);
  }
  Result<std::string> get_blob(std::string_view name, std::uint64_t version) const override {
    return inner().get_blob(name, version);
  }
  Result<std::vector<std::uint64_t>> blob_versions(std::string_view name) const override {
    return inner().blob_versions(name);
  }
  Result<void> erase_blob(std::string_view name, std::uint64_t version) override {
    return inner().erase_blob(name, version);
  }
  Result<std::uint64_t> lease(std::string_view name, std::string_view holder, TimeMs now_ms,
                              DurationMs ttl_ms) override {
    return inner().lease(name, holder, now_ms, ttl_ms);
  }
  Result<void> backup(const std::string& directory) override { return inner().backup(directory); }
  Result<void> compact() override { return inner().compact(); }
  std::uint64_t log_bytes() const override { return inner().log_bytes(); }

 protected:
  virtual Store& inner() const = 0;
};

}  // namespace ante
