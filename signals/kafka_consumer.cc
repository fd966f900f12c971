// SPDX-License-Identifier: Apache-2.0

#include "signals/kafka_consumer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "signals/time_limit.h"

namespace premura {

namespace {

// For an answer about offsets.
constexpr Duration kAskLimit = std::chrono::seconds(10);

int Milliseconds(Duration duration) {
  return static_cast<int>(std::clamp<std::int64_t>(
      duration.count(), 0, std::numeric_limits<int>::max()));
}

KafkaList ListOf(const KafkaConsumer::Offsets& offsets) {
  KafkaList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.first.c_str(),
                                      partition.second)
        ->offset = offset;
  }
  return list;
}

// What was answered; without those of which nothing is known.
Result<KafkaConsumer::Offsets> OffsetsOf(
    rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t& list) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{rd_kafka_err2str(error)};
  }
  KafkaConsumer::Offsets offsets;
  for (int i = 0; i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& it = list.elems[i];
    if (it.err == RD_KAFKA_RESP_ERR_NO_ERROR && it.offset >= 0) {
      offsets[{it.topic, it.partition}] = it.offset;
    }
  }
  return offsets;
}

}  // namespace

Status KafkaConsumer::Start(KafkaConf conf,
                            const std::vector<std::string>& topics) {
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), &RebalanceCallback);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), &CommitCallback);
  rd_kafka_conf_set_error_cb(conf.get(), &ErrorCallback);
  rd_kafka_conf_set_stats_cb(conf.get(), &StatisticsCallback);
  rd_kafka_conf_set_log_cb(conf.get(), &LogCallback);
  std::array<char, 512> why{};
  consumer_ =
      rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size());
  if (consumer_ == nullptr) return Error{"kafka: " + std::string(why.data())};
  (void)conf.release();  // The consumer's now.
  rd_kafka_set_log_queue(consumer_, nullptr);
  rd_kafka_poll_set_consumer(consumer_);
  messages_.reset(rd_kafka_queue_new(consumer_));

  const KafkaList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(),
                                      RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_, list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{std::string("kafka: ") + rd_kafka_err2str(error)};
  }
  return {};
}

// A message here would be one of a partition that was never assigned.
void KafkaConsumer::Serve() {
  while (const KafkaMessage message{rd_kafka_consumer_poll(consumer_, 0)}) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      listener_->OnError(message->err, rd_kafka_message_errstr(message.get()));
    }
  }
}

KafkaMessage KafkaConsumer::Next(Duration wait) {
  return KafkaMessage(
      rd_kafka_consume_queue(messages_.get(), Milliseconds(wait)));
}

void KafkaConsumer::Interrupt() {
  if (messages_) rd_kafka_queue_yield(messages_.get());
}

// --- Commits -----------------------------------------------------------------

void KafkaConsumer::Commit(const Offsets& offsets) {
  if (offsets.empty()) return;
  for (const auto& [partition, offset] : offsets) {
    unsettled_[partition] = offset;
  }
  const KafkaList list = ListOf(offsets);
  const rd_kafka_resp_err_t error = rd_kafka_commit(consumer_, list.get(), 1);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) Arrived(error, nullptr);
}

