// SPDX-License-Identifier: Apache-2.0
// SourcePlaces: what checkpoints know of a source's partitions, kept while it
// runs: also of those that are not there, or not yet.
//
// Thread: the source's.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "signals/source.h"
#include "signals/source_record.h"

namespace premura {

class SourcePlaces {
 public:
  explicit SourcePlaces(std::uint32_t number) { record_.number = number; }

  // Before anything else.
  void Resume(SourceRecord record);
  // For Source::Resume().
  std::vector<PartitionPlace> Places() const;

  // Tells sources apart in Event::origin, and so partitions of all sources.
  std::uint32_t Origin(std::uint32_t partition) const {
    return record_.number << 24 | partition;
  }

  // The partition is there. From where it goes on; nullopt: it begins anew, and
  // what was known of its customers is void.
  std::optional<PartitionProgress> Assign(std::uint32_t partition,
                                          const std::string& name,
                                          const std::string& identity,
                                          const PartitionStart& start);
  void Revoke(std::uint32_t partition);

  // Whether partitions have been restored and are not there.
  bool has_missing() const { return !missing_.empty(); }
  // They do not come: what was known of their customers is void.
  std::set<std::uint32_t> TakeMissing();

  // What is read of it had been read in an earlier life
  // (PartitionPlace::known).
  bool IsBeingMadeUp(std::uint32_t partition) const {
    return made_up_.contains(partition);
  }
  bool makes_up() const { return !made_up_.empty(); }
  // The record at `position` comes. Whether that ends it.
  bool EndsMakingUp(std::uint32_t partition, std::int64_t position) const;
  void EndMakingUp(std::uint32_t partition) { made_up_.erase(partition); }

  // For a checkpoint.
  SourceRecord Record(IntakeProgress progress, const StallRecord& stall) const;
  // Of those that are there, but for what is behind where it had been: an
  // earlier life committed that.
  Positions ToCommit(const Positions& positions) const;

 private:
  SourceRecord record_;  // Of partitions that are there, without progress.
  std::set<std::uint32_t> missing_;
  std::set<std::uint32_t> made_up_;
};

}  // namespace premura
