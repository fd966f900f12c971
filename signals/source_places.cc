// SPDX-License-Identifier: Apache-2.0
#include "signals/source_places.h"

#include <utility>

namespace premura {

void SourcePlaces::Resume(SourceRecord record) {
  record_ = std::move(record);
  for (const auto& [number, partition] : record_.partitions) {
    if (partition.progress) missing_.insert(number);
  }
}

std::vector<PartitionPlace> SourcePlaces::Places() const {
  std::vector<PartitionPlace> places;
  for (const auto& [number, it] : record_.partitions) {
    places.push_back({number, it.name, it.identity,
                      it.progress ? it.progress->position : -1, it.known});
  }
  return places;
}

std::optional<PartitionProgress> SourcePlaces::Assign(
    std::uint32_t partition, const std::string& name,
    const std::string& identity, const PartitionStart& start) {
  SourceRecord::Partition& it = record_.partitions[partition];
  std::optional<PartitionProgress> progress =
      std::exchange(it.progress, std::nullopt);
  missing_.erase(partition);
  it.name = name;
  it.identity = identity;
  it.known = start.known;
  if (start.known > 0) made_up_.insert(partition);
  return start.resumed ? std::move(progress) : std::nullopt;
}

void SourcePlaces::Revoke(std::uint32_t partition) {
  made_up_.erase(partition);
  record_.partitions[partition].known = 0;
}

std::set<std::uint32_t> SourcePlaces::TakeMissing() {
  for (const std::uint32_t partition : missing_) {
    record_.partitions[partition].progress.reset();
  }
  return std::exchange(missing_, {});
}

bool SourcePlaces::EndsMakingUp(std::uint32_t partition,
                                std::int64_t position) const {
  return IsBeingMadeUp(partition) &&
         position >= record_.partitions.at(partition).known;
}

SourceRecord SourcePlaces::Record(IntakeProgress progress,
                                  const StallRecord& stall) const {
  SourceRecord record = record_;
  record.stall = stall;
  record.clock = progress.clock;
  record.seeds = progress.seeds;
  for (auto& [number, it] : progress.partitions) {
    record.partitions[number].progress = std::move(it);
  }
  return record;
}

Positions SourcePlaces::ToCommit(const Positions& positions) const {
  Positions ahead;
  for (const auto& [number, position] : positions) {
    const auto it = record_.partitions.find(number);
    if (it != record_.partitions.end() && position >= it->second.known) {
      ahead[number] = position;
    }
  }
  return ahead;
}

}  // namespace premura
