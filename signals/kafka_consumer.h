// SPDX-License-Identifier: Apache-2.0
// KafkaConsumer: librdkafka's consumer with its queues, callbacks and commits
// tamed. Part of the Kafka source.
//
// Two queues. Messages of all partitions go to one of our own: each partition's
// queue is forwarded to it before the assignment, so that none slips into the
// group's. The group's own queue then holds only rebalances, errors, statistics
// and log lines. So a source that is told to hold back still takes part in its
// group by serving the second, and librdkafka's pause, which 2.0 gets wrong, is
// not needed: when the first is full the fetcher stops.
//
// Thread: one at a time; callbacks run inside Serve() and Close(). Interrupt()
// from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/result.h"
#include "signals/checkpoint_sink.h"
#include "signals/kafka_handles.h"
#include "signals/source.h"

namespace premura {

class KafkaConsumer {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    using List = rd_kafka_topic_partition_list_t;
    // May set offsets to begin at, and take out what is not to be read yet.
    virtual void OnAssign(List* list) = 0;
    // Before they are given back in order.
    virtual void OnRevoking() = 0;
    virtual void OnRevoked(const List& list) = 0;
    virtual void OnError(rd_kafka_resp_err_t error, const char* words) = 0;
    virtual void OnStatistics(std::string_view json) = 0;
    virtual void OnLog(int level, const char* facility, const char* words) = 0;
  };

  // `listener` must outlive it.
  explicit KafkaConsumer(Listener* listener) : listener_(listener) {}
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;
  ~KafkaConsumer() { Close(Duration::zero()); }

  // Also after Close(), once more.
  Status Start(KafkaConf conf, const std::vector<std::string>& topics);

  // Runs the callbacks that are due. Does not wait.
  void Serve();
  // The next message, or what stands for one (end of partition, error);
  // nullptr if there is none within `wait`.
  KafkaMessage Next(Duration wait);
  void Interrupt();
  // Reads these partitions, and no others, from their offsets on. REQUIRES: the
  // group has given them to us, as a whole (not COOPERATIVE).
  void Read(const rd_kafka_topic_partition_list_t& list);
  // To be called now and then of the same: to stop a partition, which Read()
  // does first and librdkafka some time after, takes its queue from ours.
  void KeepReading(const rd_kafka_topic_partition_list_t& list) {
    SendTo(messages_.get(), list);
  }
  // As what the group has given them to us: its generation.
  std::shared_ptr<const Membership> AsMember() const;

  using Offsets = std::map<std::pair<std::string, std::int32_t>, std::int64_t>;
  // Asynchronous; the latest are kept until they are known to have arrived.
  void Commit(const Offsets& offsets);
  // Waits at most `limit` for what is not known to have arrived.
  void Settle(Duration limit);

  // What the group has committed of these; waits for the answer, but not for
  // ever. Partitions of which nothing is committed are not in it.
  Result<Offsets> Committed(const rd_kafka_topic_partition_list_t& list) const;
  // The first of each at that instant of the broker's or after; waits alike.
  Result<Offsets> OffsetsAt(const rd_kafka_topic_partition_list_t& list,
                            Timestamp instant) const;
  // First offset there is, and next after the last; waits alike.
  Result<std::pair<std::int64_t, std::int64_t>> Bounds(
      const std::string& topic, std::int32_t partition) const;

  // Where the partition ends, as far as is known: -1 if not.
  std::int64_t EndOf(const std::string& topic, std::int32_t partition) const;
  // Words if the consumer cannot go on; else empty.
  std::string Fatal() const;
  // Whether that is because another has its instance_id, or seems to.
  bool IsFenced() const;

  // Settles, leaves the group in order; without a limit to wait, neither: the
  // group notices by itself.
  void Close(Duration limit);

 private:
  using List = rd_kafka_topic_partition_list_t;

  static void RebalanceCallback(rd_kafka_t* consumer, rd_kafka_resp_err_t error,
                                List* list, void* self);
  static void CommitCallback(rd_kafka_t* consumer, rd_kafka_resp_err_t error,
                             List* list, void* self);
  static void ErrorCallback(rd_kafka_t* consumer, int error, const char* words,
                            void* self);
  static int StatisticsCallback(rd_kafka_t* consumer, char* json,
                                std::size_t size, void* self);
  static void LogCallback(const rd_kafka_t* consumer, int level,
                          const char* facility, const char* words);

  void Assign(List* list);
  void Revoke(List* list);
  void Unassign(List* list);
  void SendTo(rd_kafka_queue_t* target, const List& list);
  void Arrived(rd_kafka_resp_err_t error, const List* list);
  bool Leave(Duration limit);  // Whether it has.

  Listener* const listener_;
  rd_kafka_t* consumer_ = nullptr;
  KafkaQueue messages_;
  Offsets unsettled_;
};

}  // namespace premura
