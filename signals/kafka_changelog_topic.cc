// SPDX-License-Identifier: Apache-2.0
// The changelog's topic: created if it is not there, else looked at.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "signals/kafka_handles.h"
#include "signals/kafka_transaction_log.h"

namespace premura {
namespace {

constexpr int kAskLimit = 15'000;  // Milliseconds.
constexpr int kPause = 250;
constexpr int kTries = 20;
constexpr std::int64_t kMaxMessage = std::int64_t{64} << 20;

using Handle = std::unique_ptr<rd_kafka_t, KafkaDeleter<rd_kafka_destroy>>;
using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t,
                    KafkaDeleter<rd_kafka_AdminOptions_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t,
                                 KafkaDeleter<rd_kafka_NewTopic_destroy>>;
using ConfigResource =
    std::unique_ptr<rd_kafka_ConfigResource_t,
                    KafkaDeleter<rd_kafka_ConfigResource_destroy>>;

// How it has to be. What stands in one piece of log is kept for an hour at
// least: what a torn commit has overwritten is needed again.
const std::map<std::string, std::string>& Settings() {
  static const auto* settings = new std::map<std::string, std::string>{
      {"cleanup.policy", "compact"},
      {"min.compaction.lag.ms", "3600000"},
      {"max.message.bytes", std::to_string(kMaxMessage)},
      {"segment.bytes", "104857600"}};
  return *settings;
}

// What has been written is on most of three brokers or more, so that one may be
// lost; of two, writing goes on if one is away.
int InSync(int replicas) { return replicas < 3 ? 1 : replicas / 2 + 1; }

std::map<std::string, std::string> NewSettings(int replicas) {
  std::map<std::string, std::string> settings = Settings();
  settings["min.insync.replicas"] = std::to_string(InSync(replicas));
  return settings;
}

// What brokers say of a topic.
struct Shape {
  int partitions = 0;  // 0: it is not there.
  int replicas = 0;    // Of the partition that has the fewest.
};

class ChangelogTopic {
 public:
  explicit ChangelogTopic(const KafkaChangelogOptions& options)
      : options_(options) {}

  Result<std::uint32_t> Check() {
    if (Status begun = Begin(); !begun.ok()) return begun.error();
    auto wanted = SourceShape();
    if (!wanted.ok()) return wanted.error();
    if (options_.replication > 0) {
      wanted.value().replicas = options_.replication;
    }
    auto there = ShapeOf(options_.topic);
    if (!there.ok()) return there.error();
    if (there.value().partitions == 0) {
      if (Status made = Create(wanted.value()); !made.ok()) return made.error();
      // Another may have been first, and have made it otherwise.
      there = AwaitShape();
      if (!there.ok()) return there.error();
    }
    const int partitions = wanted.value().partitions;
    if (there.value().partitions != partitions) {
      return Wrong(fmt::format(
          "it has {} partitions and {} has {}: they must be as many. State "
          "cannot be dealt over more partitions; name another changelog_topic, "
          "and the state is made up for from the events",
          there.value().partitions, Names(), partitions));
    }
    Status fits =
        LookAtReplicas(there.value().replicas, wanted.value().replicas);
    if (fits.ok()) fits = LookAtSettings(there.value().replicas);
    if (!fits.ok()) return fits.error();
    return static_cast<std::uint32_t>(partitions);
  }

 private:
  static Error Failure(const char* what, rd_kafka_resp_err_t error) {
    return Error{fmt::format("kafka: {}: {}", what, rd_kafka_err2str(error))};
  }
  Error Wrong(const std::string& what) const {
    return Error{fmt::format("changelog topic '{}': {}", options_.topic, what)};
  }
  std::string Names() const {
    return fmt::format("'{}'", fmt::join(options_.source_topics, "', '"));
  }
  std::string Brokers() const {
    return options_.properties.at("bootstrap.servers");
  }

  Status Begin() {
    Result<KafkaConf> conf = MakeKafkaConf(options_.properties);
    if (!conf.ok()) return conf.error();
    std::array<char, 512> why{};
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.value().get(),
                               why.data(), why.size()));
    if (handle_ == nullptr) return Error{"kafka: " + std::string(why.data())};
    (void)conf.value().release();  // The handle's now.
    queue_.reset(rd_kafka_queue_new(handle_.get()));
    return {};
  }

