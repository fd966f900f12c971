// SPDX-License-Identifier: Apache-2.0
#include "signals/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/resource.h>
#include <zlib.h>

#include <csignal>
#include <filesystem>
#include <map>

#include "tests/support/temp_folder.h"

namespace premura {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using Records = std::map<std::string, std::string>;  // Kind and key.

class Reader final : public CheckpointStore::Taker {
 public:
  Status Take(CheckpointRecords part) override {
    if (!refusal.empty()) return Error{refusal};
    part.ForEach(
        [this](RecordKind kind, std::string_view key, std::string_view bytes) {
          const std::string name = static_cast<char>(kind) + std::string(key);
          order += static_cast<char>(kind);
          EXPECT_TRUE(records.emplace(name, bytes).second) << name;
        });
    return {};
  }

  Records records;
  std::string order;
  std::string refusal;
};

CheckpointRecords Customers(const Records& records) {
  CheckpointRecords part;
  for (const auto& [key, bytes] : records) {
    part.Add(RecordKind::kCustomer, key, bytes);
  }
  return part;
}

Status Commit(CheckpointStore* store,
              const std::vector<CheckpointRecords>& parts) {
  CheckpointStore::Parts all;
  for (const CheckpointRecords& part : parts) all.push_back(&part);
  return store->Commit(all);
}

class CheckpointStoreTest : public testing::Test {
 protected:
  std::unique_ptr<CheckpointStore> Open() {
    auto opened = OpenRocksCheckpoints(folder_);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened.value().damage, "");
    return std::move(opened.value().store);
  }

  static Records Read(CheckpointStore* store) {
    Reader reader;
    const Status restored = store->Restore(&reader);
    EXPECT_TRUE(restored.ok()) << restored.error().message;
    return reader.records;
  }

  // Two checkpoints, the second in the log, the first also in a table.
  void WriteTwo() {
    ASSERT_TRUE(Commit(Open().get(), {Customers(first_)}).ok());
    const auto store = Open();
    Read(store.get());
    ASSERT_TRUE(Commit(store.get(), {Customers({{"b", "3"}})}).ok());
  }

  // What is wrong: found when it is opened or read; else empty.
  std::string Damage(Records* read) {
    auto opened = OpenRocksCheckpoints(folder_);
    if (!opened.ok()) return opened.error().message;
    if (!opened.value().store) return opened.value().damage;
    Reader reader;
    const Status restored = opened.value().store->Restore(&reader);
    *read = reader.records;
    return restored.ok() ? "" : restored.error().message;
  }

  const TempFolder dir_;
  const std::string folder_ = dir_.Path("checkpoint");
  const Records first_ = {{"a", "1"}, {"b", "2"}};
  const Records both_ = {{"Da", "1"}, {"Db", "3"}};
};

TEST_F(CheckpointStoreTest, IsThereOnceOpenedAndSaysWhetherItHasProfiles) {
  EXPECT_FALSE(HasCheckpoints(folder_));
  const auto store = Open();
  EXPECT_TRUE(HasCheckpoints(folder_));
  CheckpointRecords one;
  one.Add(RecordKind::kProfile, "ann", "gold");
  ASSERT_TRUE(Commit(store.get(), {one}).ok());
  EXPECT_FALSE(store->has_profiles());
  one.Add(RecordKind::kProfile, kEverybody, "1");
  ASSERT_TRUE(Commit(store.get(), {one}).ok());
  EXPECT_TRUE(store->has_profiles());
}

TEST_F(CheckpointStoreTest, IsNewOnce) {
  auto opened = OpenRocksCheckpoints(folder_);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened.value().is_new);
  ASSERT_TRUE(Commit(opened.value().store.get(), {}).ok());
  opened.value().store.reset();
  opened = OpenRocksCheckpoints(folder_);
  ASSERT_TRUE(opened.ok());
  EXPECT_FALSE(opened.value().is_new);
}

TEST_F(CheckpointStoreTest, GivesBackTheNewestOfEachInOrderOfKind) {
  {
    const auto store = Open();
    CheckpointRecords part;
    part.Add(RecordKind::kCustomer, "acme", "old");
    part.Add(RecordKind::kCustomer, std::string("zero\0inside", 11), "x");
    part.Add(RecordKind::kCustomer, "gone", "x");
    part.Add(RecordKind::kEngine, "0", "engine");
    CheckpointRecords other;
    other.Add(RecordKind::kSource, "product", "source");
    other.Add(RecordKind::kCustomer, "acme", "new");
    ASSERT_TRUE(Commit(store.get(), {part, other}).ok());
    CheckpointRecords later;
    later.Add(RecordKind::kCustomer, "gone", "");
    later.Add(RecordKind::kSeen, "product/1", std::string("\0\xff", 2));
    ASSERT_TRUE(Commit(store.get(), {later}).ok());
  }
  Reader reader;
  const auto store = Open();
  ASSERT_TRUE(store->Restore(&reader).ok());
  EXPECT_EQ(reader.order, "ABCDD");
  EXPECT_EQ(reader.records, (Records{{"Aproduct", "source"},
                                     {"Bproduct/1", std::string("\0\xff", 2)},
                                     {"C0", "engine"},
                                     {"Dacme", "new"},
                                     {std::string("Dzero\0inside", 12), "x"}}));
  EXPECT_EQ(store->size(), 5U);
}

TEST_F(CheckpointStoreTest, HandsOverManyInParts) {
  const auto store = Open();
  Records records;
  for (int i = 0; i < 5000; ++i) {
    records["customer-" + std::to_string(i)] = std::string(1000, 'x');
  }
  ASSERT_TRUE(Commit(store.get(), {Customers(records)}).ok());
  EXPECT_EQ(Read(store.get()).size(), 5000U);
  Reader refusing;
  refusing.refusal = "not mine";
  EXPECT_EQ(store->Restore(&refusing).error().message, "not mine");
}

