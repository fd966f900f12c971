// SPDX-License-Identifier: Apache-2.0
// The changelog in a real broker: its topic, its transactions, and what those
// leave behind who die.

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "signals/changelog.h"
#include "signals/kafka_handles.h"
#include "signals/kafka_transaction_log.h"
#include "tests/support/kafka_broker.h"

namespace premura {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;
using Fate = CheckpointResult::Fate;
using SteadyClock = std::chrono::steady_clock;

constexpr CellId kCell = {.number = 1, .life = 1};

class KafkaChangelogTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { broker = new KafkaBroker; }
  static void TearDownTestSuite() {
    delete broker;
    broker = nullptr;
  }

  KafkaChangelogOptions OptionsOf(const std::string& id) const {
    KafkaChangelogOptions options;
    options.topic = events_ + "-state";
    options.properties = {{"bootstrap.servers", broker->bootstrap()}};
    options.group = events_ + "-group";
    options.transactional_id = options.topic + "-" + id;
    options.source_topics = {events_};
    return options;
  }
  std::unique_ptr<TransactionLog> Open(const std::string& id) {
    const auto partitions = CheckChangelogTopic(OptionsOf(id));
    EXPECT_TRUE(partitions.ok())
        << (partitions.ok() ? "" : partitions.error().message);
    return OpenKafkaTransactionLog(OptionsOf(id)).value();
  }
  std::vector<std::string> inputs() const { return {events_ + "/1"}; }

  // A group without members takes positions of anybody.
  std::shared_ptr<const Membership> AsNobody() const {
    return std::make_shared<KafkaMembership>(
        rd_kafka_consumer_group_metadata_new((events_ + "-group").c_str()));
  }
  CheckpointResult Write(Changelog* changelog, std::int64_t position,
                         const std::string& record) const {
    std::vector<CheckpointPart> parts(1);
    parts[0].cell = kCell;
    parts[0].records.Add(RecordKind::kSource, "input",
                         "at " + std::to_string(position));
    parts[0].records.Add(RecordKind::kCustomer, "ann", record);
    parts[0].positions[inputs()[0]] = position;
    parts[0].membership = AsNobody();
    return changelog->Write(parts);
  }
  static Changelog::Options Owners() {
    return {.partitions = 2, .random = [] { return 7U; }};
  }
  // Tries until there is nothing to wait for.
  Changelog::Opened OpenCell(Changelog* changelog) const {
    const auto deadline = SteadyClock::now() + std::chrono::seconds(30);
    for (;;) {
      Changelog::Opened opened = changelog->Open(kCell, inputs(), true, false);
      if (opened.waits.empty() || SteadyClock::now() > deadline) return opened;
    }
  }

  static KafkaBroker* broker;
  const std::string events_ = broker->CreateTopic("events", 2);
};
KafkaBroker* KafkaChangelogTest::broker = nullptr;

TEST_F(KafkaChangelogTest, ItsTopicIsMadeAsItHasToBeAndThenFits) {
  EXPECT_EQ(CheckChangelogTopic(OptionsOf("a")).value(), 2U);
  EXPECT_EQ(CheckChangelogTopic(OptionsOf("b")).value(), 2U);
}

TEST_F(KafkaChangelogTest, ATopicThatDoesNotFitIsRefusedWithWhatToType) {
  KafkaChangelogOptions options = OptionsOf("a");
  options.topic = broker->CreateTopic("by-hand", 2);
  const auto deleting = CheckChangelogTopic(options);
  ASSERT_FALSE(deleting.ok());
  EXPECT_THAT(deleting.error().message,
              HasSubstr("its cleanup.policy is delete"));
  EXPECT_THAT(
      deleting.error().message,
      HasSubstr("kafka-configs.sh --bootstrap-server " + broker->bootstrap() +
                " --alter --entity-type topics --entity-name " + options.topic +
                " --add-config cleanup.policy=compact,"));
  options.topic = broker->CreateTopic("other-count", 3);
  const auto count = CheckChangelogTopic(options);
  ASSERT_FALSE(count.ok());
  EXPECT_THAT(count.error().message,
              HasSubstr("it has 3 partitions and '" + events_ + "' has 2"));
  options.source_topics.push_back(options.topic);
  const auto topics = CheckChangelogTopic(options);
  ASSERT_FALSE(topics.ok());
  EXPECT_THAT(topics.error().message, HasSubstr("have 2 and 3 partitions"));
  options.source_topics = {"nowhere"};
  const auto missing = CheckChangelogTopic(options);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message,
              HasSubstr("topic 'nowhere' is not there"));
}

