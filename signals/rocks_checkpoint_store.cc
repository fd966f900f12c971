// SPDX-License-Identifier: Apache-2.0
// A checkpoint is one synced batch in RocksDB's log. Every value begins with
// the format's version and a checksum over key and value. RocksDB does not
// notice every loss (a list of tables that was cut off looks like an older
// one), so the first record holds the sum over all checksums, kept up to date
// from checkpoint to checkpoint.

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>
#include <zlib.h>

#include <array>
#include <cstdarg>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "signals/checkpoint_store.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

constexpr char kVersion = 1;
// What stands before a value: version, checksum.
constexpr std::size_t kHead = 1 + sizeof(std::uint32_t);
// The key of the first record; before those of all kinds.
constexpr const char* kFirst = "!";
// Handed over at once by Restore().
constexpr std::size_t kPartBytes = std::size_t{1} << 20;

std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

std::uint32_t Checksum(std::string_view key, std::string_view bytes) {
  const auto add = [](uLong sum, std::string_view text) {
    return crc32(sum, reinterpret_cast<const Bytef*>(text.data()),
                 static_cast<uInt>(text.size()));
  };
  return static_cast<std::uint32_t>(add(add(0, key), bytes));
}

// RocksDB's own log would be one more file on a disk that is full, and as
// Debian builds it RocksDB aborts where it cannot write that file for the
// second time. What it has to say of an error is in the error.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// Few threads, bounded memory. Values are short and binary: packing them costs
// more than it saves.
rocksdb::Options MakeOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  options.max_background_jobs = 2;
  options.write_buffer_size = std::size_t{64} << 20;
  options.max_write_buffer_number = 3;
  options.bytes_per_sync = 1 << 20;
  options.wal_bytes_per_sync = 1 << 20;
  options.max_open_files = 256;
  options.info_log = std::make_shared<NoLog>();
  options.stats_dump_period_sec = 0;
  // A batch cut off by a crash was never answered for; any other damage is one.
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

// Nothing that another attempt or more room would cure.
bool IsDamage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsNotSupported() ||
         status.IsInvalidArgument() || status.IsPathNotFound() ||
         status.IsNotFound();
}

// `bytes` without what stands before it; says what is wrong with it.
Status Unwrap(std::string_view key, std::string_view* bytes,
              std::uint32_t* checksum) {
  if (bytes->size() < kHead) return Error{"a record is cut off"};
  if ((*bytes)[0] != kVersion) {
    return Error{"it is of format " + std::to_string((*bytes)[0]) +
                 ", and this premura reads format " + std::to_string(kVersion)};
  }
  std::memcpy(checksum, bytes->data() + 1, sizeof *checksum);
  bytes->remove_prefix(kHead);
  if (*checksum != Checksum(key, *bytes)) return Error{"a record is damaged"};
  return {};
}

// What the first record says.
struct Sum {
  std::uint64_t records = 0;
  std::uint64_t checksums = 0;

  bool operator==(const Sum&) const = default;
};

// The sum of records that come, change and go.
class RunningSum {
 public:
  void Put(std::string_view key, std::uint32_t checksum) {
    const auto [it, is_new] =
        checksums_.try_emplace(std::hash<std::string_view>{}(key), checksum);
    if (is_new) {
      ++sum_.records;
    } else {
      sum_.checksums -= std::exchange(it->second, checksum);
    }
    sum_.checksums += checksum;
  }
  void Remove(std::string_view key) {
    const auto it = checksums_.find(std::hash<std::string_view>{}(key));
    if (it == checksums_.end()) return;
    --sum_.records;
    sum_.checksums -= it->second;
    checksums_.erase(it);
  }
  void Clear(std::size_t expected) {
    sum_ = {};
    checksums_.clear();
    checksums_.reserve(expected);
  }
  const Sum& sum() const { return sum_; }

 private:
  std::unordered_map<std::size_t, std::uint32_t> checksums_;  // By key's hash.
  Sum sum_;
};

class RocksCheckpoints final : public CheckpointStore {
 public:
  explicit RocksCheckpoints(std::string folder) : folder_(std::move(folder)) {}

  rocksdb::Status Open() {
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(MakeOptions(), folder_, &db);
    db_.reset(db);
    return status;
  }

  bool has_profiles() const override {
    std::string ignored;
    const std::string key(1, static_cast<char>(RecordKind::kProfile));
    return db_->Get(rocksdb::ReadOptions(), key, &ignored).ok();
  }

  // Looks at the first record alone.
  Status Check(bool* is_new) {
    std::string first;
    const rocksdb::Status found =
        db_->Get(rocksdb::ReadOptions(), kFirst, &first);
    if (found.ok()) return ReadFirst(first);
    if (!found.IsNotFound()) return Trouble(found.ToString());
    const std::unique_ptr<rocksdb::Iterator> any(
        db_->NewIterator(rocksdb::ReadOptions()));
    any->SeekToFirst();
    *is_new = !any->Valid() && any->status().ok();
    return *is_new ? Status() : Trouble("its first record is missing");
  }

