// SPDX-License-Identifier: Apache-2.0
// A partition without a committed position, or whose position has been deleted
// by retention, is read from its oldest record, unless the person sets
// auto.offset.reset otherwise: what is still there is not passed over.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "signals/kafka_consumer.h"
#include "signals/kafka_partitions.h"
#include "signals/kafka_record.h"
#include "signals/kafka_starts.h"
#include "signals/kafka_statistics.h"
#include "signals/source.h"
#include "signals/time_limit.h"

namespace premura {

namespace {

using SteadyClock = std::chrono::steady_clock;

// How soon a rebalance is noticed while no messages come.
constexpr Duration kSlice = std::chrono::milliseconds(50);
constexpr Duration kKeepReadingEvery = std::chrono::milliseconds(100);
constexpr Duration kHealthEvery = std::chrono::seconds(1);
// To finish and commit before partitions are given back.
constexpr Duration kRevokeLimit = std::chrono::seconds(5);
constexpr Duration kCloseLimit = std::chrono::seconds(5);
// Two that have one instance_id throw each other out within seconds.
constexpr Duration kFencedAgain = std::chrono::minutes(1);
constexpr int kError = 3;  // Syslog's.

// After so long without an answer nobody is there, beside what a fetch may
// wait.
constexpr Duration kPatience = std::chrono::seconds(10);

Duration PatienceWith(const std::map<std::string, std::string>& properties) {
  const auto wait = properties.find("fetch.wait.max.ms");
  return kPatience + Duration(wait == properties.end()
                                  ? 500
                                  : std::atoi(wait->second.c_str()));
}

// Another instance is to go on soon after one has died.
void UseHoldingDefaults(std::map<std::string, std::string>* properties) {
  properties->insert(
      {{"session.timeout.ms", "10000"}, {"heartbeat.interval.ms", "3000"}});
  (*properties)["isolation.level"] = "read_committed";
}

class KafkaSource final : public Source, private KafkaConsumer::Listener {
 public:
  explicit KafkaSource(KafkaOptions options)
      : options_(std::move(options)),
        starts_(&consumer_, options_.make_up_from,
                [this](const std::string& what) {
                  OnLog(kError, "OFFSETS", what.c_str());
                }),
        consumer_(this) {
    health_.joined = false;
  }

  Status Join() {
    std::map<std::string, std::string> properties = options_.properties;
    if (options_.hold) UseHoldingDefaults(&properties);
    properties = CompleteConsumerProperties(std::move(properties));
    // Cells move with the numbers of partitions, over all topics, and all at
    // once.
    if (options_.hold) properties["partition.assignment.strategy"] = "range";
    Result<KafkaConf> conf = MakeKafkaConf(properties);
    if (!conf.ok()) return conf.error();
    return consumer_.Start(std::move(conf).value(), options_.topics);
  }

  std::string Origin(std::uint32_t partition) const override {
    const KafkaPartition& it = partitions_[partition];
    return KafkaPartitionName(it.topic, it.partition);
  }

  void Resume(const std::vector<PartitionPlace>& places) override {
    for (const PartitionPlace& place : places) {
      const std::size_t slash = place.name.rfind('/');
      if (slash == place.name.npos) continue;
      partitions_.Restore(place.number, place.name.substr(0, slash),
                          std::atoi(place.name.c_str() + slash + 1));
      if (place.position >= 0) starts_.Resume(place);
    }
  }

  std::uint32_t NumberInTopic(std::uint32_t partition) const override {
    return static_cast<std::uint32_t>(partitions_[partition].partition);
  }
  std::shared_ptr<const Membership> AsMember() const override {
    return membership_;
  }

  PartitionStart Begin(std::uint32_t partition,
                       const PartitionPlace* place) override {
    KafkaPartition& it = partitions_[partition];
    const KafkaList list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_t* const asked = rd_kafka_topic_partition_list_add(
        list.get(), it.topic.c_str(), it.partition);
    PartitionStart start = starts_.Begin(place, asked);
    it.start = asked->offset;
    it.assigned = true;
    it.held = it.at_end = false;
    it.next = -1;
    return start;
  }

