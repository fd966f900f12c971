// SPDX-License-Identifier: Apache-2.0
// Watermark: how far event time has come over the partitions of a source: the
// smallest of what each has reached, never going back.
//
// A partition has reached its newest event time. One that has been read to its
// end and stays quiet for kIdleAfter follows the wall clock. One that has had
// no event yet holds everything back until it is known to be at its end:
// nobody knows how old its events are.
//
// Thread: one at a time. Reads no clock.

#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "rules/time.h"

namespace premura {

class Watermark {
 public:
  static constexpr Duration kIdleAfter = std::chrono::seconds(10);
  // What is older than the time reached by so much is long past.
  static constexpr Duration kBehindBy = std::chrono::minutes(1);

  void Add(std::uint32_t partition);
  void Remove(std::uint32_t partition);
  // The partition goes on, having reached that. Moves nothing by itself: there
  // may be others to come that have not reached as much.
  void Resume(std::uint32_t partition, std::optional<Timestamp> reached);

  // A record came: the partition is no longer at its end.
  void Stir(std::uint32_t partition);
  // An event of that time came.
  void Saw(std::uint32_t partition, Timestamp time);
  // All there was has been read.
  void CaughtUp(std::uint32_t partition);
  void Tick(Timestamp now);
  // What came meanwhile may not have been read: quiet begins anew. Where there
  // are several partitions, the one that has not been read holds them back.
  void LoseQuiet();

  // What the partition has reached; nullopt if nothing yet.
  std::optional<Timestamp> Reached(std::uint32_t partition) const;
  // The smallest of all; nullopt if there is none yet.
  std::optional<Timestamp> Reached() const { return reached_; }
  // The largest of all: where a stream that has ended stands.
  std::optional<Timestamp> Newest() const;
  // Every partition that counts follows the wall clock.
  bool AllIdle() const;
  // A partition that has followed the wall clock brings what happened well
  // before that: all there is of it has not been read yet.
  bool Behind() const { return behind_ > 0; }

 private:
  struct Partition {
    std::optional<Timestamp> reached;
    bool caught_up = false;
    bool idle = false;
    std::optional<Timestamp> quiet_since;
    // The newest event since it was idle last; kept while there is any.
    std::optional<Timestamp> brought;
    bool behind = false;
  };

  void Update();
  void SetBehind(Partition* partition, bool behind);

  std::map<std::uint32_t, Partition> partitions_;
  std::optional<Timestamp> reached_;
  int behind_ = 0;                     // So many partitions are.
  std::optional<std::uint32_t> last_;  // The partition that holds back most.
};

}  // namespace premura
