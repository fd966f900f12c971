// SPDX-License-Identifier: Apache-2.0
// CheckpointSink: where checkpoints go: a store on this machine, or the cells'
// changelog in Kafka.
//
// Thread: one at a time, the checkpointer's.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "signals/cell_id.h"
#include "signals/checkpoint_store.h"

namespace premura {

// As what a source has its partitions: a member of a group, at one of its
// generations. What it means is the source's and the log's affair.
class Membership {
 public:
  virtual ~Membership() = default;
};

// What a checkpoint has of a cell, or of what feeds it.
struct CheckpointPart {
  CellId cell{};
  CheckpointRecords records{};
  // Of a feed of its own: where the partitions are, by the source's names, and
  // as what it read them. Else empty.
  std::map<std::string, std::int64_t> positions{};
  std::shared_ptr<const Membership> membership{};
};

struct CheckpointResult {
  enum class Fate {
    kWritten,
    kTryAgain,  // With the same, and with nothing else before.
    // The partitions have another owner: what was not written never will be,
    // and who goes on begins with what there is.
    kVoid,
  };
  Fate fate = Fate::kWritten;
  std::string problem{};  // Why not written.
};

class CheckpointSink {
 public:
  virtual ~CheckpointSink() = default;
  // All of it or nothing; durable when it returns. Of two records of a cell
  // with one key the last counts.
  virtual CheckpointResult Write(const std::vector<CheckpointPart>& parts) = 0;
  // How many records there are, if that is known.
  virtual std::uint64_t size() const = 0;
};

// The whole process has one store.
class StoreSink final : public CheckpointSink {
 public:
  explicit StoreSink(CheckpointStore* store) : store_(store) {}

  CheckpointResult Write(const std::vector<CheckpointPart>& parts) override {
    CheckpointStore::Parts records;
    records.reserve(parts.size());
    for (const CheckpointPart& part : parts) records.push_back(&part.records);
    const Status written = store_->Commit(records);
    if (written.ok()) return {};
    return {CheckpointResult::Fate::kTryAgain, written.error().message};
  }
  std::uint64_t size() const override { return store_->size(); }

 private:
  CheckpointStore* const store_;
};

}  // namespace premura
