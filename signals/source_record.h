// SPDX-License-Identifier: Apache-2.0
// SourceRecord: what a checkpoint knows of a source.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "signals/intake.h"
#include "signals/self_preservation.h"

namespace premura {

struct SourceRecord {
  std::uint32_t number = 0;  // Tells sources apart in Event::origin.
  StallRecord stall;         // As the shards have been told.
  Timestamp clock{};
  DuplicateFilter::Seeds seeds{};

  struct Partition {
    std::string name;
    std::string identity;
    std::int64_t known = 0;
    // nullopt: nothing is known but its number.
    std::optional<PartitionProgress> progress;

    bool operator==(const Partition&) const = default;
  };
  std::map<std::uint32_t, Partition> partitions;

  bool operator==(const SourceRecord&) const = default;
};

std::string Pack(const SourceRecord& record);
// False if the bytes are not what Pack() answered.
bool Unpack(std::string_view bytes, SourceRecord* record);

}  // namespace premura