void KafkaConsumer::Settle(Duration limit) {
  if (unsettled_.empty()) return;
  const TimeLimit deadline(limit);
  const KafkaQueue answers(rd_kafka_queue_new(consumer_));
  const KafkaList list = ListOf(unsettled_);
  const rd_kafka_resp_err_t error = rd_kafka_commit_queue(
      consumer_, list.get(), answers.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Arrived(error, nullptr);
  while (!unsettled_.empty()) {
    const Duration left = deadline.Left();
    const KafkaEvent event(
        rd_kafka_queue_poll(answers.get(), Milliseconds(left)));
    if (event &&
        rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_OFFSET_COMMIT) {
      return Arrived(rd_kafka_event_error(event.get()),
                     rd_kafka_event_topic_partition_list(event.get()));
    }
    if (left == Duration::zero()) {
      return Arrived(RD_KAFKA_RESP_ERR__TIMED_OUT, nullptr);
    }
  }
}

// What did not arrive stays unsettled: the next commit or Settle() repeats it.
void KafkaConsumer::Arrived(rd_kafka_resp_err_t error, const List* list) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
    constexpr int kWarning = 4;
    const std::string words =
        std::string("positions could not be committed, they will be again: ") +
        rd_kafka_err2str(error);
    return listener_->OnLog(kWarning, "COMMIT", words.c_str());
  }
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list->elems[i];
    const auto it = unsettled_.find({each.topic, each.partition});
    if (it != unsettled_.end() && it->second == each.offset &&
        each.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      unsettled_.erase(it);
    }
  }
}

// --- Rebalances --------------------------------------------------------------

void KafkaConsumer::RebalanceCallback(rd_kafka_t* /*consumer*/,
                                      rd_kafka_resp_err_t error, List* list,
                                      void* self) {
  auto* consumer = static_cast<KafkaConsumer*>(self);
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    consumer->Assign(list);
  } else {
    if (error != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
      consumer->listener_->OnError(error, rd_kafka_err2str(error));
    }
    consumer->Revoke(list);
  }
}

void KafkaConsumer::Assign(List* list) {
  SendTo(messages_.get(), *list);
  listener_->OnAssign(list);
  if (std::string_view(rd_kafka_rebalance_protocol(consumer_)) ==
      "COOPERATIVE") {
    rd_kafka_error_destroy(rd_kafka_incremental_assign(consumer_, list));
  } else {
    rd_kafka_assign(consumer_, list);
  }
}

void KafkaConsumer::Read(const List& list) {
  SendTo(messages_.get(), list);
  rd_kafka_assign(consumer_, &list);
}

std::shared_ptr<const Membership> KafkaConsumer::AsMember() const {
  return std::make_shared<KafkaMembership>(
      rd_kafka_consumer_group_metadata(consumer_));
}

void KafkaConsumer::Revoke(List* list) {
  // What was lost has a new owner, who must not be overtaken by our commits.
  if (rd_kafka_assignment_lost(consumer_) != 0) {
    unsettled_.clear();
  } else {
    listener_->OnRevoking();
  }
  for (int i = 0; i < list->cnt; ++i) {
    unsettled_.erase({list->elems[i].topic, list->elems[i].partition});
  }
  Unassign(list);
  listener_->OnRevoked(*list);
}

void KafkaConsumer::Unassign(List* list) {
  if (std::string_view(rd_kafka_rebalance_protocol(consumer_)) ==
      "COOPERATIVE") {
    rd_kafka_error_destroy(rd_kafka_incremental_unassign(consumer_, list));
  } else {
    rd_kafka_assign(consumer_, nullptr);
  }
}

void KafkaConsumer::SendTo(rd_kafka_queue_t* target, const List& list) {
  for (int i = 0; i < list.cnt; ++i) {
    const KafkaQueue queue(rd_kafka_queue_get_partition(
        consumer_, list.elems[i].topic, list.elems[i].partition));
    if (queue) rd_kafka_queue_forward(queue.get(), target);
  }
}

// --- Other callbacks ---------------------------------------------------------

void KafkaConsumer::CommitCallback(rd_kafka_t* /*consumer*/,
                                   rd_kafka_resp_err_t error, List* list,
                                   void* self) {
  static_cast<KafkaConsumer*>(self)->Arrived(error, list);
}

void KafkaConsumer::ErrorCallback(rd_kafka_t* /*consumer*/, int error,
                                  const char* words, void* self) {
  static_cast<KafkaConsumer*>(self)->listener_->OnError(
      static_cast<rd_kafka_resp_err_t>(error), words);
}

