// SPDX-License-Identifier: Apache-2.0
// Tape: a stream that is there from its beginning, over partitions, and read as
// far as a test allows; TapeSource reads it, and goes on where it is told.
// Tape is thread-safe, and outlives its sources.

#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "signals/source.h"

namespace premura {

class Tape {
 public:
  struct Entry {
    std::uint32_t partition = 0;
    std::int64_t position = 0;
    std::string text;
  };

  void Add(std::uint32_t partition, std::string text) {
    const std::lock_guard lock(mutex);
    entries.push_back({partition, next_[partition]++, std::move(text)});
  }
  std::size_t size() const { return entries.size(); }

  // Lets the source read so many entries from the first, and waits (20 s at
  // most) until it has.
  bool Play(std::size_t count) {
    std::unique_lock lock(mutex);
    allowed = count;
    changed.notify_all();
    return changed.wait_for(lock, std::chrono::seconds(20),
                            [&] { return read >= count; });
  }
  void End() {
    const std::lock_guard lock(mutex);
    ends = true;
    changed.notify_all();
  }
  Positions Committed() {
    const std::lock_guard lock(mutex);
    return committed;
  }
  // Next positions of the first `count` entries.
  Positions PositionsOf(std::size_t count) const {
    Positions positions;
    for (std::size_t i = 0; i < count; ++i) {
      positions[entries[i].partition] = entries[i].position + 1;
    }
    return positions;
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Entry> entries;  // Does not change once a source reads.
  std::size_t allowed = 0;     // Guarded by mutex, as is what follows.
  std::size_t read = 0;
  bool ends = false;
  bool tells_end = false;  // That all of it has been read.
  Positions committed;

 private:
  std::map<std::uint32_t, std::int64_t> next_;
};

class TapeSource final : public Source {
 public:
  // `made_up`: what PartitionStart::known says of all partitions.
  TapeSource(std::string name, std::uint32_t partitions, Tape* tape,
             std::int64_t made_up = 0)
      : name_(std::move(name)),
        partitions_(partitions),
        made_up_(made_up),
        tape_(tape) {
    const std::lock_guard lock(tape_->mutex);
    tape_->read = 0;
    tape_->allowed = 0;
  }

  std::string Origin(std::uint32_t partition) const override {
    return name_ + "/" + std::to_string(partition);
  }

  void Resume(const std::vector<PartitionPlace>& places) override {
    for (const PartitionPlace& place : places) places_[place.number] = place;
  }

  Result<Polled> Poll(RecordSink* sink, std::size_t max,
                      Duration wait) override {
    Polled polled;
    if (max == 0) return polled;
    if (!std::exchange(assigned_, true)) Assign(sink);
    while (polled.records < max) {
      const Tape::Entry* const entry = Next(wait);
      if (entry == nullptr) break;
      const auto place = places_.find(entry->partition);
      if (place == places_.end() || entry->position >= place->second.position) {
        Record record;
        record.value = entry->text;
        record.partition = entry->partition;
        record.position = entry->position;
        sink->OnRecord(record);
        ++polled.records;
      }
      const std::lock_guard lock(tape_->mutex);
      tape_->read = ++next_;
      tape_->changed.notify_all();
    }
    const std::lock_guard lock(tape_->mutex);
    if (tape_->tells_end && next_ == tape_->entries.size()) {
      for (std::uint32_t i = 0; i < partitions_; ++i) sink->OnCaughtUp(i);
    }
    polled.ended = tape_->ends && next_ == tape_->entries.size();
    return polled;
  }

  void Commit(const Positions& positions) override {
    const std::lock_guard lock(tape_->mutex);
    for (const auto& [partition, position] : positions) {
      tape_->committed[partition] = position;
    }
    tape_->changed.notify_all();
  }
  void Close() override {}
  void Interrupt() override { tape_->changed.notify_all(); }
  SourceHealth Health() const override { return {}; }

 private:
  void Assign(RecordSink* sink) {
    for (std::uint32_t i = 0; i < partitions_; ++i) {
      sink->OnAssigned(i, {.resumed = places_.contains(i), .known = made_up_});
    }
  }

  const Tape::Entry* Next(Duration wait) {
    std::unique_lock lock(tape_->mutex);
    const auto more = [this] {
      return next_ < std::min(tape_->allowed, tape_->entries.size());
    };
    tape_->changed.wait_for(lock, wait, [&] { return more() || tape_->ends; });
    return more() ? &tape_->entries[next_] : nullptr;
  }

  const std::string name_;
  const std::uint32_t partitions_;
  const std::int64_t made_up_;
  Tape* const tape_;
  std::map<std::uint32_t, PartitionPlace> places_;
  bool assigned_ = false;
  std::size_t next_ = 0;
};

}  // namespace premura
