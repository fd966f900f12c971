// SPDX-License-Identifier: Apache-2.0
// MemoryCheckpoints: a store that outlives pipelines, and fails when told to.
// Thread-safe.

#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "signals/checkpoint_store.h"

namespace premura {

class MemoryCheckpoints final : public CheckpointStore {
 public:
  using Key = std::pair<RecordKind, std::string>;

  std::uint64_t size() const override {
    const std::lock_guard lock(mutex_);
    return records_.size();
  }

  bool has_profiles() const override {
    const std::lock_guard lock(mutex_);
    return records_.contains({RecordKind::kProfile, std::string(kEverybody)});
  }

  Status Commit(const Parts& parts) override {
    const std::lock_guard lock(mutex_);
    ++tries_;
    changed_.notify_all();
    if (fails_) return Error{"disk full"};
    for (const CheckpointRecords* const part : parts) {
      part->ForEach([this](RecordKind kind, std::string_view key,
                           std::string_view bytes) {
        if (bytes.empty()) {
          records_.erase({kind, std::string(key)});
        } else {
          records_[{kind, std::string(key)}] = bytes;
        }
      });
    }
    return {};
  }

  Status Restore(Taker* taker) override {
    std::map<Key, std::string> records;
    {
      const std::lock_guard lock(mutex_);
      records = records_;
    }
    for (const auto& [key, bytes] : records) {
      CheckpointRecords one;
      one.Add(key.first, key.second, bytes);
      if (Status taken = taker->Take(std::move(one)); !taken.ok()) return taken;
    }
    return {};
  }

  void SetFails(bool fails) {
    const std::lock_guard lock(mutex_);
    fails_ = fails;
  }
  // Waits (10 s at most) until it has been tried so often.
  bool AwaitTries(int tries) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return tries_ >= tries; });
  }
  std::map<Key, std::string> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  void Set(RecordKind kind, const std::string& key, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    records_[{kind, key}] = bytes;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, std::string> records_;
  bool fails_ = false;
  int tries_ = 0;
};

}  // namespace premura