  std::uint64_t size() const override { return written_.records; }

  Status Commit(const Parts& parts) override {
    rocksdb::WriteBatch batch;
    for (const CheckpointRecords* const part : parts) {
      part->ForEach([&batch, this](RecordKind kind, std::string_view key,
                                   std::string_view bytes) {
        key_.assign(1, static_cast<char>(kind)).append(key);
        Put(&batch, bytes);
      });
    }
    const Sum sum = sum_.sum();
    key_ = kFirst;
    PutValue(&batch, {reinterpret_cast<const char*>(&sum), sizeof sum});
    // After a failed write RocksDB takes no more, until it is opened anew.
    rocksdb::Status status = db_ ? rocksdb::Status::OK() : Open();
    if (status.ok()) {
      rocksdb::WriteOptions options;
      options.sync = true;
      status = db_->Write(options, &batch);
    }
    if (!status.ok()) {
      db_.reset();
      return Trouble(status.ToString());
    }
    written_ = sum;
    return {};
  }

  Status Restore(Taker* taker) override {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.readahead_size = std::size_t{4} << 20;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    CheckpointRecords part;
    sum_.Clear(written_.records);
    for (it->Seek(std::string(1, static_cast<char>(RecordKind::kSource)));
         it->Valid(); it->Next()) {
      const std::string_view key = View(it->key());
      std::string_view bytes = View(it->value());
      std::uint32_t checksum = 0;
      if (Status whole = Unwrap(key, &bytes, &checksum); !whole.ok()) {
        return Trouble(whole.error().message);
      }
      sum_.Put(key, checksum);
      part.Add(static_cast<RecordKind>(key[0]), key.substr(1), bytes);
      if (part.bytes() < kPartBytes) continue;
      Status taken = taker->Take(std::exchange(part, {}));
      if (!taken.ok()) return taken;
    }
    if (!it->status().ok()) return Trouble(it->status().ToString());
    if (sum_.sum() != written_) {
      return Trouble("records are missing, or older than they should be");
    }
    return part.empty() ? Status() : taker->Take(std::move(part));
  }

 private:
  Status ReadFirst(std::string_view bytes) {
    std::uint32_t checksum = 0;
    if (Status whole = Unwrap(kFirst, &bytes, &checksum); !whole.ok()) {
      return Trouble(whole.error().message);
    }
    if (bytes.size() != sizeof written_) return Trouble("a record is cut off");
    std::memcpy(&written_, bytes.data(), sizeof written_);
    return {};
  }

  // Under key_.
  void Put(rocksdb::WriteBatch* batch, std::string_view bytes) {
    if (bytes.empty()) {
      batch->Delete(key_);
      sum_.Remove(key_);
    } else {
      sum_.Put(key_, PutValue(batch, bytes));
    }
  }

  std::uint32_t PutValue(rocksdb::WriteBatch* batch, std::string_view bytes) {
    const std::uint32_t checksum = Checksum(key_, bytes);
    std::array<char, kHead> head{kVersion};
    std::memcpy(head.data() + 1, &checksum, sizeof checksum);
    const rocksdb::Slice key(key_);
    const std::array<rocksdb::Slice, 2> value = {
        rocksdb::Slice(head.data(), head.size()),
        rocksdb::Slice(bytes.data(), bytes.size())};
    batch->Put(rocksdb::SliceParts(&key, 1),
               rocksdb::SliceParts(value.data(), 2));
    return checksum;
  }

  Error Trouble(const std::string& what) const {
    return Error{what}.WithContext("checkpoint " + folder_);
  }

  const std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string key_;
  RunningSum sum_;  // Of all that Commit() has been given.
  Sum written_;
};

}  // namespace

Result<OpenedCheckpoints> OpenRocksCheckpoints(const std::string& folder) {
  OpenedCheckpoints opened;
  auto store = std::make_unique<RocksCheckpoints>(folder);
  const rocksdb::Status status = store->Open();
  if (!status.ok()) {
    const Error error =
        Error{status.ToString()}.WithContext("checkpoint " + folder);
    if (!IsDamage(status)) return error;
    opened.damage = error.message;
    return opened;
  }
  const Status whole = store->Check(&opened.is_new);
  if (whole.ok()) {
    opened.store = std::move(store);
  } else {
    opened.damage = whole.error().message;
  }
  return opened;
}

bool HasCheckpoints(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(folder + "/CURRENT", ignored);
}

Result<std::string> MoveCheckpointsAside(const std::string& folder) {
  std::error_code error;
  for (int i = 1;; ++i) {
    const std::string aside = folder + ".damaged-" + std::to_string(i);
    if (fs::exists(aside, error)) continue;
    fs::rename(folder, aside, error);
    if (!error) return aside;
    return Error{"checkpoint " + folder +
                 ": cannot be moved aside: " + error.message()};
  }
}

}  // namespace premura
