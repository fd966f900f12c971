// SPDX-License-Identifier: Apache-2.0
// CellStore: where each cell's state is kept by itself, to be taken up by
// whichever instance its partition comes to.
//
// Thread: as said below.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"
#include "signals/cell_id.h"
#include "signals/checkpoint_sink.h"
#include "signals/engine.h"

namespace premura {

class Shard;

// What is known of a cell beside its customers, which are in its shard then.
struct LoadedCell {
  CellId cell;
  bool kept = false;     // As was asked; nothing else is told then.
  Status loaded{};       // What is wrong with it.
  std::string gap{};     // What is missing of it, if anything.
  std::string source{};  // A SourceRecord; empty: nothing is known.
  std::map<std::string, std::string> seen{};  // By key.
};

struct CellStoreHealth {
  std::uint64_t waiting = 0;  // Cells that are not there yet.
  std::string why;            // In words; empty: none waits.
  bool gone = false;          // What it is kept in is not there any more.
  // Records of the source that the group has not read of these, when it was
  // looked at last; -1: not known.
  std::int64_t unread = 0;
  // Since the start.
  std::uint64_t cells = 0;    // That were loaded,
  std::uint64_t records = 0;  // with so many records,
  Duration longest{};         // from their request until they were there.
  std::uint64_t kept = 0;     // Cells that went, and came back as they were.
  std::uint64_t torn = 0;     // Commits found in part, or of former owners.
  std::uint64_t moved = 0;    // Cells whose group was elsewhere than they.
  std::uint64_t fenced = 0;   // Checkpoints that were too late.
};

class CellStore : public CheckpointSink {
 public:
  // --- The sources' thread ---------------------------------------------------

  // How many there are: the source's partitions.
  virtual std::uint32_t cells() const = 0;
  // Whose profiles the cell of that number looks at.
  virtual OwnsCustomer OwnerOf(std::uint32_t number) const = 0;
  virtual std::uint32_t CellOf(std::string_view customer) const = 0;

  struct Request {
    CellId cell;
    Shard* shard = nullptr;  // In which it is open, and is loaded.
    // The source's partitions that it is for, by the source's names.
    std::vector<std::string> inputs{};
    // Nothing that is known of it counts any more.
    bool anew = false;
    // It went and has come back, and its shard has it as it was: only whether
    // that still holds is to be told (LoadedCell::kept). If it does not, it is
    // to be dropped, and loaded as another life.
    bool kept = false;
    // Called on some thread once all is in the shard, unless it was dropped.
    std::function<void(LoadedCell)> told{};
  };
  virtual void Load(Request request) = 0;
  // The cell is ours no more: nothing is told, or written, of it again.
  virtual void Drop(CellId cell) = 0;

  // --- Any thread ------------------------------------------------------------

  // Loads and tells nothing any more when it returns; does not wait for a cell
  // to be read to its end.
  virtual void Close() = 0;
  virtual CellStoreHealth Health() const = 0;
};

}  // namespace premura
