// SPDX-License-Identifier: Apache-2.0
// librdkafka's older consumer: it reads partitions from offsets and knows no
// groups.
#include "signals/kafka_range.h"

#include <algorithm>
#include <array>
#include <queue>
#include <tuple>
#include <utility>

#include "rules/readable_duration.h"
#include "signals/kafka_handles.h"
#include "signals/kafka_record.h"

namespace premura {
namespace {

using Topic =
    std::unique_ptr<rd_kafka_topic_t, KafkaDeleter<rd_kafka_topic_destroy>>;
using Client = std::unique_ptr<rd_kafka_t, KafkaDeleter<rd_kafka_destroy>>;

constexpr std::size_t kAtOnce = 1000;

int Milliseconds(Duration span) { return static_cast<int>(span.count()); }

Error KafkaError(rd_kafka_resp_err_t error) {
  return Error{std::string("kafka: ") + rd_kafka_err2str(error)};
}

// One partition's records between two offsets, read ahead by some.
class Part {
 public:
  Part(rd_kafka_topic_t* topic, std::int32_t partition, std::int64_t begin,
       std::int64_t end)
      : topic_(topic), partition_(partition), begin_(begin), end_(end) {}
  Part(Part&&) = default;
  ~Part() { Stop(); }

  std::string name() const {
    return KafkaPartitionName(rd_kafka_topic_name(topic_), partition_);
  }
  std::int64_t records() const {
    return std::max<std::int64_t>(0, end_ - begin_);
  }

  Status Start() {
    Stop();
    next_ = begin_;
    time_ = Timestamp::min();
    if (next_ >= end_) return {};
    if (rd_kafka_consume_start(topic_, partition_, begin_) != 0) {
      return KafkaError(rd_kafka_last_error()).WithContext(name());
    }
    started_ = true;
    return {};
  }
  void Stop() {
    messages_.clear();
    at_ = 0;
    if (std::exchange(started_, false)) {
      rd_kafka_consume_stop(topic_, partition_);
    }
  }

  // The record at hand; nullptr at the end of the range.
  Result<const rd_kafka_message_t*> Peek(Duration patience) {
    while (next_ < end_ && at_ == messages_.size()) {
      if (Status filled = Fill(patience); !filled.ok()) return filled.error();
      while (at_ < messages_.size() && Passes(*messages_[at_])) ++at_;
    }
    if (next_ >= end_ || at_ == messages_.size()) return nullptr;
    return messages_[at_].get();
  }
  void Pop() {
    next_ = messages_[at_]->offset + 1;
    messages_[at_++].reset();
    while (at_ < messages_.size() && Passes(*messages_[at_])) ++at_;
  }

  // Where the record stands among those of other partitions: never back.
  Timestamp TimeOf(const rd_kafka_message_t& message) {
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const std::int64_t time = rd_kafka_message_timestamp(&message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
      time_ = std::max(time_, Timestamp(Duration(time)));
    }
    return time_;
  }

 private:
  // No record of the range: an end, or one that came after it.
  bool Passes(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
        message.offset >= end_) {
      next_ = std::max(next_, message.offset);
      return true;
    }
    return false;
  }

  Status Fill(Duration patience) {
    messages_.clear();
    at_ = 0;
    KafkaMessage first(
        rd_kafka_consume(topic_, partition_, Milliseconds(patience)));
    if (!first) {
      return Error{"kafka: nothing came of " + name() + " for " +
                   ReadableDuration(patience)};
    }
    messages_.push_back(std::move(first));
    std::array<rd_kafka_message_t*, kAtOnce> more{};
    const ssize_t count =
        rd_kafka_consume_batch(topic_, partition_, 0, more.data(), more.size());
    for (ssize_t i = 0; i < count; ++i) {
      messages_.emplace_back(more[static_cast<std::size_t>(i)]);
    }
    for (const KafkaMessage& message : messages_) {
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
          message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        continue;
      }
      return KafkaError(message->err).WithContext(name());
    }
    return {};
  }

  rd_kafka_topic_t* topic_;
  std::int32_t partition_;
  std::int64_t begin_;
  std::int64_t end_;

  bool started_ = false;
  std::int64_t next_ = 0;
  Timestamp time_{};
  std::vector<KafkaMessage> messages_;
  std::size_t at_ = 0;
};

class KafkaRangeImpl final : public KafkaRange {
 public:
  explicit KafkaRangeImpl(KafkaRangeOptions options)
      : options_(std::move(options)) {}
  ~KafkaRangeImpl() override { parts_.clear(); }