int KafkaConsumer::StatisticsCallback(rd_kafka_t* /*consumer*/, char* json,
                                      std::size_t size, void* self) {
  static_cast<KafkaConsumer*>(self)->listener_->OnStatistics({json, size});
  return 0;  // librdkafka frees it.
}

void KafkaConsumer::LogCallback(const rd_kafka_t* consumer, int level,
                                const char* facility, const char* words) {
  static_cast<KafkaConsumer*>(rd_kafka_opaque(consumer))
      ->listener_->OnLog(level, facility, words);
}

// --- State -------------------------------------------------------------------

Result<KafkaConsumer::Offsets> KafkaConsumer::Committed(
    const List& list) const {
  const KafkaList asked(rd_kafka_topic_partition_list_copy(&list));
  return OffsetsOf(
      rd_kafka_committed(consumer_, asked.get(), Milliseconds(kAskLimit)),
      *asked);
}

Result<KafkaConsumer::Offsets> KafkaConsumer::OffsetsAt(
    const List& list, Timestamp instant) const {
  const KafkaList asked(rd_kafka_topic_partition_list_copy(&list));
  for (int i = 0; i < asked->cnt; ++i) {
    asked->elems[i].offset =
        std::max<std::int64_t>(0, instant.time_since_epoch().count());
  }
  return OffsetsOf(rd_kafka_offsets_for_times(consumer_, asked.get(),
                                              Milliseconds(kAskLimit)),
                   *asked);
}

Result<std::pair<std::int64_t, std::int64_t>> KafkaConsumer::Bounds(
    const std::string& topic, std::int32_t partition) const {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const rd_kafka_resp_err_t error =
      rd_kafka_query_watermark_offsets(consumer_, topic.c_str(), partition,
                                       &low, &high, Milliseconds(kAskLimit));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{rd_kafka_err2str(error)};
  }
  return std::pair(low, high);
}

std::int64_t KafkaConsumer::EndOf(const std::string& topic,
                                  std::int32_t partition) const {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const rd_kafka_resp_err_t error = rd_kafka_get_watermark_offsets(
      consumer_, topic.c_str(), partition, &low, &high);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : -1;
}

bool KafkaConsumer::IsFenced() const {
  return rd_kafka_fatal_error(consumer_, nullptr, 0) ==
         RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

std::string KafkaConsumer::Fatal() const {
  std::array<char, 512> why{};
  const rd_kafka_resp_err_t error =
      rd_kafka_fatal_error(consumer_, why.data(), why.size());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
    return "kafka: another member of the group uses the same instance_id, and "
           "has taken this one's place";
  }
  return "kafka: " + std::string(why.data());
}

// --- Close -------------------------------------------------------------------

void KafkaConsumer::Close(Duration limit) {
  if (consumer_ == nullptr) return;
  const TimeLimit deadline(limit);
  Settle(limit / 2);
  const bool left = limit == Duration::zero() || Leave(deadline.Left());
  unsettled_.clear();
  messages_.reset();
  rd_kafka_t* const consumer = std::exchange(consumer_, nullptr);
  // One that cannot leave would never end; it is abandoned instead. Nothing of
  // it calls back any more.
  if (left) {
    rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

// rd_kafka_consumer_close() has no limit, and hangs in 2.0 where a partition
// was lost.
bool KafkaConsumer::Leave(Duration limit) {
  const TimeLimit deadline(limit);
  const KafkaQueue queue(rd_kafka_queue_new(consumer_));
  rd_kafka_error_destroy(rd_kafka_consumer_close_queue(consumer_, queue.get()));
  while (rd_kafka_consumer_closed(consumer_) == 0) {
    const Duration left = deadline.Left();
    if (left == Duration::zero()) return false;
    constexpr Duration kSlice = std::chrono::milliseconds(100);
    const KafkaEvent event(
        rd_kafka_queue_poll(queue.get(), Milliseconds(std::min(left, kSlice))));
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) {
      Unassign(rd_kafka_event_topic_partition_list(event.get()));
    }
  }
  return true;
}

}  // namespace premura
