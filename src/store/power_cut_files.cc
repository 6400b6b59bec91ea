#include "store/power_cut_files.h"

#include <algorithm>
#include <cstdarg>
#include <utility>

#include <rocksdb/env.h>

namespace ante {

namespace {

using IO = rocksdb::IOStatus;
using Options = rocksdb::IOOptions;
using Debug = rocksdb::IODebugContext;
using rocksdb::Slice;
using File = PowerCutFiles::File;

constexpr std::size_t kSectorBytes = 512;

IO no_power() { return IO::IOError("the power is off"); }

std::string tidy_path(const std::string& path) {
  std::string tidy;
  for (const char c : path) {
    if (c == '/' && tidy.ends_with('/')) continue;
    tidy.push_back(c);
  }
  if (tidy.size() > 1 && tidy.ends_with('/')) tidy.pop_back();
  return tidy;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(PowerCutFiles& files, std::shared_ptr<File> file)
      : files_(files), file_(std::move(file)) {}
  using rocksdb::FSWritableFile::Append;
  IO Append(const Slice& bytes, const Options&, Debug*) override {
    return files_.append(*file_, bytes);
  }
  IO Append(const Slice& bytes, const Options&, const rocksdb::DataVerificationInfo&,
            Debug*) override {
    return files_.append(*file_, bytes);
  }
  IO Truncate(std::uint64_t size, const Options&, Debug*) override {
    return files_.truncate(*file_, size);
  }
  IO Close(const Options&, Debug*) override { return IO::OK(); }
  IO Flush(const Options&, Debug*) override { return IO::OK(); }
  IO Sync(const Options&, Debug*) override { return files_.sync(*file_); }
  IO Fsync(const Options&, Debug*) override { return files_.sync(*file_); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const Options&, Debug*) override { return files_.size(*file_); }

 private:
  PowerCutFiles& files_;
  std::shared_ptr<File> file_;
};

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  SequentialFile(PowerCutFiles& files, std::shared_ptr<File> file)
      : files_(files), file_(std::move(file)) {}
  IO Read(std::size_t count, const Options&, Slice* result, char* scratch, Debug*) override {
    const IO read = files_.read(*file_, at_, count, result, scratch);
    if (read.ok()) at_ += result->size();
    return read;
  }
  IO Skip(std::uint64_t count) override {
    at_ = std::min(at_ + count, files_.size(*file_));
    return IO::OK();
  }

 private:
  PowerCutFiles& files_;
  std::shared_ptr<File> file_;
  std::uint64_t at_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  RandomAccessFile(PowerCutFiles& files, std::shared_ptr<File> file)
      : files_(files), file_(std::move(file)) {}
  IO Read(std::uint64_t offset, std::size_t count, const Options&, Slice* result, char* scratch,
          Debug*) const override {
    return files_.read(*file_, offset, count, result, scratch);
  }

 private:
  PowerCutFiles& files_;
  std::shared_ptr<File> file_;
};

class Folder final : public rocksdb::FSDirectory {
 public:
  Folder(PowerCutFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
  IO Fsync(const Options&, Debug*) override { return files_.sync_folder(path_); }

 private:
  PowerCutFiles& files_;
  std::string path_;
};

}  // namespace

PowerCutFiles::PowerCutFiles(std::uint64_t seed)
    : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), random_(seed) {}

// ---------------------------------------------------------------- power

bool PowerCutFiles::step() {
  if (off_) return false;
  ++operations_;
  if (cut_at_ != 0 && operations_ >= cut_at_) cut_locked();
  return !off_;
}

void PowerCutFiles::tear(File& file) {
  const std::size_t loose = file.bytes.size() - file.synced;
  std::size_t kept = 0;
  if (loose > 0 && random_.below(2) == 1) kept = random_.below(loose + 1);
  file.bytes.resize(file.synced + kept);
  // Sectors reach the disk in any order: one in the middle may be missing.
  if (kept > 2 * kSectorBytes && random_.below(2) == 1) {
    const std::size_t at = file.synced + random_.below(kept - kSectorBytes);
    std::fill_n(file.bytes.begin() + static_cast<std::ptrdiff_t>(at), kSectorBytes, '\0');
  }
  file.synced = file.bytes.size();
}

void PowerCutFiles::cut_locked() {
  if (off_) return;
  off_ = true;
  const std::size_t survive = random_.below(changes_.size() + 1);
  for (std::size_t i = 0; i < survive; ++i) apply(changes_[i], durable_);
  changes_.clear();
  // Handles of the time before keep their File: what stays gets one of its own.
  std::map<const File*, FilePointer> kept;
  for (auto& [path, file] : durable_) {
    FilePointer& copy = kept[file.get()];
    if (copy == nullptr) {
      copy = std::make_shared<File>(*file);
      tear(*copy);
    }
    file = copy;
  }
  names_ = durable_;
}

void PowerCutFiles::cut() {
  MutexLock lock(mutex_);
  cut_locked();
}