  void Hold(std::uint32_t partition) override {
    KafkaPartition& it = partitions_[partition];
    if (std::exchange(it.assigned, false)) it.held = true;
  }

  void GoOn(std::uint32_t partition) override {
    KafkaPartition& it = partitions_[partition];
    it.assigned = true;
    it.held = it.at_end = false;
  }

  void Fetch() override {
    partitions_.ForgetHandles();
    consumer_.Read(*ReadNow());
  }

  Result<Polled> Poll(RecordSink* sink, std::size_t max,
                      Duration wait) override {
    if (closed_) return Polled{.ended = true};
    sink_ = sink;
    const TimeLimit deadline(wait);
    Polled polled;
    while (true) {
      consumer_.Serve();
      if (options_.hold) KeepReading();
      if (std::string fatal = consumer_.Fatal();
          !fatal.empty() && !JoinAgain()) {
        connection_problem_ = fatal;
        ShowProblem();
        return Error{std::move(fatal)};
      }
      polled.records += HandOn(max, deadline.Left());
      if (polled.records > 0 || max == 0 || interrupted_.exchange(false) ||
          deadline.Left() == Duration::zero()) {
        break;
      }
    }
    UpdateHealth();
    return polled;
  }

  void Commit(const Positions& positions) override {
    if (closed_) return;
    KafkaConsumer::Offsets offsets;
    for (const auto& [number, position] : positions) {
      const KafkaPartition& it = partitions_[number];
      if (it.assigned) offsets[{it.topic, it.partition}] = position;
    }
    consumer_.Commit(offsets);
  }

  void Close() override {
    if (std::exchange(closed_, true)) return;
    const std::lock_guard lock(interrupt_mutex_);
    consumer_.Close(kCloseLimit);
    open_ = false;
  }

  void Interrupt() override {
    const std::lock_guard lock(interrupt_mutex_);
    interrupted_ = true;
    if (open_) consumer_.Interrupt();
  }

  SourceHealth Health() const override {
    const std::lock_guard lock(mutex_);
    return health_;
  }

 private:
  KafkaList ReadNow() const {
    KafkaList list(rd_kafka_topic_partition_list_new(1));
    for (const KafkaPartition& it : partitions_.all()) {
      if (!it.assigned) continue;
      rd_kafka_topic_partition_list_add(list.get(), it.topic.c_str(),
                                        it.partition)
          ->offset = it.next >= 0 ? it.next : it.start;
    }
    return list;
  }

  // A broker that dies while a member with an instance_id joins may then take
  // the member for another one of that name (KAFKA-20983), so it joins once
  // more. Where there are two indeed, the elder is fenced again at once.
  bool JoinAgain() {
    const auto now = SteadyClock::now();
    const bool again = fenced_ && now - *fenced_ < kFencedAgain;
    if (!consumer_.IsFenced() || again) return false;
    fenced_ = now;
    OnLog(kError, "FENCED",
          "another seems to use the same instance_id; it joins the group once "
          "more");
    for (std::uint32_t i = 0; i < partitions_.all().size(); ++i) Revoked(i);
    partitions_.ForgetHandles();
    const std::lock_guard lock(interrupt_mutex_);
    consumer_.Close(Duration::zero());
    const Status joined = Join();
    if (!joined.ok()) OnLog(kError, "FENCED", joined.error().message.c_str());
    return joined.ok();
  }

  void KeepReading() {
    const auto now = SteadyClock::now();
    if (now - kept_reading_ < kKeepReadingEvery) return;
    kept_reading_ = now;
    consumer_.KeepReading(*ReadNow());
  }

  // Waits for the first message only, and not long: the group is to be served.
  std::size_t HandOn(std::size_t max, Duration wait) {
    std::size_t records = 0;
    Duration patience = std::min(wait, kSlice);
    while (records < max) {
      const KafkaMessage message = consumer_.Next(patience);
      if (!message) break;
      patience = Duration::zero();
      if (Take(*message)) ++records;
    }
    return records;
  }