// One broker has it, and one is all there are.
TEST_F(KafkaChangelogTest, AsManyBrokersHaveItAsTheConfigurationSays) {
  KafkaChangelogOptions options = OptionsOf("a");
  options.replication = 2;
  const auto too_many = CheckChangelogTopic(options);
  ASSERT_FALSE(too_many.ok());
  EXPECT_THAT(
      too_many.error().message,
      AllOf(HasSubstr("it cannot be created: "),
            HasSubstr("`state.kafka.replication` says how many brokers "
                      "are to have it (without it as many as have the "
                      "source's topics)"),
            HasSubstr("--partitions 2 --replication-factor 2 --config "),
            HasSubstr("min.insync.replicas=1")));
  ASSERT_TRUE(CheckChangelogTopic(OptionsOf("a")).ok());
  const auto too_few = CheckChangelogTopic(options);
  ASSERT_FALSE(too_few.ok());
  EXPECT_THAT(too_few.error().message,
              HasSubstr("only 1 broker has it, not 2: more are given to it "
                        "with kafka-reassign-partitions.sh. Or set "
                        "`state.kafka.replication` to what it has"));
}

TEST_F(KafkaChangelogTest, SaysHowMuchTheGroupHasNotRead) {
  const auto log = Open("a");
  broker->Produce(events_, 1, std::vector<KafkaTestMessage>(5));
  const std::vector<std::string> both = {events_ + "/0", events_ + "/1"};
  // What is undecided is not waited for, a coordinator may still be loading,
  // and brokers decide on the group's positions a moment later.
  const auto deadline = SteadyClock::now() + std::chrono::seconds(30);
  auto unread = log->UnreadOf(both);
  while (!unread.ok() && SteadyClock::now() < deadline) {
    unread = log->UnreadOf(both);
  }
  ASSERT_TRUE(unread.ok()) << unread.error().message;
  EXPECT_THAT(unread.value(),
              UnorderedElementsAre(Pair(both[0], 0), Pair(both[1], 5)));
  Changelog changelog(log.get(), Owners());
  changelog.Begin();
  (void)OpenCell(&changelog);
  ASSERT_EQ(Write(&changelog, 3, "one").fate, Fate::kWritten);
  while ((!unread.ok() || unread.value()[both[1]] == 5) &&
         SteadyClock::now() < deadline) {
    unread = log->UnreadOf(both);
  }
  ASSERT_TRUE(unread.ok()) << unread.error().message;
  EXPECT_THAT(unread.value(),
              UnorderedElementsAre(Pair(both[0], 0), Pair(both[1], 2)));
}

TEST_F(KafkaChangelogTest, OnceCancelledEachCallSaysSo) {
  const auto log = Open("a");
  ASSERT_TRUE(log->Init().ok());
  ASSERT_TRUE(log->Begin().ok());
  log->Cancel();
  for (const auto& [what, words] : std::map<std::string, std::string>{
           {"init_transactions", log->Init().words},
           {"begin_transaction", log->Begin().words},
           {"send_offsets_to_transaction",
            log->SendPositions({}, nullptr).words},
           {"commit_transaction", log->Commit().words},
           {"abort_transaction", log->Abort().words},
           {"committed", log->CommittedOf(inputs()).error().message},
           {"how much is unread", log->UnreadOf(inputs()).error().message},
           {"where the changelog begins and ends",
            log->EndsOf(0).error().message},
           {"reading the changelog",
            log->Read(0, 0, 1, [](const LogRecord&) {}).error().message}}) {
    EXPECT_EQ(words, "kafka: " + what + ": cancelled");
  }
}

TEST_F(KafkaChangelogTest, WhoComesNextFindsWhatWasCommitted) {
  const auto log = Open("a");
  Changelog changelog(log.get(), Owners());
  changelog.Begin();
  EXPECT_FALSE(OpenCell(&changelog).progress);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
  ASSERT_EQ(Write(&changelog, 6, "").fate, Fate::kWritten);
  ASSERT_EQ(Write(&changelog, 7, "two").fate, Fate::kWritten);

  const auto other = Open("b");
  Changelog heir(other.get(), Owners());
  const Changelog::Opened found = OpenCell(&heir);
  ASSERT_TRUE(found.progress);
  EXPECT_EQ(found.progress->source, "at 7");
  EXPECT_FALSE(found.moved);
  EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dann", "two")));
}

// A cell may be read for long; who writes looks meanwhile.
TEST_F(KafkaChangelogTest, SaysWhereItEndsWhileItIsRead) {
  const auto log = Open("a");
  Changelog changelog(log.get(), Owners());
  changelog.Begin();
  (void)OpenCell(&changelog);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
  // Two records and the end of their transaction, which comes a moment later.
  std::int64_t end = 0;
  const auto deadline = SteadyClock::now() + std::chrono::seconds(30);
  while (end < 3 && SteadyClock::now() < deadline) {
    end = log->EndsOf(1).value().stable;
  }
  std::vector<std::int64_t> seen;
  const Status read = log->Read(1, 0, end, [&](const LogRecord&) {
    seen.push_back(log->EndsOf(1).value().stable);
  });
  EXPECT_TRUE(read.ok());
  EXPECT_THAT(seen, testing::ElementsAre(end, end));
}

