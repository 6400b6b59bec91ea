// A file system in RAM that forgets what was not fsynced when its power is cut.
//
// In:   RocksDB's and the blobs' file operations. Out: after power_on(), what a disk would hold:
// synced bytes, of the others a random and perhaps torn beginning, and of names made, renamed or
// removed since their folder was fsynced a random first part. Equal seeds cut equally.
// Any thread, one mutex.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <rocksdb/file_system.h>

#include "base/mutex.h"
#include "base/random.h"

namespace ante {

class PowerCutFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit PowerCutFiles(std::uint64_t seed);

  // From now on every operation fails, and what was not synced is lost as described.
  void cut();
  // The power goes off by itself after so many more writes and syncs; 0 = never.
  void cut_after(std::uint64_t operations);
  // REQUIRES nothing of the time before the cut is open any more.
  void power_on();
  bool off() const;
  // fsync does nothing from now on: the planted fault that a power cut must reveal.
  void ignore_syncs();
  std::uint64_t operations() const;

  const char* Name() const override { return "PowerCutFiles"; }
  using IO = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using FileOptions = rocksdb::FileOptions;
  IO NewSequentialFile(const std::string& path, const FileOptions& options,
                       std::unique_ptr<rocksdb::FSSequentialFile>* result, Debug* debug) override;
  IO NewRandomAccessFile(const std::string& path, const FileOptions& options,
                         std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                         Debug* debug) override;
  IO NewWritableFile(const std::string& path, const FileOptions& options,
                     std::unique_ptr<rocksdb::FSWritableFile>* result, Debug* debug) override;
  IO ReopenWritableFile(const std::string& path, const FileOptions& options,
                        std::unique_ptr<rocksdb::FSWritableFile>* result, Debug* debug) override;
  IO ReuseWritableFile(const std::string& path, const std::string& old_path,
                       const FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* result,
                       Debug* debug) override;
  IO NewDirectory(const std::string& path, const Options& options,
                  std::unique_ptr<rocksdb::FSDirectory>* result, Debug* debug) override;
  IO FileExists(const std::string& path, const Options& options, Debug* debug) override;
  IO GetChildren(const std::string& path, const Options& options, std::vector<std::string>* result,
                 Debug* debug) override;
  IO DeleteFile(const std::string& path, const Options& options, Debug* debug) override;
  IO Truncate(const std::string& path, std::size_t size, const Options& options,
              Debug* debug) override;
  IO CreateDir(const std::string& path, const Options& options, Debug* debug) override;
  IO CreateDirIfMissing(const std::string& path, const Options& options, Debug* debug) override;
  IO DeleteDir(const std::string& path, const Options& options, Debug* debug) override;
  IO GetFileSize(const std::string& path, const Options& options, std::uint64_t* size,
                 Debug* debug) override;
  IO GetFileModificationTime(const std::string& path, const Options& options, std::uint64_t* time,
                             Debug* debug) override;
  IO RenameFile(const std::string& from, const std::string& to, const Options& options,
                Debug* debug) override;
  IO LinkFile(const std::string& from, const std::string& to, const Options& options,
              Debug* debug) override;
  IO LockFile(const std::string& path, const Options& options, rocksdb::FileLock** lock,
              Debug* debug) override;
  IO UnlockFile(rocksdb::FileLock* lock, const Options& options, Debug* debug) override;
  IO NewLogger(const std::string& path, const Options& options,
               std::shared_ptr<rocksdb::Logger>* result, Debug* debug) override;
  IO GetAbsolutePath(const std::string& path, const Options& options, std::string* result,
                     Debug* debug) override;
  IO GetFreeSpace(const std::string& path, const Options& options, std::uint64_t* bytes,
                  Debug* debug) override;
  IO IsDirectory(const std::string& path, const Options& options, bool* is_directory,
                 Debug* debug) override;

  // A file's bytes, shared by its names and its open handles.
  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };
  // For the handles that this file system gives out.
  IO append(File& file, const rocksdb::Slice& bytes);
  IO sync(File& file);
  IO sync_folder(const std::string& folder);
  IO truncate(File& file, std::size_t size);
  IO read(const File& file, std::uint64_t offset, std::size_t count, rocksdb::Slice* result,
          char* scratch) const;
  std::uint64_t size(const File& file) const;

 private:
  using FilePointer = std::shared_ptr<File>;
  // A change of names that no fsync of its folder has made durable yet.
  struct NameChange {
    std::string folder;
    std::string erased;  // "" = none
    std::string named;   // "" = none
    FilePointer file;
  };

  IO find(const std::string& path, FilePointer* file) const;
  void change_name(std::string erased, std::string named, FilePointer file) REQUIRES_LOCK(mutex_);
  void rename_folder(const std::string& from, const std::string& to) REQUIRES_LOCK(mutex_);
  static void apply(const NameChange& change, std::map<std::string, FilePointer>& names);
  bool step() REQUIRES_LOCK(mutex_);
  void cut_locked() REQUIRES_LOCK(mutex_);
  void tear(File& file) REQUIRES_LOCK(mutex_);

  mutable Mutex mutex_;
  Random random_ GUARDED_BY(mutex_);
  std::map<std::string, FilePointer> names_ GUARDED_BY(mutex_);
  std::map<std::string, FilePointer> durable_ GUARDED_BY(mutex_);
  std::vector<NameChange> changes_ GUARDED_BY(mutex_);
  std::set<std::string> folders_ GUARDED_BY(mutex_);
  std::uint64_t operations_ GUARDED_BY(mutex_) = 0;
  std::uint64_t cut_at_ GUARDED_BY(mutex_) = 0;
  bool off_ GUARDED_BY(mutex_) = false;
  bool ignore_syncs_ GUARDED_BY(mutex_) = false;
};

}  // namespace ante