void PowerCutFiles::cut_after(std::uint64_t operations) {
  MutexLock lock(mutex_);
  cut_at_ = operations == 0 ? 0 : operations_ + operations;
}

void PowerCutFiles::power_on() {
  MutexLock lock(mutex_);
  off_ = false;
  cut_at_ = 0;
}

bool PowerCutFiles::off() const {
  MutexLock lock(mutex_);
  return off_;
}

void PowerCutFiles::ignore_syncs() {
  MutexLock lock(mutex_);
  ignore_syncs_ = true;
}

std::uint64_t PowerCutFiles::operations() const {
  MutexLock lock(mutex_);
  return operations_;
}

// ---------------------------------------------------------------- bytes

IO PowerCutFiles::append(File& file, const Slice& bytes) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  file.bytes.append(bytes.data(), bytes.size());
  return IO::OK();
}

IO PowerCutFiles::sync(File& file) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  if (!ignore_syncs_) file.synced = file.bytes.size();
  return IO::OK();
}

IO PowerCutFiles::truncate(File& file, std::size_t size) {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  file.bytes.resize(size);
  file.synced = std::min(file.synced, size);
  return IO::OK();
}

IO PowerCutFiles::read(const File& file, std::uint64_t offset, std::size_t count, Slice* result,
                       char* scratch) const {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  const std::size_t from = std::min<std::size_t>(offset, file.bytes.size());
  const std::size_t got = std::min(count, file.bytes.size() - from);
  std::copy_n(file.bytes.data() + from, got, scratch);
  *result = Slice(scratch, got);
  return IO::OK();
}

std::uint64_t PowerCutFiles::size(const File& file) const {
  MutexLock lock(mutex_);
  return file.bytes.size();
}

// ---------------------------------------------------------------- names

void PowerCutFiles::apply(const NameChange& change, std::map<std::string, FilePointer>& names) {
  if (!change.erased.empty()) names.erase(change.erased);
  if (!change.named.empty()) names[change.named] = change.file;
}

void PowerCutFiles::change_name(std::string erased, std::string named, FilePointer file) {
  NameChange change{folder_of(named.empty() ? erased : named), std::move(erased), std::move(named),
                    std::move(file)};
  apply(change, names_);
  changes_.push_back(std::move(change));
}

IO PowerCutFiles::sync_folder(const std::string& folder) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  if (ignore_syncs_) return IO::OK();
  std::vector<NameChange> others;
  for (NameChange& change : changes_) {
    if (change.folder == folder) {
      apply(change, durable_);
    } else {
      others.push_back(std::move(change));
    }
  }
  changes_ = std::move(others);
  return IO::OK();
}

IO PowerCutFiles::find(const std::string& path, FilePointer* file) const {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  const auto found = names_.find(tidy_path(path));
  if (found == names_.end()) return IO::PathNotFound(path);
  *file = found->second;
  return IO::OK();
}

IO PowerCutFiles::NewSequentialFile(const std::string& path, const FileOptions&,
                                    std::unique_ptr<rocksdb::FSSequentialFile>* result, Debug*) {
  FilePointer file;
  IO found = find(path, &file);
  if (found.ok()) *result = std::make_unique<SequentialFile>(*this, std::move(file));
  return found;
}

IO PowerCutFiles::NewRandomAccessFile(const std::string& path, const FileOptions&,
                                      std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                      Debug*) {
  FilePointer file;
  IO found = find(path, &file);
  if (found.ok()) *result = std::make_unique<RandomAccessFile>(*this, std::move(file));
  return found;
}

IO PowerCutFiles::NewWritableFile(const std::string& path, const FileOptions&,
                                  std::unique_ptr<rocksdb::FSWritableFile>* result, Debug*) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  auto file = std::make_shared<File>();
  change_name("", tidy_path(path), file);
  *result = std::make_unique<WritableFile>(*this, std::move(file));
  return IO::OK();
}

IO PowerCutFiles::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* result,
                                     Debug* debug) {
  FilePointer file;
  if (!find(path, &file).ok()) return NewWritableFile(path, options, result, debug);
  *result = std::make_unique<WritableFile>(*this, std::move(file));
  return IO::OK();
}

IO PowerCutFiles::ReuseWritableFile(const std::string& path, const std::string& old_path,
                                    const FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    Debug* debug) {
  IO renamed = RenameFile(old_path, path, Options(), debug);
  return renamed.ok() ? NewWritableFile(path, options, result, debug) : renamed;
}

IO PowerCutFiles::NewDirectory(const std::string& path, const Options&,
                               std::unique_ptr<rocksdb::FSDirectory>* result, Debug*) {
  if (off()) return no_power();
  *result = std::make_unique<Folder>(*this, tidy_path(path));
  return IO::OK();
}

IO PowerCutFiles::FileExists(const std::string& path, const Options&, Debug*) {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  const std::string tidy = tidy_path(path);
  return names_.contains(tidy) || folders_.contains(tidy) ? IO::OK() : IO::NotFound(path);
}