  // Brokers are asked for all they have: where
  // topics are made by being asked for (Kafka's default), one that is asked for
  // by its name would be there, with the wrong settings.
  Result<Shape> ShapeOf(const std::string& name) {
    const rd_kafka_metadata_t* all = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(handle_.get(), 1, nullptr, &all, kAskLimit);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Failure("asking for its topics", error);
    }
    Shape shape;
    rd_kafka_resp_err_t problem = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    for (int i = 0; i < all->topic_cnt; ++i) {
      if (name != all->topics[i].topic) continue;
      const rd_kafka_metadata_topic_t& it = all->topics[i];
      problem = it.err;
      shape.partitions = it.partition_cnt;
      for (int p = 0; p < it.partition_cnt; ++p) {
        const int replicas = it.partitions[p].replica_cnt;
        if (p == 0 || replicas < shape.replicas) shape.replicas = replicas;
      }
    }
    rd_kafka_metadata_destroy(all);
    if (problem == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return Shape();
    if (problem != RD_KAFKA_RESP_ERR_NO_ERROR &&
        problem != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      return Failure(name.c_str(), problem);
    }
    return shape;
  }

  // A topic that was made just now is not known everywhere yet.
  Result<Shape> AwaitShape() {
    auto shape = ShapeOf(options_.topic);
    for (int i = 0; i < kTries && shape.ok() && shape.value().partitions == 0;
         ++i) {
      rd_kafka_poll(handle_.get(), kPause);
      shape = ShapeOf(options_.topic);
    }
    return shape;
  }

  // Of the one that the most brokers have, if there are several.
  Result<Shape> SourceShape() {
    Shape wanted;
    for (const std::string& name : options_.source_topics) {
      const auto shape = ShapeOf(name);
      if (!shape.ok()) return shape.error();
      const int count = shape.value().partitions;
      if (count == 0) {
        return Error{fmt::format(
            "topic '{}' is not there, or ACLs hide it from this user: "
            "`state.kafka` needs its number of partitions; create it first, "
            "or allow the user to read it",
            name)};
      }
      if (wanted.partitions != 0 && count != wanted.partitions) {
        return Error{fmt::format(
            "topics {} have {} and {} partitions: with `state.kafka` all "
            "topics of a source must have as many, for what a customer does "
            "is to be in partitions of one number",
            Names(), wanted.partitions, count)};
      }
      wanted.partitions = count;
      wanted.replicas = std::max(wanted.replicas, shape.value().replicas);
    }
    return wanted;
  }

