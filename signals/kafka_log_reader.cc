// SPDX-License-Identifier: Apache-2.0
#include "signals/kafka_log_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace premura {
namespace {

constexpr int kAskLimit = 5'000;  // Milliseconds, as all that follow.
constexpr int kCommittedLimit = 1'000;
constexpr int kReadLimit = 5'000;  // Without any progress.
constexpr int kSlice = 100;

Error Trouble(const char* what, rd_kafka_resp_err_t error) {
  return Error{std::string("kafka: ") + what + ": " + rd_kafka_err2str(error)};
}

// librdkafka asks again while offsets are not stable, until time is up.
bool IsUndecided(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__TIMED_OUT ||
         error == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
}

std::string_view HeaderOf(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name, &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return {static_cast<const char*>(value), size};
}

// What it answers goes to where librdkafka keeps them.
void LearnLeaders(rd_kafka_t* reader, const std::string& topic, int limit) {
  rd_kafka_topic_t* const handle =
      rd_kafka_topic_new(reader, topic.c_str(), nullptr);
  if (handle == nullptr) return;
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(reader, 0, handle, &answer, limit) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(answer);
  }
  rd_kafka_topic_destroy(handle);
}

void HandOn(const rd_kafka_message_t& message,
            const TransactionLog::Visit& visit) {
  LogRecord record;
  record.key = {static_cast<const char*>(message.key), message.key_len};
  if (message.payload != nullptr) {
    record.value = {static_cast<const char*>(message.payload), message.len};
  }
  record.head = HeaderOf(message, kKafkaLogHeader);
  visit(record);
}

}  // namespace

Status KafkaLogReader::Start() {
  for (Readers& it : readers_) {
    auto committed = clients_->OpenReader("read_committed");
    if (!committed.ok()) return committed.error();
    it.committed = std::move(committed).value();
    auto all = clients_->OpenReader("read_uncommitted");
    if (!all.ok()) return all.error();
    it.all = std::move(all).value();
  }
  return {};
}

KafkaLogReader::Borrowed KafkaLogReader::Borrow() {
  std::unique_lock lock(readers_[0].busy, std::try_to_lock);
  if (lock) return {&readers_[0], std::move(lock)};
  return {&readers_[1], std::unique_lock(readers_[1].busy)};
}

Result<TransactionLog::Ends> KafkaLogReader::EndsOf(std::uint32_t partition) {
  const Borrowed readers = Borrow();
  rd_kafka_t* const committed = readers.it->committed.get();
  const auto first = Ask(committed, partition, RD_KAFKA_OFFSET_BEGINNING);
  if (!first.ok()) return first.error();
  const auto stable = Ask(committed, partition, RD_KAFKA_OFFSET_END);
  if (!stable.ok()) return stable.error();
  const auto last = Ask(readers.it->all.get(), partition, RD_KAFKA_OFFSET_END);
  if (!last.ok()) return last.error();
  return TransactionLog::Ends{first.value(), stable.value(), last.value()};
}

// rd_kafka_query_watermark_offsets() of 2.0 takes no notice of its limit once
// it has asked; this one does, and takes these for instants.
Result<std::int64_t> KafkaLogReader::Ask(rd_kafka_t* reader,
                                         std::uint32_t partition,
                                         std::int64_t which) const {
  constexpr const char* kWhat = "where the changelog begins and ends";
  if (cancelled_) return Error{std::string("kafka: ") + kWhat + ": cancelled"};
  const KafkaList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* const asked = rd_kafka_topic_partition_list_add(
      list.get(), clients_->options().topic.c_str(),
      static_cast<std::int32_t>(partition));
  asked->offset = which;
  const rd_kafka_resp_err_t error = OffsetsFor(reader, list, kAskLimit);
  gone_ = error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
          error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
          error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Trouble(kWhat, error);
  return list->elems[0].offset;
}

// Also fails with what is wrong with any of them. librdkafka asks the leader
// that it knows of, and does not look for another if that is none any more.
rd_kafka_resp_err_t KafkaLogReader::OffsetsFor(rd_kafka_t* reader,
                                               const KafkaList& list,
                                               int limit) const {
  rd_kafka_resp_err_t error =
      rd_kafka_offsets_for_times(reader, list.get(), limit);
  std::set<std::string> topics;
  for (int i = 0; i < list->cnt; ++i) {
    topics.insert(list->elems[i].topic);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = list->elems[i].err;
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || cancelled_) return error;
  for (const std::string& topic : topics) LearnLeaders(reader, topic, limit);
  return error;
}

// A transaction's end takes up a place too, so that nothing may come between
// the last record and `to` but the end of the partition. Where there is nothing
// to read it is tried nevertheless: a right that is missing shows at the start.
Status KafkaLogReader::Read(std::uint32_t partition, std::int64_t from,
                            std::int64_t to,
                            const TransactionLog::Visit& visit) {
  if (from > to) return {};
  const Borrowed readers = Borrow();
  return ReadBy(
      readers.it->committed.get(), partition, from, to,
      [&visit](const rd_kafka_message_t& message) { HandOn(message, visit); });
}

