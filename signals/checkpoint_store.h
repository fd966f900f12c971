// SPDX-License-Identifier: Apache-2.0
// CheckpointStore: where the newest checkpoint lies: what is known of
// customers, shards and sources as of one instant of the stream, in records by
// kind and key. A checkpoint brings what has changed since the one before.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace premura {

// In the order in which they are restored.
enum class RecordKind : char {
  kSource = 'A',    // By the source's id.
  kSeen = 'B',      // A part of a source's memory of events seen.
  kEngine = 'C',    // By the shard's number.
  kCustomer = 'D',  // By the customer's name.
  // What events have said of the customer, by the name. (The ledger knows it,
  // too, but as of another instant.) That of nobody: all of them are here.
  kProfile = 'E',
};

// Whose profile says that all are here.
inline constexpr std::string_view kEverybody;

// Records one behind the other in one block of memory.
class CheckpointRecords {
 public:
  // Nothing in `bytes`: the record goes.
  void Add(RecordKind kind, std::string_view key, std::string_view bytes);

  // visit(kind, key, bytes), in the order in which they were added.
  template <typename Visit>
  void ForEach(const Visit& visit) const;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t bytes() const { return bytes_.size(); }
  void Clear();

 private:
  struct Head {
    RecordKind kind;
    std::uint32_t key_size;
    std::uint32_t size;
  };
  std::string bytes_;
  std::size_t size_ = 0;
};

class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  // How many records there are.
  virtual std::uint64_t size() const = 0;
  // Whether everybody's profile is among them, if they can be read.
  virtual bool has_profiles() const = 0;

  // All of it or nothing; durable when it returns. Of two records with one key
  // the last counts. REQUIRES: Restore(), unless it is new; after a failure
  // nothing else comes until the same has been tried again and has succeeded.
  using Parts = std::vector<const CheckpointRecords*>;
  virtual Status Commit(const Parts& parts) = 0;

  // All records in order of kind, some at a time. Ends early with what `taker`
  // answers. Fails if any is damaged, missing or older than it should be: that
  // may be known only after the last has been handed over.
  class Taker {
   public:
    virtual ~Taker() = default;
    virtual Status Take(CheckpointRecords records) = 0;
  };
  virtual Status Restore(Taker* taker) = 0;
};

// A store that cannot be used any more says why in `damage`, and is not opened.
struct OpenedCheckpoints {
  std::unique_ptr<CheckpointStore> store;
  bool is_new = false;  // There was none.
  std::string damage;
};

// In a folder of its own, by RocksDB. Fails where the folder cannot be read or
// written at all.
Result<OpenedCheckpoints> OpenRocksCheckpoints(const std::string& folder);

// Whether there is one in the folder, usable or not.
bool HasCheckpoints(const std::string& folder);

// Moves the folder of a store that cannot be used to the first of
// `<folder>.damaged-1`, .. that is free, and answers which it was.
// REQUIRES: it is not open.
Result<std::string> MoveCheckpointsAside(const std::string& folder);

// --- Inside -----------------------------------------------------------------

template <typename Visit>
void CheckpointRecords::ForEach(const Visit& visit) const {
  const std::string_view all = bytes_;
  for (std::size_t at = 0; at < all.size();) {
    Head head;
    all.copy(reinterpret_cast<char*>(&head), sizeof head, at);
    at += sizeof head;
    visit(head.kind, all.substr(at, head.key_size),
          all.substr(at + head.key_size, head.size));
    at += head.key_size + head.size;
  }
}

}  // namespace premura
