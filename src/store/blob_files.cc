#include "store/blob_files.h"

#include <algorithm>
#include <charconv>

#include <rocksdb/file_system.h>

#include "base/bytes.h"
#include "store/limits.h"
#include "store/rocksdb_status.h"

namespace ante {

namespace {

constexpr std::uint32_t kMagic = 0x42544e41;  // "ANTB"
constexpr std::uint8_t kBlobFilesFormat = 1;
constexpr const char* kAside = ".tmp";

std::string file_name(std::string_view name, std::uint64_t version) {
  return std::string(name) + "@" + std::to_string(version);
}

const rocksdb::IOOptions kIo;

// The bytes in a file, checked; `file` must be what the header names.
Result<std::string> unwrap(const std::string& file, std::string_view content) {
  const auto damaged = [&](const char* what) { return data_loss("blob " + file + " " + what); };
  if (content.size() < 4) return damaged("is cut off");
  const std::string_view covered = content.substr(0, content.size() - 4);
  ByteReader tail(content.substr(covered.size()));
  if (crc32c(covered) != tail.u32()) return damaged("has a wrong checksum");
  ByteReader reader(covered);
  if (reader.u32() != kMagic) return damaged("is no blob of ours");
  if (reader.u8() != kBlobFilesFormat) return damaged("has a format this version does not read");
  const std::string_view named = reader.string();
  const std::string_view bytes = reader.string();
  if (!reader.ok() || !reader.at_end()) return damaged("has a wrong length");
  if (named != file) return damaged(("is really " + std::string(named)).c_str());
  return std::string(bytes);
}

}  // namespace

Result<std::unique_ptr<BlobFiles>> BlobFiles::open(std::shared_ptr<rocksdb::FileSystem> files,
                                                   std::string folder) {
  TRY(from_status(files->CreateDirIfMissing(folder, kIo, nullptr), "making " + folder));
  auto blobs = std::make_unique<BlobFiles>(std::move(files), std::move(folder));
  const auto names = TRY(blobs->list());
  for (const std::string& name : names) {
    if (name.ends_with(kAside)) TRY(blobs->erase_file(name));
  }
  return blobs;
}

Result<void> BlobFiles::sync_folder() {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  TRY(from_status(files_->NewDirectory(folder_, kIo, &directory, nullptr), "opening " + folder_));
  return from_status(directory->Fsync(kIo, nullptr), "syncing " + folder_);
}

Result<void> BlobFiles::write(const std::string& file, std::string_view content) {
  const std::string path = folder_ + "/" + file;
  const std::string aside = path + kAside;
  MutexLock lock(writing_);
  const auto written = [&]() -> Result<void> {
    std::unique_ptr<rocksdb::FSWritableFile> out;
    TRY(from_status(files_->NewWritableFile(aside, rocksdb::FileOptions(), &out, nullptr),
                    "making " + aside));
    TRY(from_status(out->Append({content.data(), content.size()}, kIo, nullptr),
                    "writing " + aside));
    TRY(from_status(out->Fsync(kIo, nullptr), "syncing " + aside));
    TRY(from_status(out->Close(kIo, nullptr), "closing " + aside));
    TRY(from_status(files_->RenameFile(aside, path, kIo, nullptr), "renaming " + aside));
    return sync_folder();
  }();
  // What could not be finished takes no room.
  if (!written.has_value()) files_->DeleteFile(aside, kIo, nullptr).PermitUncheckedError();
  return written;
}

Result<std::string> BlobFiles::read(const std::string& file) const {
  const std::string path = folder_ + "/" + file;
  std::uint64_t size = 0;
  TRY(from_status(files_->GetFileSize(path, kIo, &size, nullptr), "reading " + path));
  if (size > kBlobBytesMax + 1024) return data_loss("blob " + file + " is too large");
  std::unique_ptr<rocksdb::FSSequentialFile> in;
  TRY(from_status(files_->NewSequentialFile(path, rocksdb::FileOptions(), &in, nullptr),
                  "opening " + path));
  std::string content(size, '\0');
  std::size_t at = 0;
  while (at < size) {
    rocksdb::Slice got;
    TRY(from_status(in->Read(size - at, kIo, &got, content.data() + at, nullptr),
                    "reading " + path));
    if (got.empty()) break;
    if (got.data() != content.data() + at) std::copy_n(got.data(), got.size(), &content[at]);
    at += got.size();
  }
  content.resize(at);
  return content;
}

Result<void> BlobFiles::put(std::string_view name, std::uint64_t version, std::string_view bytes) {
  TRY(check_blob_name(name));
  if (bytes.size() > kBlobBytesMax) return invalid_argument("a blob beyond its limit");
  const std::string file = file_name(name, version);
  std::string content;
  content.reserve(bytes.size() + file.size() + 32);
  ByteWriter writer(content);
  writer.u32(kMagic);
  writer.u8(kBlobFilesFormat);
  writer.string(file);
  writer.string(bytes);
  writer.u32(crc32c(content));
  return write(file, content);
}

Result<std::string> BlobFiles::get(std::string_view name, std::uint64_t version) const {
  TRY(check_blob_name(name));
  const std::string file = file_name(name, version);
  const rocksdb::IOStatus exists = files_->FileExists(folder_ + "/" + file, kIo, nullptr);
  if (exists.IsNotFound()) return no_blob(name, version);
  TRY(from_status(exists, "looking for blob " + file));
  return unwrap(file, TRY(read(file)));
}

Result<std::vector<std::uint64_t>> BlobFiles::versions(std::string_view name) const {
  TRY(check_blob_name(name));
  std::vector<std::uint64_t> versions;
  for (const std::string& file : TRY(list())) {
    if (file.size() <= name.size() || !file.starts_with(name) || file[name.size()] != '@') continue;
    std::uint64_t version = 0;
    const char* end = file.data() + file.size();
    const auto parsed = std::from_chars(file.data() + name.size() + 1, end, version);
    if (parsed.ec == std::errc() && parsed.ptr == end) versions.push_back(version);
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

Result<void> BlobFiles::erase(std::string_view name, std::uint64_t version) {
  TRY(check_blob_name(name));
  return erase_file(file_name(name, version));
}

Result<std::vector<std::string>> BlobFiles::list() const {
  std::vector<std::string> names;
  TRY(from_status(files_->GetChildren(folder_, kIo, &names, nullptr), "listing " + folder_));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return names;
}

Result<void> BlobFiles::copy(const std::string& file, BlobFiles& to) const {
  if (files_->FileExists(folder_ + "/" + file, kIo, nullptr).IsNotFound()) return {};
  const std::string content = TRY(read(file));
  TRY(unwrap(file, content));
  return to.write(file, content);
}

Result<void> BlobFiles::erase_file(const std::string& file) {
  MutexLock lock(writing_);
  const rocksdb::IOStatus erased = files_->DeleteFile(folder_ + "/" + file, kIo, nullptr);
  if (erased.IsNotFound() || erased.IsPathNotFound()) return {};
  TRY(from_status(erased, "erasing blob " + file));
  return sync_folder();
}

}  // namespace ante