// The broker would end it after half a minute.
TEST_F(KafkaChangelogTest, WhatADeadOwnerLeftOpenIsEndedByTheNext) {
  const auto log = Open("a");
  Changelog changelog(log.get(), Owners());
  changelog.Begin();
  (void)OpenCell(&changelog);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
  const std::string head = PackHead({{1, 7, 2}, ChecksumOf("Dann", "half")});
  ASSERT_TRUE(log->Begin().ok());
  ASSERT_TRUE(log->Append(1, {"Dann", "half", head}).ok());
  const auto member = AsNobody();
  ASSERT_TRUE(log->SendPositions({{inputs()[0], 9}}, member.get()).ok());

  const auto other = Open("b");
  Changelog heir(other.get(), Owners());
  const auto begun = SteadyClock::now();
  EXPECT_NE(heir.Open(kCell, inputs(), false, false).waits, "");
  const Changelog::Opened found = OpenCell(&heir);
  EXPECT_LT(SteadyClock::now() - begun, std::chrono::seconds(15));
  ASSERT_TRUE(found.progress);
  EXPECT_EQ(found.progress->source, "at 5");
  EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dann", "one")));
  heir.Begin();
  ASSERT_EQ(Write(&heir, 6, "two").fate, Fate::kWritten);
  // It is awake after all, and may no more.
  const LogTrouble late = log->Commit();
  EXPECT_EQ(late.kind, LogTrouble::Kind::kFatal) << late.words;
}

