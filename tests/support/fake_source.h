// SPDX-License-Identifier: Apache-2.0
// FakeSource: a source whose records a test puts in, and whose commits it
// reads. Put() and the readers are thread-safe.

#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "signals/source.h"

namespace premura {

// What a FakeSource and its test share; outlives the source.
class FakeTopic {
 public:
  void Put(const std::string& record, std::uint32_t partition = 0) {
    Push({Step::kRecord, partition, record});
  }
  void Assign(std::uint32_t partition) { Push({Step::kAssign, partition, ""}); }
  void Revoke(std::uint32_t partition) { Push({Step::kRevoke, partition, ""}); }
  // Without a chance to finish what was read.
  void Lose(std::uint32_t partition) { Push({Step::kLose, partition, ""}); }
  void CatchUp(std::uint32_t partition) {
    Push({Step::kCatchUp, partition, ""});
  }
  void End() { Push({Step::kEnd, 0, ""}); }
  void Fail(const std::string& why) { Push({Step::kFail, 0, why}); }

  // Waits (10 s at most) until the committed position is `position`.
  bool AwaitCommit(std::uint32_t partition, std::int64_t position) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] {
      const auto it = committed.find(partition);
      return it != committed.end() && it->second == position;
    });
  }
  // Waits until everything put in has been taken out.
  bool AwaitEmpty() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10),
                            [&] { return steps.empty(); });
  }
  std::int64_t NextPosition(std::uint32_t partition) {
    const std::lock_guard lock(mutex);
    return next_position[partition];
  }
  std::size_t Left() {
    const std::lock_guard lock(mutex);
    return steps.size();
  }

  // Waits until the source has been kept alive `more` times without being read.
  bool AwaitIdlePolls(int more) {
    std::unique_lock lock(mutex);
    const int enough = idle_polls + more;
    return changed.wait_for(lock, std::chrono::seconds(10),
                            [&] { return idle_polls >= enough; });
  }

  struct Step {
    enum What { kRecord, kAssign, kRevoke, kLose, kCatchUp, kEnd, kFail } what;
    std::uint32_t partition;
    std::string text;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Step> steps;
  Positions committed;
  Positions next_position;
  int idle_polls = 0;
  bool closed = false;

 private:
  void Push(Step step) {
    const std::lock_guard lock(mutex);
    steps.push_back(std::move(step));
    changed.notify_all();
  }
};

class FakeSource final : public Source {
 public:
  explicit FakeSource(FakeTopic* topic) : topic_(topic) {}

  std::string Origin(std::uint32_t partition) const override {
    return "fake/" + std::to_string(partition);
  }

  // Where it goes on is the test's affair: it puts in what is read.
  void Resume(const std::vector<PartitionPlace>& places) override {
    const std::lock_guard lock(topic_->mutex);
    for (const PartitionPlace& place : places) {
      resumed_.insert(place.number);
      topic_->next_position[place.number] = place.position;
    }
  }

  Result<Polled> Poll(RecordSink* sink, std::size_t max,
                      Duration wait) override {
    Polled polled;
    if (max == 0) {
      const std::lock_guard lock(topic_->mutex);
      ++topic_->idle_polls;
      topic_->changed.notify_all();
      return polled;
    }
    while (polled.records < max) {
      FakeTopic::Step step;
      std::int64_t position = 0;
      {
        std::unique_lock lock(topic_->mutex);
        topic_->changed.wait_for(lock, wait,
                                 [&] { return !topic_->steps.empty(); });
        if (topic_->steps.empty()) return polled;
        step = topic_->steps.front();
        if (step.what == FakeTopic::Step::kRecord) {
          position = topic_->next_position[step.partition]++;
        }
      }
      const Status done = Do(step, position, sink, &polled);
      {
        const std::lock_guard lock(topic_->mutex);
        topic_->steps.pop_front();
        topic_->changed.notify_all();
      }
      if (!done.ok()) return done.error();
      if (polled.ended) return polled;
    }
    return polled;
  }

  void Commit(const Positions& positions) override {
    const std::lock_guard lock(topic_->mutex);
    for (const auto& [partition, position] : positions) {
      topic_->committed[partition] = position;
    }
    topic_->changed.notify_all();
  }

  void Close() override {
    const std::lock_guard lock(topic_->mutex);
    topic_->closed = true;
  }
  void Interrupt() override {}
  SourceHealth Health() const override { return {}; }

 private:
  Status Do(const FakeTopic::Step& step, std::int64_t position,
            RecordSink* sink, Polled* polled) {
    switch (step.what) {
      case FakeTopic::Step::kRecord: {
        Record record;
        record.value = step.text;
        record.partition = step.partition;
        record.position = position;
        sink->OnRecord(record);
        ++polled->records;
        break;
      }
      case FakeTopic::Step::kAssign:
        sink->OnAssigned(step.partition,
                         {.resumed = resumed_.erase(step.partition) > 0});
        break;
      case FakeTopic::Step::kRevoke:
        sink->OnRevoking(std::chrono::seconds(5));
        [[fallthrough]];
      case FakeTopic::Step::kLose:
        sink->OnRevoked(step.partition);
        break;
      case FakeTopic::Step::kCatchUp:
        sink->OnCaughtUp(step.partition);
        break;
      case FakeTopic::Step::kEnd:
        polled->ended = true;
        break;
      case FakeTopic::Step::kFail:
        return Error{step.text};
    }
    return {};
  }

  FakeTopic* const topic_;
  std::set<std::uint32_t> resumed_;
};

}  // namespace premura