  // Whether it was a record.
  bool Take(const rd_kafka_message_t& message) {
    if (message.rkt == nullptr) {
      OnError(message.err, rd_kafka_message_errstr(&message));
      return false;
    }
    const std::uint32_t number = partitions_.Number(
        message.rkt, rd_kafka_topic_name(message.rkt), message.partition);
    KafkaPartition& partition = partitions_[number];
    if (!partition.assigned) return false;  // Came before it was taken away.
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      partition.at_end = true;
      partition.next = message.offset;
      sink_->OnCaughtUp(number);
      return false;
    }
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      OnError(message.err, rd_kafka_message_errstr(&message));
      return false;
    }
    partition.at_end = false;
    partition.next = message.offset + 1;
    sink_->OnRecord(RecordOf(message, number, &headers_));
    return true;
  }

  // --- KafkaConsumer::Listener -----------------------------------------------

  void OnAssign(List* list) override {
    partitions_.ForgetHandles();
    ++rebalances_;
    // Of those that had not begun nobody says that they go.
    if (options_.hold) OnRevoked(*list);
    if (list->cnt > 0) group_problem_.clear();
    ShowProblem();
    std::vector<std::uint32_t> numbers;
    for (int i = 0; i < list->cnt; ++i) {
      numbers.push_back(
          partitions_.Number(list->elems[i].topic, list->elems[i].partition));
    }
    if (options_.hold) return OnHeld(numbers, list);
    const std::vector<PartitionStart> starts = starts_.Of(numbers, list);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      KafkaPartition& it = partitions_[numbers[i]];
      it.assigned = true;
      it.at_end = false;
      it.next = -1;
      if (sink_ != nullptr) sink_->OnAssigned(numbers[i], starts[i]);
    }
  }

  // The group gives them as a whole, and gets them back as a whole.
  void OnHeld(const std::vector<std::uint32_t>& numbers, List* list) {
    membership_ = consumer_.AsMember();
    for (const std::uint32_t number : numbers) {
      partitions_[number].held = true;
      if (sink_ != nullptr) sink_->OnAssigned(number, {});
    }
    while (list->cnt > 0) rd_kafka_topic_partition_list_del_by_idx(list, 0);
  }

  void OnRevoking() override {
    if (sink_ != nullptr) sink_->OnRevoking(kRevokeLimit);
    consumer_.Settle(kRevokeLimit);
  }

  void OnRevoked(const List& list) override {
    partitions_.ForgetHandles();
    for (int i = 0; i < list.cnt; ++i) {
      const std::uint32_t number =
          partitions_.Number(list.elems[i].topic, list.elems[i].partition);
      Revoked(number);
    }
    // Those that had not begun stand in no list.
    if (!options_.hold) return;
    for (std::uint32_t i = 0; i < partitions_.all().size(); ++i) Revoked(i);
  }

  void Revoked(std::uint32_t number) {
    KafkaPartition& it = partitions_[number];
    const bool held = std::exchange(it.held, false);
    if (!std::exchange(it.assigned, false) && !held) return;
    if (sink_ != nullptr) sink_->OnRevoked(number);
    it.held = false;
  }

  // librdkafka goes on trying by itself; Health() says how it stands.
  void OnError(rd_kafka_resp_err_t error, const char* words) override {
    const std::string text = std::string(rd_kafka_err2str(error)) +
                             (words ? ": " : "") + (words ? words : "");
    OnLog(kError, rd_kafka_err2name(error), text.c_str());
    if (error == RD_KAFKA_RESP_ERR__FATAL) return;
    // What brokers answer is above zero; the rest is librdkafka's own.
    if (error > 0) {
      if (!AnyAssigned()) group_problem_ = "kafka: " + text;
    } else if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      has_broker_ = false;
      connection_problem_ = NoBroker();
    } else if (!has_broker_) {
      last_error_ = text;
      connection_problem_ = NoBroker();
    }
    ShowProblem();
  }

  void OnStatistics(std::string_view json) override {
    const auto all = ConnectionsOf(json, patience_);
    if (!all) return;
    has_broker_ = all->up;
    // Who waits for the group to settle may wait for long.
    silent_ = !all->answers && (silent_ || (all->waits && AnyAssigned()));
    if (has_broker_) last_error_.clear();
    connection_problem_ =
        !has_broker_ ? NoBroker()
        : silent_    ? "kafka: brokers are connected, and do not answer"
                     : "";
    ShowProblem();
  }

  void OnLog(int level, const char* facility, const char* words) override {
    if (options_.log) options_.log(level, std::string(facility) + ": " + words);
  }

  // --- Health ----------------------------------------------------------------

  bool AnyAssigned() const {
    const std::vector<KafkaPartition>& all = partitions_.all();
    return std::any_of(all.begin(), all.end(), [](const KafkaPartition& it) {
      return it.assigned || it.held;
    });
  }

  std::string NoBroker() const {
    return "kafka: no broker can be reached" +
           (last_error_.empty() ? "" : " (" + last_error_ + ")");
  }

  void ShowProblem() {
    const std::string& problem =
        connection_problem_.empty() ? group_problem_ : connection_problem_;
    const std::lock_guard lock(mutex_);
    health_.reachable = problem.empty();
    health_.problem = problem;
  }

  void UpdateHealth() {
    const auto now = SteadyClock::now();
    if (now - health_time_ < kHealthEvery &&
        health_rebalances_ == rebalances_) {
      return;
    }
    health_time_ = now;
    health_rebalances_ = rebalances_;
    std::size_t assigned = 0;
    std::int64_t lag = 0;
    for (const KafkaPartition& it : partitions_.all()) {
      if (!it.assigned && !it.held) continue;
      ++assigned;
      // Whoever holds it knows.
      if (it.held) continue;
      const std::int64_t behind = LagOf(it);
      lag = lag < 0 || behind < 0 ? -1 : lag + behind;
    }
    const std::lock_guard lock(mutex_);
    health_.partitions = assigned;
    health_.lag = lag;
    health_.rebalances = rebalances_;
    health_.joined = rebalances_ > 0;
  }

  std::int64_t LagOf(const KafkaPartition& it) const {
    if (it.at_end) return 0;
    const std::int64_t end = consumer_.EndOf(it.topic, it.partition);
    return end < 0 || it.next < 0 ? -1
                                  : std::max<std::int64_t>(0, end - it.next);
  }

  const KafkaOptions options_;
  const Duration patience_ = PatienceWith(options_.properties);
  KafkaPartitions partitions_;
  RecordSink* sink_ = nullptr;  // Of the Poll at hand, or the last.
  std::vector<Header> headers_;
  std::uint64_t rebalances_ = 0;
  std::shared_ptr<const Membership> membership_;  // If partitions are held.
  std::string last_error_;
  std::string connection_problem_;
  std::string group_problem_;
  bool has_broker_ = false;
  bool silent_ = false;  // Brokers were asked, and none has answered since.
  bool closed_ = false;
  SteadyClock::time_point health_time_{};
  SteadyClock::time_point kept_reading_{};
  std::optional<SteadyClock::time_point> fenced_;  // The last time.
  std::uint64_t health_rebalances_ = 0;

  std::atomic<bool> interrupted_ = false;
  std::mutex interrupt_mutex_;  // Guards consumer_ against its end.
  bool open_ = true;

  mutable std::mutex mutex_;  // Guards health_.
  SourceHealth health_;

  KafkaStarts starts_;
  KafkaConsumer consumer_;  // Last: its end may call back.
};

}  // namespace

Result<std::unique_ptr<Source>> NewKafkaSource(KafkaOptions options) {
  if (options.topics.empty()) return Error{"kafka: no topics"};
  for (const char* needed : {"bootstrap.servers", "group.id"}) {
    if (!options.properties.contains(needed)) {
      return Error{std::string("kafka: ") + needed + " is missing"};
    }
  }
  auto source = std::make_unique<KafkaSource>(std::move(options));
  const Status started = source->Join();
  if (!started.ok()) return started.error();
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace premura