TEST_F(KafkaChangelogTest, WhatIsOpenOfNobodyIsLeftToBrokers) {
  const auto log = Open("a");
  EXPECT_TRUE(log->AbortUndecided(1).ok());  // There is nothing.
  std::array<char, 512> why{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"bootstrap.servers", broker->bootstrap()},
           {"transactional.id", events_ + "-stranger"}}) {
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(),
                      why.size());
  }
  rd_kafka_t* const stranger =
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  ASSERT_NE(stranger, nullptr) << why.data();
  EXPECT_EQ(rd_kafka_init_transactions(stranger, 10'000), nullptr);
  EXPECT_EQ(rd_kafka_begin_transaction(stranger), nullptr);
  const std::string topic = OptionsOf("a").topic;
  EXPECT_EQ(rd_kafka_producev(stranger, RD_KAFKA_V_TOPIC(topic.c_str()),
                              RD_KAFKA_V_PARTITION(1), RD_KAFKA_V_KEY("k", 1),
                              RD_KAFKA_V_END),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(rd_kafka_flush(stranger, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(log->AbortUndecided(1).words,
            "it does not say whose it is; brokers end it");
  EXPECT_EQ(rd_kafka_abort_transaction(stranger, 10'000), nullptr);
  EXPECT_TRUE(log->AbortUndecided(1).ok());
  rd_kafka_destroy(stranger);
}

// Else an heir would not know whose positions are undecided.
TEST_F(KafkaChangelogTest, RecordsAreThereBeforePositions) {
  const auto log = Open("a");
  ASSERT_TRUE(log->Init().ok());
  const std::string head = PackHead({{1, 7, 2}, ChecksumOf("Dann", "half")});
  ASSERT_TRUE(log->Begin().ok());
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(log->Append(1, {"Dann", "half", head}).ok());
  }
  const auto member = AsNobody();
  ASSERT_TRUE(log->SendPositions({{inputs()[0], 9}}, member.get()).ok());
  const auto ends = log->EndsOf(1);
  ASSERT_TRUE(ends.ok());
  EXPECT_EQ(ends.value().stable, 0);
  EXPECT_EQ(ends.value().last, 5000);
}

// The last who wrote is not who has something open: who is in its first commit
// of a partition has left its name nowhere else.
TEST_F(KafkaChangelogTest, WhatIsOpenOfAnOwnerThatNeverWroteIsEndedByTheNext) {
  const auto elder = Open("a");
  Changelog changelog(elder.get(), Owners());
  changelog.Begin();
  (void)OpenCell(&changelog);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
  const auto log = Open("b");
  ASSERT_TRUE(log->Init().ok());
  ASSERT_TRUE(log->Begin().ok());
  const std::string head = PackHead({{2, 7, 2}, ChecksumOf("Dann", "half")});
  ASSERT_TRUE(log->Append(1, {"Dann", "half", head}).ok());
  ASSERT_TRUE(log->Append(1, {"Dbob", "half", head}).ok());
  const auto member = AsNobody();
  ASSERT_TRUE(log->SendPositions({{inputs()[0], 9}}, member.get()).ok());
  // The elder is alive, and busy with another partition.
  ASSERT_TRUE(elder->Begin().ok());
  ASSERT_TRUE(elder->Append(0, {"Dcid", "two", head}).ok());

  const auto other = Open("c");
  Changelog heir(other.get(), Owners());
  const auto begun = SteadyClock::now();
  const Changelog::Opened found = OpenCell(&heir);
  EXPECT_LT(SteadyClock::now() - begun, std::chrono::seconds(15));
  ASSERT_TRUE(found.progress);
  EXPECT_EQ(found.progress->source, "at 5");
  const LogTrouble committed = elder->Commit();
  EXPECT_TRUE(committed.ok()) << committed.words;
  EXPECT_EQ(log->Commit().kind, LogTrouble::Kind::kFatal);
}

// One that has the same id is the one that goes on.
TEST_F(KafkaChangelogTest, ARestartEndsWhatItLeftOpenItself) {
  const auto log = Open("a");
  ASSERT_TRUE(log->Init().ok());
  ASSERT_TRUE(log->Begin().ok());
  const auto member = AsNobody();
  ASSERT_TRUE(log->SendPositions({{inputs()[0], 9}}, member.get()).ok());
  const auto again = Open("a");
  Changelog changelog(again.get(), Owners());
  changelog.Begin();
  const Changelog::Opened found = OpenCell(&changelog);
  EXPECT_EQ(found.waits, "");
  EXPECT_FALSE(found.progress);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
}

// Nobody knows whether it arrived: what is found is one or the other, whole.
TEST_F(KafkaChangelogTest, ACommitThatIsCancelledUnderWayIsInDoubt) {
  KafkaChangelogOptions options = OptionsOf("a");
  ASSERT_TRUE(CheckChangelogTopic(options).ok());
  // librdkafka tells of each call of a transaction, in the thread that calls.
  options.properties["debug"] = "eos";
  std::promise<void> committing;
  bool armed = false;
  options.log = [&](int, const std::string& words) {
    if (!armed || words.find("API called: commit_transaction") == words.npos) {
      return;
    }
    armed = false;
    broker->Freeze();
    committing.set_value();
  };
  const auto log = OpenKafkaTransactionLog(options).value();
  Changelog changelog(log.get(), Owners());
  changelog.Begin();
  (void)OpenCell(&changelog);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
  armed = true;
  CheckpointResult result;
  std::thread writer([&] { result = Write(&changelog, 6, "two"); });
  committing.get_future().wait();
  log->Cancel();
  writer.join();
  broker->Thaw();
  EXPECT_EQ(result.fate, Fate::kTryAgain);
  EXPECT_EQ(result.problem, "kafka: commit_transaction: cancelled");

  const auto again = Open("a");
  Changelog next(again.get(), Owners());
  next.Begin();
  const Changelog::Opened found = OpenCell(&next);
  ASSERT_TRUE(found.progress) << found.waits;
  EXPECT_THAT(found.progress->source, testing::AnyOf("at 5", "at 6"));
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair(
                  "Dann", found.progress->source == "at 5" ? "one" : "two")));
  ASSERT_EQ(Write(&next, 7, "three").fate, Fate::kWritten);
}

TEST_F(KafkaChangelogTest, AMemberThatIsNoneWritesNothing) {
  const auto log = Open("a");
  ASSERT_TRUE(log->Init().ok());
  ASSERT_TRUE(log->Begin().ok());
  const KafkaMembership stranger(
      rd_kafka_consumer_group_metadata_new_with_genid(
          (events_ + "-group").c_str(), 12, "stranger", nullptr));
  const LogTrouble sent = log->SendPositions({{inputs()[0], 9}}, &stranger);
  EXPECT_EQ(sent.kind, LogTrouble::Kind::kFenced) << sent.words;
  EXPECT_TRUE(log->Abort().ok());
}

TEST_F(KafkaChangelogTest, ABrokerThatDiesInBetweenIsWaitedFor) {
  const auto log = Open("a");
  Changelog changelog(log.get(), Owners());
  changelog.Begin();
  (void)OpenCell(&changelog);
  ASSERT_EQ(Write(&changelog, 5, "one").fate, Fate::kWritten);
  broker->Crash();
  std::thread back([] { broker->Restart(); });
  const auto deadline = SteadyClock::now() + std::chrono::seconds(90);
  CheckpointResult result;
  do {
    result = Write(&changelog, 6, "two");
  } while (result.fate == Fate::kTryAgain && SteadyClock::now() < deadline);
  back.join();
  EXPECT_EQ(result.fate, Fate::kWritten) << result.problem;
  const auto other = Open("b");
  Changelog heir(other.get(), Owners());
  const Changelog::Opened found = OpenCell(&heir);
  EXPECT_EQ(found.progress->source, "at 6");
  EXPECT_FALSE(found.moved);
}

}  // namespace
}  // namespace premura
