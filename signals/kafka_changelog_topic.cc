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
constexpr int kReplicas = 3;
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

class ChangelogTopic {
 public:
  explicit ChangelogTopic(const KafkaChangelogOptions& options)
      : options_(options) {}

  Result<std::uint32_t> Check() {
    if (Status begun = Begin(); !begun.ok()) return begun.error();
    const auto wanted = SourcePartitions();
    if (!wanted.ok()) return wanted.error();
    auto there = PartitionsOf(options_.topic);
    if (!there.ok()) return there.error();
    if (there.value() == 0) {
      if (Status made = Create(wanted.value()); !made.ok()) return made.error();
      // Another may have been first, and have made it otherwise.
      there = AwaitPartitions();
      if (!there.ok()) return there.error();
    }
    if (there.value() != wanted.value()) {
      return Wrong(fmt::format(
          "it has {} partitions and {} has {}: they must be as many. State "
          "cannot be dealt over more partitions; name another changelog_topic, "
          "and the state is made up for from the events",
          there.value(), Names(), wanted.value()));
    }
    if (Status fits = LookAtSettings(); !fits.ok()) return fits.error();
    return static_cast<std::uint32_t>(wanted.value());
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

  // 0: there is no such topic. Brokers are asked for all they have: where
  // topics are made by being asked for (Kafka's default), one that is asked for
  // by its name would be there, with the wrong settings.
  Result<int> PartitionsOf(const std::string& name) {
    const rd_kafka_metadata_t* all = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(handle_.get(), 1, nullptr, &all, kAskLimit);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Failure("asking for its topics", error);
    }
    brokers_ = all->broker_cnt;
    int count = 0;
    rd_kafka_resp_err_t problem = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    for (int i = 0; i < all->topic_cnt; ++i) {
      if (name != all->topics[i].topic) continue;
      count = all->topics[i].partition_cnt;
      problem = all->topics[i].err;
    }
    rd_kafka_metadata_destroy(all);
    if (problem == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    if (problem != RD_KAFKA_RESP_ERR_NO_ERROR &&
        problem != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      return Failure(name.c_str(), problem);
    }
    return count;
  }

  // A topic that was made just now is not known everywhere yet.
  Result<int> AwaitPartitions() {
    auto count = PartitionsOf(options_.topic);
    for (int i = 0; i < kTries && count.ok() && count.value() == 0; ++i) {
      rd_kafka_poll(handle_.get(), kPause);
      count = PartitionsOf(options_.topic);
    }
    return count;
  }

  Result<int> SourcePartitions() {
    int wanted = 0;
    for (const std::string& name : options_.source_topics) {
      const auto count = PartitionsOf(name);
      if (!count.ok()) return count.error();
      if (count.value() == 0) {
        return Error{fmt::format(
            "topic '{}' is not there, or ACLs hide it from this user: "
            "`state.kafka` needs its number of partitions; create it first, "
            "or allow the user to read it",
            name)};
      }
      if (wanted != 0 && count.value() != wanted) {
        return Error{fmt::format(
            "topics {} have {} and {} partitions: with `state.kafka` all "
            "topics of a source must have as many, for what a customer does "
            "is to be in partitions of one number",
            Names(), wanted, count.value())};
      }
      wanted = count.value();
    }
    return wanted;
  }

  Status Create(int partitions) {
    const int replicas = std::min(brokers_, kReplicas);
    std::array<char, 512> why{};
    const NewTopic topic(rd_kafka_NewTopic_new(
        options_.topic.c_str(), partitions, replicas, why.data(), why.size()));
    if (topic == nullptr) return Wrong(why.data());
    for (const auto& [name, value] : Settings()) {
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
        "it cannot be created: {}. Create it by hand:\n  kafka-topics.sh "
        "--bootstrap-server {} --create --topic {} --partitions {} "
        "--replication-factor {}{}",
        words, Brokers(), options_.topic, partitions, replicas,
        HandSettings(" --config ", " --config ")));
  }

  AdminOptions Options(rd_kafka_admin_op_t operation) {
    AdminOptions options(rd_kafka_AdminOptions_new(handle_.get(), operation));
    std::array<char, 128> why{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), kAskLimit,
                                              why.data(), why.size());
    return options;
  }

  static std::string HandSettings(const char* first, const char* next) {
    std::string text;
    for (const auto& [name, value] : Settings()) {
      text += fmt::format("{}{}={}", text.empty() ? first : next, name, value);
    }
    return text;
  }

  // Who may not look at them is trusted to have made it so. A topic that was
  // made just now is not known everywhere yet.
  Status LookAtSettings() {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < kTries; ++i) {
      std::map<std::string, std::string> found;
      error = AskForSettings(&found);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Judge(found);
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

  Status Judge(const std::map<std::string, std::string>& found) const {
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
    if (wrong.empty()) return {};
    return Wrong(fmt::format(
        "{}. Type:\n  kafka-configs.sh --bootstrap-server {} --alter "
        "--entity-type topics --entity-name {} --add-config {}",
        wrong, Brokers(), options_.topic, HandSettings("", ",")));
  }

  const KafkaChangelogOptions& options_;
  Handle handle_;
  KafkaQueue queue_;
  int brokers_ = 1;
};

}  // namespace

Result<std::uint32_t> CheckChangelogTopic(
    const KafkaChangelogOptions& options) {
  return ChangelogTopic(options).Check();
}

}  // namespace premura
