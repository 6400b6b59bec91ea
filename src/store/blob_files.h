// Blobs as files of one folder: `<name>@<version>`, each with a header and a checksum.
//
// In/out: as the blob methods of store.h. A blob is written aside, fsynced, renamed, and the folder
// fsynced, so that a name only ever stands for whole bytes. Any thread, one mutex for writers.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace rocksdb {
class FileSystem;
}

namespace ante {

class BlobFiles {
 public:
  // Makes the folder if need be and removes what a crash left half written.
  static Result<std::unique_ptr<BlobFiles>> open(std::shared_ptr<rocksdb::FileSystem> files,
                                                 std::string folder);
  BlobFiles(std::shared_ptr<rocksdb::FileSystem> files, std::string folder)
      : files_(std::move(files)), folder_(std::move(folder)) {}

  Result<void> put(std::string_view name, std::uint64_t version, std::string_view bytes);
  Result<std::string> get(std::string_view name, std::uint64_t version) const;
  Result<std::vector<std::uint64_t>> versions(std::string_view name) const;
  Result<void> erase(std::string_view name, std::uint64_t version);

  // File names in the folder.
  Result<std::vector<std::string>> list() const;
  // Copies one file, checked, into another folder; one that is gone meanwhile is left out.
  Result<void> copy(const std::string& file, BlobFiles& to) const;
  Result<void> erase_file(const std::string& file);

 private:
  Result<void> write(const std::string& file, std::string_view content);
  Result<std::string> read(const std::string& file) const;
  Result<void> sync_folder();

  std::shared_ptr<rocksdb::FileSystem> files_;
  std::string folder_;
  Mutex writing_;
};

}  // namespace ante