// Whatever byte is wrong and wherever a file ends: either it is said, or what
// is read is one of the checkpoints as it was.
TEST_F(CheckpointStoreTest, NeverGivesBackWhatWasNeverCommitted) {
  int noticed = 0;
  WriteTwo();
  const std::string whole = dir_.Path("whole");
  fs::rename(folder_, whole);
  for (int round = 0; round < 120; ++round) {
    fs::remove_all(folder_);
    fs::copy(whole, folder_);
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.file_size() > 0) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    const auto which = static_cast<std::size_t>(round);
    const fs::path& file = files[which % files.size()];
    if (file.filename().string().starts_with("LOG")) continue;
    const auto size = fs::file_size(file);
    const auto at = (which * 7919) % size;
    if (round % 3 == 0) {
      fs::resize_file(file, at);
    } else {
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekg(static_cast<std::streamoff>(at));
      const char was = static_cast<char>(bytes.get());
      bytes.seekp(static_cast<std::streamoff>(at));
      bytes.put(static_cast<char>(was ^ 0x55));
    }
    Records read;
    const std::string damage = Damage(&read);
    if (!damage.empty()) {
      ++noticed;
      EXPECT_THAT(damage, HasSubstr("checkpoint " + folder_ + ": "));
      continue;
    }
    const Records old = {{"Da", "1"}, {"Db", "2"}};
    EXPECT_TRUE(read == both_ || read == old || read.empty())
        << file << " at " << at;
  }
  EXPECT_GT(noticed, 20);
}

void WriteRaw(const std::string& folder, const std::string& key,
              const std::string& value) {
  rocksdb::DB* db = nullptr;
  rocksdb::Options options;
  options.create_if_missing = true;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder, &db).ok());
  ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), key, value).ok());
  delete db;
}

// A value as it should be.
std::string Whole(const std::string& key, const std::string& bytes) {
  const std::string all = key + bytes;
  const auto sum = static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(all.data()),
            static_cast<uInt>(all.size())));
  return '\1' + std::string(reinterpret_cast<const char*>(&sum), sizeof sum) +
         bytes;
}

TEST_F(CheckpointStoreTest, SaysWhatItCannotRead) {
  const struct {
    const char* key;
    std::string value;
    const char* said;
  } cases[] = {
      {"!", "\2....premura",
       "it is of format 2, and this premura reads format 1"},
      {"!", "\1....premura", "a record is damaged"},
      {"Dacme", "\1....bytes", "a record is damaged"},
      {"Dacme", "\1..", "a record is cut off"},
      {"!", Whole("!", "x"), "a record is cut off"},
      {"Dacme", Whole("Dacme", "x"),
       "records are missing, or older than they should be"},
  };
  for (const auto& each : cases) {
    fs::remove_all(folder_);
    WriteTwo();
    WriteRaw(folder_, each.key, each.value);
    Records read;
    EXPECT_EQ(Damage(&read), "checkpoint " + folder_ + ": " + each.said);
  }
  fs::remove_all(folder_);
  WriteRaw(folder_, "Dacme", "x");
  Records read;
  EXPECT_EQ(Damage(&read),
            "checkpoint " + folder_ + ": its first record is missing");
}

TEST_F(CheckpointStoreTest, AMissingTableIsDamage) {
  WriteTwo();
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == ".sst") fs::remove(entry.path());
  }
  const auto opened = OpenRocksCheckpoints(folder_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_FALSE(opened.value().store);
  EXPECT_THAT(opened.value().damage, HasSubstr("No such file"));
}

// Another process has it open, or it is no folder: nothing to move aside.
TEST_F(CheckpointStoreTest, WhatCannotBeOpenedNowIsNoDamage) {
  const auto store = Open();
  const auto second = OpenRocksCheckpoints(folder_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message,
              HasSubstr("checkpoint " + folder_ + ": IO error: "));
}

// Where nothing at all can be written, and where only much cannot.
TEST_F(CheckpointStoreTest, AFullDiskIsOver) {
  for (const rlim_t room : {1, 64 << 10}) {
    SCOPED_TRACE(room);
    fs::remove_all(folder_);
    const auto store = Open();
    ASSERT_TRUE(Commit(store.get(), {Customers(first_)}).ok());
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = room;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const Records big = {{"big", std::string(1 << 20, 'x')}};
    const Status failed = Commit(store.get(), {Customers(big)});
    const Status again = Commit(store.get(), {Customers(big)});
    const Status still = Commit(store.get(), {Customers(big)});
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(failed.ok());
    EXPECT_FALSE(again.ok());
    EXPECT_FALSE(still.ok());
    EXPECT_THAT(failed.error().message,
                HasSubstr("checkpoint " + folder_ + ": IO error: "));
    ASSERT_TRUE(Commit(store.get(), {Customers(big)}).ok());
    EXPECT_EQ(Read(store.get()).size(), 3U);
  }
}

TEST_F(CheckpointStoreTest, IsMovedAsideAndKept) {
  for (const char* end : {".damaged-1", ".damaged-2"}) {
    WriteTwo();
    const auto moved = MoveCheckpointsAside(folder_);
    ASSERT_TRUE(moved.ok()) << moved.error().message;
    EXPECT_EQ(moved.value(), folder_ + end);
    EXPECT_FALSE(fs::exists(folder_));
    EXPECT_TRUE(fs::exists(moved.value() + "/CURRENT"));
  }
  EXPECT_EQ(MoveCheckpointsAside(folder_).error().message,
            "checkpoint " + folder_ +
                ": cannot be moved aside: No such file or directory");
}

}  // namespace
}  // namespace premura