  Status Create(const Shape& wanted) {
    const auto [partitions, replicas] = wanted;
    std::array<char, 512> why{};
    const NewTopic topic(rd_kafka_NewTopic_new(
        options_.topic.c_str(), partitions, replicas, why.data(), why.size()));
    if (topic == nullptr) return Wrong(why.data());
    for (const auto& [name, value] : NewSettings(replicas)) {
      rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    }
    const AdminOptions admin = Options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_NewTopic_t* one = topic.get();
    rd_kafka_CreateTopics(handle_.get(), &one, 1, admin.get(), queue_.get());
    const KafkaEvent event(rd_kafka_queue_poll(queue_.get(), 2 * kAskLimit));
    if (event == nullptr) return Wrong("no broker has answered");
    rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
    std::string words = error != RD_KAFKA_RESP_ERR_NO_ERROR
                            ? rd_kafka_event_error_string(event.get())
                            : "";
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::size_t count = 0;
      const rd_kafka_topic_result_t** results =
          rd_kafka_CreateTopics_result_topics(
              rd_kafka_event_CreateTopics_result(event.get()), &count);
      error = rd_kafka_topic_result_error(results[0]);
      const char* const said = rd_kafka_topic_result_error_string(results[0]);
      if (said != nullptr) words = said;
    }
    // Another instance may have been first.
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR ||
        error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      return {};
    }
    return Wrong(fmt::format(
        "it cannot be created: {}. `state.kafka.replication` says how many "
        "brokers are to have it (without it as many as have the source's "
        "topics). To create it by hand:\n  kafka-topics.sh "
        "--bootstrap-server {} --create --topic {} --partitions {} "
        "--replication-factor {}{}",
        words, Brokers(), options_.topic, partitions, replicas,
        HandSettings(NewSettings(replicas), " --config ", " --config ")));
  }

  // A topic that was made while brokers were away has fewer for good.
  Status LookAtReplicas(int there, int wanted) {
    if (there >= wanted) return {};
    const std::string what = fmt::format(
        "only {} broker{} {} it, not {}: more are given to it with "
        "kafka-reassign-partitions.sh",
        there, there == 1 ? "" : "s", there == 1 ? "has" : "have", wanted);
    if (options_.replication > 0) {
      return Wrong(what + ". Or set `state.kafka.replication` to what it has");
    }
    Warn(what);
    return {};
  }

  void Warn(const std::string& what) const {
    constexpr int kWarning = 4;
    if (options_.log) options_.log(kWarning, Wrong(what).message);
  }

  AdminOptions Options(rd_kafka_admin_op_t operation) {
    AdminOptions options(rd_kafka_AdminOptions_new(handle_.get(), operation));
    std::array<char, 128> why{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), kAskLimit,
                                              why.data(), why.size());
    return options;
  }

  static std::string HandSettings(
      const std::map<std::string, std::string>& settings, const char* first,
      const char* next) {
    std::string text;
    for (const auto& [name, value] : settings) {
      text += fmt::format("{}{}={}", text.empty() ? first : next, name, value);
    }
    return text;
  }

  // Who may not look at them is trusted to have made it so. A topic that was
  // made just now is not known everywhere yet.
  Status LookAtSettings(int replicas) {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < kTries; ++i) {
      std::map<std::string, std::string> found;
      error = AskForSettings(&found);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Judge(found, replicas);
      if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
          error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
        return {};
      }
      rd_kafka_poll(handle_.get(), kPause);
    }
    return Wrong(fmt::format("its settings cannot be looked at: {}",
                             rd_kafka_err2str(error)));
  }

  rd_kafka_resp_err_t AskForSettings(
      std::map<std::string, std::string>* found) {
    const ConfigResource resource(rd_kafka_ConfigResource_new(
        RD_KAFKA_RESOURCE_TOPIC, options_.topic.c_str()));
    const AdminOptions admin = Options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_ConfigResource_t* one = resource.get();
    rd_kafka_DescribeConfigs(handle_.get(), &one, 1, admin.get(), queue_.get());
    const KafkaEvent event(rd_kafka_queue_poll(queue_.get(), 2 * kAskLimit));
    if (event == nullptr) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return rd_kafka_event_error(event.get());
    }
    std::size_t count = 0;
    const rd_kafka_ConfigResource_t** resources =
        rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    if (count != 1) return RD_KAFKA_RESP_ERR__FAIL;
    const rd_kafka_resp_err_t error =
        rd_kafka_ConfigResource_error(resources[0]);
    const rd_kafka_ConfigEntry_t** entries =
        rd_kafka_ConfigResource_configs(resources[0], &count);
    for (std::size_t i = 0; i < count; ++i) {
      const char* const value = rd_kafka_ConfigEntry_value(entries[i]);
      if (value == nullptr) continue;
      (*found)[rd_kafka_ConfigEntry_name(entries[i])] = value;
    }
    return error;
  }

  Status Judge(const std::map<std::string, std::string>& found,
               int replicas) const {
    const auto number = [&found](const char* name) {
      const auto it = found.find(name);
      return it == found.end() ? std::int64_t{0}
                               : std::strtoll(it->second.c_str(), nullptr, 10);
    };
    std::string wrong;
    const auto policy = found.find("cleanup.policy");
    if (policy != found.end() && policy->second != "compact") {
      wrong = fmt::format(
          "its cleanup.policy is {}, so that state would be deleted by age, or "
          "grow for ever",
          policy->second);
    } else if (number("max.message.bytes") < kMaxMessage) {
      wrong = fmt::format("its max.message.bytes is {}, too little",
                          number("max.message.bytes"));
    } else if (number("min.compaction.lag.ms") < 60'000) {
      wrong = fmt::format(
          "its min.compaction.lag.ms is {}, so that a commit that was torn "
          "could not be put right",
          number("min.compaction.lag.ms"));
    }
    if (number("min.insync.replicas") < InSync(replicas)) {
      Warn(fmt::format(
          "its min.insync.replicas is {} where {} brokers have it: "
          "what only one has may be lost with it; {} is right",
          number("min.insync.replicas"), replicas, InSync(replicas)));
    }
    if (wrong.empty()) return {};
    return Wrong(fmt::format(
        "{}. Type:\n  kafka-configs.sh --bootstrap-server {} --alter "
        "--entity-type topics --entity-name {} --add-config {}",
        wrong, Brokers(), options_.topic, HandSettings(Settings(), "", ",")));
  }

  const KafkaChangelogOptions& options_;
  Handle handle_;
  KafkaQueue queue_;
};

}  // namespace

Result<std::uint32_t> CheckChangelogTopic(
    const KafkaChangelogOptions& options) {
  return ChangelogTopic(options).Check();
}

}  // namespace premura