  Status Start() {
    std::map<std::string, std::string> properties =
        CompleteConsumerProperties(options_.properties);
    for (const char* of_groups :
         {"group.id", "group.instance.id", "partition.assignment.strategy",
          "statistics.interval.ms", "log.queue"}) {
      properties.erase(of_groups);
    }
    // A record that has been deleted since is an error, not passed over.
    properties["auto.offset.reset"] = "error";
    properties["queued.max.messages.kbytes"] = "16384";  // Each partition.
    properties["log_level"] = "0";
    Result<KafkaConf> conf = MakeKafkaConf(properties);
    if (!conf.ok()) return conf.error();
    std::array<char, 512> why{};
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.value().get(),
                               why.data(), why.size()));
    if (!client_) return Error{"kafka: " + std::string(why.data())};
    (void)conf.value().release();  // The client's now.
    for (const std::string& topic : options_.topics) {
      if (Status found = Find(topic); !found.ok()) {
        return found.error().WithContext(topic);
      }
    }
    return {};
  }

  std::int64_t records() const override {
    std::int64_t sum = 0;
    for (const Part& part : parts_) sum += part.records();
    return sum;
  }

  Status Read(const Take& take) override {
    for (Part& part : parts_) {
      if (Status started = part.Start(); !started.ok()) return started;
    }
    Status read = Merge(take);
    for (Part& part : parts_) part.Stop();
    return read;
  }

 private:
  // The next record of a partition, by the broker's time.
  using Next = std::tuple<Timestamp, std::uint32_t>;
  using Order = std::priority_queue<Next, std::vector<Next>, std::greater<>>;

  Status Merge(const Take& take) {
    Order order;
    const auto queue = [&](std::uint32_t number) -> Status {
      Part& part = parts_[number];
      const auto message = part.Peek(options_.patience);
      if (!message.ok()) return message.error();
      if (message.value() != nullptr) {
        order.emplace(part.TimeOf(*message.value()), number);
      }
      return {};
    };
    for (std::uint32_t number = 0; number < parts_.size(); ++number) {
      if (Status queued = queue(number); !queued.ok()) return queued;
    }
    while (!order.empty()) {
      const std::uint32_t number = std::get<1>(order.top());
      order.pop();
      const auto message = parts_[number].Peek(options_.patience);
      if (!message.ok()) return message.error();
      if (!take(RecordOf(*message.value(), number, &headers_))) return {};
      parts_[number].Pop();
      if (Status queued = queue(number); !queued.ok()) return queued;
    }
    return {};
  }

  // --- Where the range lies --------------------------------------------------

  Status Find(const std::string& name) {
    Topic topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    if (!topic) return KafkaError(rd_kafka_last_error());
    const rd_kafka_metadata_t* metadata = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(client_.get(), 0, topic.get(), &metadata, Limit());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(error);
    const rd_kafka_resp_err_t unknown = metadata->topics[0].err;
    const int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (unknown != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(unknown);
    topics_.push_back(std::move(topic));
    const auto begins = OffsetsAt(name, count, options_.from);
    if (!begins.ok()) return begins.error();
    const auto ends = OffsetsAt(name, count, options_.to);
    if (!ends.ok()) return ends.error();
    for (std::int32_t i = 0; i < count; ++i) {
      std::int64_t low = 0, high = 0;
      const rd_kafka_resp_err_t failed = rd_kafka_query_watermark_offsets(
          client_.get(), name.c_str(), i, &low, &high, Limit());
      if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(failed);
      const auto at = [i](const std::vector<std::int64_t>& offsets,
                          std::int64_t none, std::int64_t all) {
        if (offsets.empty()) return all;
        const std::int64_t offset = offsets[static_cast<std::size_t>(i)];
        return offset < 0 ? none : offset;
      };
      parts_.emplace_back(topics_.back().get(), i,
                          std::max(low, at(begins.value(), high, low)),
                          std::min(high, at(ends.value(), high, high)));
    }
    return {};
  }

  // By partition, the first at or after the instant, below 0 if there is none
  // yet; empty without an instant.
  Result<std::vector<std::int64_t>> OffsetsAt(
      const std::string& topic, int partitions,
      const std::optional<Timestamp>& instant) {
    std::vector<std::int64_t> offsets;
    if (!instant) return offsets;
    const KafkaList list(rd_kafka_topic_partition_list_new(partitions));
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset =
          std::max<std::int64_t>(0, instant->time_since_epoch().count());
    }
    const rd_kafka_resp_err_t error =
        rd_kafka_offsets_for_times(client_.get(), list.get(), Limit());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(error);
    for (int i = 0; i < partitions; ++i) {
      const rd_kafka_topic_partition_t& it = list->elems[i];
      if (it.err != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(it.err);
      offsets.push_back(it.offset);
    }
    return offsets;
  }

  int Limit() const { return Milliseconds(options_.patience); }

  const KafkaRangeOptions options_;
  Client client_;
  std::vector<Topic> topics_;
  std::vector<Part> parts_;
  std::vector<Header> headers_;
};

}  // namespace

Result<std::unique_ptr<KafkaRange>> OpenKafkaRange(KafkaRangeOptions options) {
  auto range = std::make_unique<KafkaRangeImpl>(std::move(options));
  if (Status started = range->Start(); !started.ok()) return started.error();
  return std::unique_ptr<KafkaRange>(std::move(range));
}

}  // namespace premura
