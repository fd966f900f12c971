// SPDX-License-Identifier: Apache-2.0
// What stands in a changelog: a compacted topic with the source's partition
// numbers, in which each partition's cell is kept.
//
// A commit is one transaction. In each partition it writes state records, one
// for each customer that has changed (and a few more), and last a progress
// record: up to where the source's events are in them. A progress record is
// the truth, not what the group has committed: what no progress record vouches
// for does not count.
//
// Brokers have committed less than was to be, and what a former owner of a
// partition wrote late (KAFKA-17754). So every record says by whom and in which
// commit it was written, a progress record how many records the commit has and
// their checksum, and who was owner before and up to which commit.
//
// Format: the key is a letter (RecordKind's, or kProgressKey) and the key
// itself; the value the record's bytes, none where it goes; the head, which
// goes as a header since what goes has no value, the stamp and a checksum.

#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace premura {

inline constexpr std::string_view kProgressKey = "P";
// Up to where the log's beginning had been deleted when an owner told of it; a
// record like all others, of which older ones know nothing.
inline constexpr std::string_view kGapKey = "F";

// A commit of a partition: by which of its owners, and their how many-th; later
// owners count on.
struct Stamp {
  std::uint32_t epoch = 0;  // Owners so far.
  std::uint32_t owner = 0;  // Tells apart two that thought they were next.
  std::uint64_t number = 0;

  auto operator<=>(const Stamp&) const = default;
};

// An owner, who began with what its predecessor had committed as `after`.
struct Takeover {
  std::uint32_t epoch = 0;
  std::uint32_t owner = 0;
  std::uint64_t after = 0;

  bool operator==(const Takeover&) const = default;
};

struct Progress {
  std::vector<Takeover> takeovers;  // The last of them; back() wrote this.
  std::uint64_t number = 0;         // Of the commit.
  bool fresh = false;               // Nothing that was there before it counts.
  std::string writer;               // By its name in the log.
  std::uint32_t partitions = 0;     // Of the topic.
  // Next to read, by the source's names.
  std::map<std::string, std::int64_t> positions;
  // Of this commit's records that have a value.
  std::uint64_t records = 0;
  std::uint64_t checksums = 0;
  std::string source;  // A SourceRecord.

  Stamp stamp() const {
    return {takeovers.back().epoch, takeovers.back().owner, number};
  }
  // Whether what was written as that counts, if this is the last word.
  bool VouchesFor(const Stamp& stamp) const;
  // Whether it is the last word, and `other` is not.
  bool Supersedes(const Progress& other) const;

  bool operator==(const Progress&) const = default;
};

std::string Pack(const Progress& progress);
bool Unpack(std::string_view bytes, Progress* progress);

struct ChangelogHead {
  Stamp stamp;
  std::uint32_t checksum = 0;  // Over key and value.
};

std::uint32_t ChecksumOf(std::string_view key,
                         std::optional<std::string_view> value);
bool IsOfAnotherFormat(std::string_view head);
std::string PackHead(const ChangelogHead& head);
// Fails where it is damaged, or of another format.
Result<ChangelogHead> UnpackHead(std::string_view bytes);

}  // namespace premura