IO PowerCutFiles::GetChildren(const std::string& path, const Options&,
                              std::vector<std::string>* result, Debug*) {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  const std::string folder = tidy_path(path);
  result->clear();
  if (!folders_.contains(folder)) return IO::NotFound(path);
  for (const auto& [name, file] : names_) {
    if (folder_of(name) == folder) result->push_back(name.substr(folder.size() + 1));
  }
  for (const std::string& name : folders_) {
    if (folder_of(name) == folder) result->push_back(name.substr(folder.size() + 1));
  }
  return IO::OK();
}

IO PowerCutFiles::DeleteFile(const std::string& path, const Options&, Debug*) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  const std::string tidy = tidy_path(path);
  if (!names_.contains(tidy)) return IO::PathNotFound(path);
  change_name(tidy, "", nullptr);
  return IO::OK();
}

IO PowerCutFiles::Truncate(const std::string& path, std::size_t size, const Options&, Debug*) {
  FilePointer file;
  IO found = find(path, &file);
  return found.ok() ? truncate(*file, size) : found;
}

IO PowerCutFiles::CreateDir(const std::string& path, const Options&, Debug*) {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  return folders_.insert(tidy_path(path)).second ? IO::OK() : IO::IOError(path, "exists");
}

IO PowerCutFiles::CreateDirIfMissing(const std::string& path, const Options&, Debug*) {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  folders_.insert(tidy_path(path));
  return IO::OK();
}

IO PowerCutFiles::DeleteDir(const std::string& path, const Options&, Debug*) {
  MutexLock lock(mutex_);
  if (off_) return no_power();
  return folders_.erase(tidy_path(path)) == 1 ? IO::OK() : IO::PathNotFound(path);
}

IO PowerCutFiles::GetFileSize(const std::string& path, const Options&, std::uint64_t* size,
                              Debug*) {
  FilePointer file;
  IO found = find(path, &file);
  if (found.ok()) *size = this->size(*file);
  return found;
}

IO PowerCutFiles::GetFileModificationTime(const std::string& path, const Options&,
                                          std::uint64_t* time, Debug*) {
  FilePointer file;
  *time = 0;
  return find(path, &file);
}

IO PowerCutFiles::RenameFile(const std::string& from, const std::string& to, const Options&,
                             Debug*) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  if (folders_.contains(tidy_path(from))) {
    rename_folder(tidy_path(from), tidy_path(to));
    return IO::OK();
  }
  const auto found = names_.find(tidy_path(from));
  if (found == names_.end()) return IO::PathNotFound(from);
  const FilePointer file = found->second;
  change_name(tidy_path(from), tidy_path(to), file);
  return IO::OK();
}

// A folder's own name is durable at once; those of its files are as always.
void PowerCutFiles::rename_folder(const std::string& from, const std::string& to) {
  folders_.erase(from);
  folders_.insert(to);
  const std::map<std::string, FilePointer> before = names_;
  for (const auto& [name, file] : before) {
    if (folder_of(name) == from) change_name(name, to + name.substr(from.size()), file);
  }
}

IO PowerCutFiles::LinkFile(const std::string& from, const std::string& to, const Options&, Debug*) {
  MutexLock lock(mutex_);
  if (!step()) return no_power();
  const auto found = names_.find(tidy_path(from));
  if (found == names_.end()) return IO::PathNotFound(from);
  const FilePointer file = found->second;
  change_name("", tidy_path(to), file);
  return IO::OK();
}

IO PowerCutFiles::LockFile(const std::string&, const Options&, rocksdb::FileLock** lock, Debug*) {
  class Lock final : public rocksdb::FileLock {};
  *lock = std::make_unique<Lock>().release();
  return IO::OK();
}

IO PowerCutFiles::UnlockFile(rocksdb::FileLock* lock, const Options&, Debug*) {
  const std::unique_ptr<rocksdb::FileLock> released(lock);
  return IO::OK();
}

IO PowerCutFiles::NewLogger(const std::string&, const Options&,
                            std::shared_ptr<rocksdb::Logger>* result, Debug*) {
  class Silent final : public rocksdb::Logger {
   public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
    std::size_t GetLogFileSize() const override { return 0; }
  };
  *result = std::make_shared<Silent>();
  return IO::OK();
}

IO PowerCutFiles::GetAbsolutePath(const std::string& path, const Options&, std::string* result,
                                  Debug*) {
  *result = path;
  return IO::OK();
}

IO PowerCutFiles::GetFreeSpace(const std::string&, const Options&, std::uint64_t* bytes, Debug*) {
  *bytes = std::uint64_t{1} << 40;
  return IO::OK();
}

IO PowerCutFiles::IsDirectory(const std::string& path, const Options&, bool* is_directory, Debug*) {
  MutexLock lock(mutex_);
  *is_directory = folders_.contains(tidy_path(path));
  return IO::OK();
}

}  // namespace ante
