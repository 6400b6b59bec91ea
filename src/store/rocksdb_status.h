// RocksDB's statuses as our errors.
//
// A full disk is kUnavailable, damage is kDataLoss, anything else kInternal. Pure; any thread.

#pragma once

#include <string>

#include <rocksdb/status.h>

#include "base/result.h"

namespace ante {

inline Result<void> from_status(const rocksdb::Status& status, const std::string& attempt) {
  if (status.ok()) return {};
  const std::string message = attempt + ": " + status.ToString();
  if (status.IsNoSpace()) return unavailable("the disk is full (" + message + ")");
  if (status.IsCorruption()) return data_loss(message);
  return internal_error(message);
}

}  // namespace ante