Status KafkaLogReader::ReadBy(rd_kafka_t* reader, std::uint32_t partition,
                              std::int64_t from, std::int64_t to,
                              const VisitMessage& visit) const {
  const KafkaList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(),
                                    clients_->options().topic.c_str(),
                                    static_cast<std::int32_t>(partition))
      ->offset = from;
  rd_kafka_assign(reader, list.get());
  Status read = ReadAssigned(reader, to, visit);
  rd_kafka_assign(reader, nullptr);
  return read;
}

Status KafkaLogReader::ReadAssigned(rd_kafka_t* reader, std::int64_t to,
                                    const VisitMessage& visit) const {
  for (int idle = 0; idle < kReadLimit;) {
    if (cancelled_) return Error{"kafka: reading the changelog: cancelled"};
    const KafkaMessage message(rd_kafka_consumer_poll(reader, kSlice));
    if (!message) {
      idle += kSlice;
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      if (message->offset >= to) return {};
      continue;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // It goes on by itself, but for what it says of the partition.
      if (message->rkt == nullptr) continue;
      return Trouble("reading the changelog", message->err);
    }
    idle = 0;
    if (message->offset >= to) return {};
    visit(*message);
    if (message->offset + 1 >= to) return {};
  }
  return Error{"kafka: reading the changelog: nothing came for too long"};
}

Result<TransactionLog::Committed> KafkaLogReader::CommittedOf(
    const std::vector<std::string>& inputs) {
  if (cancelled_) return Error{"kafka: committed: cancelled"};
  const Borrowed readers = Borrow();
  const KafkaList list = KafkaListOf(inputs);
  const rd_kafka_resp_err_t error = rd_kafka_committed(
      readers.it->committed.get(), list.get(), kCommittedLimit);
  if (IsUndecided(error)) return TransactionLog::Committed();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Trouble("committed", error);
  TransactionLog::Committed committed(std::in_place);
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& it = list->elems[i];
    if (IsUndecided(it.err)) return TransactionLog::Committed();
    if (it.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Trouble("committed", it.err);
    }
    if (it.offset >= 0)
      (*committed)[KafkaPartitionName(it.topic, it.partition)] = it.offset;
  }
  return committed;
}

Result<TransactionLog::Unread> KafkaLogReader::UnreadOf(
    const std::vector<std::string>& inputs) {
  constexpr const char* kWhat = "how much is unread";
  if (cancelled_) return Error{std::string("kafka: ") + kWhat + ": cancelled"};
  const Borrowed readers = Borrow();
  const KafkaList read = KafkaListOf(inputs);
  // Of nothing committed all there is counts.
  const KafkaList first = KafkaListOf(inputs, RD_KAFKA_OFFSET_BEGINNING);
  const KafkaList end = KafkaListOf(inputs, RD_KAFKA_OFFSET_END);
  rd_kafka_resp_err_t error =
      rd_kafka_committed(readers.it->all.get(), read.get(), kCommittedLimit);
  for (const KafkaList* list : {&first, &end}) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Trouble(kWhat, error);
    error = OffsetsFor(readers.it->committed.get(), *list, kCommittedLimit);
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Trouble(kWhat, error);
  TransactionLog::Unread unread;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const rd_kafka_resp_err_t why = read->elems[i].err;
    if (why != RD_KAFKA_RESP_ERR_NO_ERROR) return Trouble(kWhat, why);
    const std::int64_t from =
        std::max(read->elems[i].offset, first->elems[i].offset);
    unread[inputs[i]] = std::max<std::int64_t>(0, end->elems[i].offset - from);
  }
  return unread;
}

// Where what is stable ends, the first transaction begins that is open. If that
// has moved on meanwhile it was over, or another's.
Result<std::optional<std::string>> KafkaLogReader::UndecidedWriterOf(
    std::uint32_t partition) {
  const Borrowed readers = Borrow();
  rd_kafka_t* const committed = readers.it->committed.get();
  rd_kafka_t* const all = readers.it->all.get();
  const auto at = Ask(committed, partition, RD_KAFKA_OFFSET_END);
  if (!at.ok()) return at.error();
  const auto last = Ask(all, partition, RD_KAFKA_OFFSET_END);
  if (!last.ok()) return last.error();
  if (at.value() >= last.value()) return std::optional<std::string>();
  std::string writer;
  const Status read = ReadBy(all, partition, at.value(), at.value() + 1,
                             [&writer](const rd_kafka_message_t& message) {
                               writer = HeaderOf(message, kKafkaWriterHeader);
                             });
  if (!read.ok()) return read.error();
  const auto still = Ask(committed, partition, RD_KAFKA_OFFSET_END);
  if (!still.ok()) return still.error();
  if (still.value() != at.value()) return std::optional<std::string>();
  return std::optional<std::string>(std::move(writer));
}

}  // namespace premura
