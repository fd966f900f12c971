// SPDX-License-Identifier: Apache-2.0
// The Kafka source against a real broker.

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "signals/source.h"
#include "tests/support/kafka_broker.h"

namespace premura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using SteadyClock = std::chrono::steady_clock;

constexpr Duration kLimit = std::chrono::seconds(60);
constexpr Duration kSlice = std::chrono::milliseconds(100);

// A member of the group, and what it was handed.
class Member final : public RecordSink {
 public:
  Member(const KafkaBroker& broker, std::vector<std::string> topics,
         std::map<std::string, std::string> more = {},
         std::optional<Timestamp> make_up_from = {}) {
    more.insert({{"bootstrap.servers", broker.bootstrap()},
                 {"group.id", topics.front() + "-group"},
                 {"session.timeout.ms", "6000"},
                 {"heartbeat.interval.ms", "500"}});
    source = NewKafkaSource({.topics = std::move(topics),
                             .properties = std::move(more),
                             .log =
                                 [this](int, const std::string& text) {
                                   logged.push_back(text);
                                 },
                             .make_up_from = make_up_from})
                 .value();
  }

  void OnRecord(const Record& record) override {
    const std::string origin = source->Origin(record.partition);
    EXPECT_TRUE(assigned[record.partition]);
    values[origin].emplace_back(record.value);
    positions[record.partition] = record.position + 1;
    if (on_record) on_record(record);
  }
  void OnAssigned(std::uint32_t partition,
                  const PartitionStart& start) override {
    starts[partition] = start;
    assigned[partition] = true;
    caught_up[partition] = false;
  }
  void OnRevoked(std::uint32_t partition) override {
    assigned[partition] = false;
    positions.erase(partition);
  }
  void OnCaughtUp(std::uint32_t partition) override {
    caught_up[partition] = true;
  }
  void OnRevoking(Duration limit) override {
    EXPECT_GT(limit, Duration(0));
    ++revoking;
    source->Commit(positions);
  }

  bool Poll(std::size_t max = 1000) {
    const auto polled = source->Poll(this, max, kSlice);
    if (!polled.ok()) failure = polled.error().message;
    return polled.ok();
  }
  // Polls until it holds, or the limit has passed, or the source fails.
  bool PollUntil(const std::function<bool()>& holds) {
    const auto deadline = SteadyClock::now() + kLimit;
    while (!holds()) {
      if (SteadyClock::now() > deadline || !Poll()) return false;
    }
    return true;
  }
  std::size_t Count() const {
    std::size_t count = 0;
    for (const auto& [origin, each] : values) count += each.size();
    return count;
  }
  std::size_t Assigned() const {
    std::size_t count = 0;
    for (const auto& [partition, ours] : assigned) count += ours ? 1 : 0;
    return count;
  }
  bool CaughtUp() const {
    for (const auto& [partition, ours] : assigned) {
      if (ours && !caught_up.at(partition)) return false;
    }
    return Assigned() > 0;
  }

  std::unique_ptr<Source> source;
  std::map<std::string, std::vector<std::string>> values;
  Positions positions;
  std::map<std::uint32_t, bool> assigned;
  std::map<std::uint32_t, PartitionStart> starts;
  std::map<std::uint32_t, bool> caught_up;
  std::function<void(const Record&)> on_record;
  std::vector<std::string> logged;
  std::string failure;
  int revoking = 0;
};

std::vector<KafkaTestMessage> Numbered(int from, int to) {
  std::vector<KafkaTestMessage> messages;
  for (int i = from; i < to; ++i) messages.push_back({std::to_string(i)});
  return messages;
}

std::vector<std::string> Numbers(int from, int to) {
  std::vector<std::string> numbers;
  for (int i = from; i < to; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

class KafkaSourceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { broker = new KafkaBroker; }
  static void TearDownTestSuite() {
    delete broker;
    broker = nullptr;
  }
  static KafkaBroker* broker;
};
KafkaBroker* KafkaSourceTest::broker = nullptr;

TEST_F(KafkaSourceTest, ReadsAllPartitionsOfAllTopics) {
  const std::string a = broker->CreateTopic("a", 2);
  const std::string b = broker->CreateTopic("b", 1);
  broker->Produce(a, 0, Numbered(0, 500));
  broker->Produce(a, 1, Numbered(500, 700));
  broker->Produce(b, 0, Numbered(700, 701));
  Member member(*broker, {a, b});
  ASSERT_TRUE(member.PollUntil(
      [&] { return member.Count() == 701 && member.CaughtUp(); }));
  EXPECT_EQ(member.values[a + "/0"], Numbers(0, 500));
  EXPECT_EQ(member.values[a + "/1"], Numbers(500, 700));
  EXPECT_EQ(member.values[b + "/0"], Numbers(700, 701));
  ASSERT_TRUE(member.PollUntil(
      [&] { return member.source->Health().partitions == 3; }));
  EXPECT_TRUE(
      member.PollUntil([&] { return member.source->Health().reachable; }));
  EXPECT_TRUE(
      member.PollUntil([&] { return member.source->Health().lag == 0; }));
  EXPECT_GE(member.source->Health().rebalances, 1u);
  member.source->Close();
  EXPECT_TRUE(member.source->Poll(&member, 1, Duration(0)).value().ended);
}

TEST_F(KafkaSourceTest, HandsOnKeysHeadersTimesAndTombstones) {
  const std::string topic = broker->CreateTopic("parts", 1);
  broker->Produce(topic, 0,
                  {{"{", "", {}},
                   {.value = "v",
                    .key = "k",
                    .headers = {{"ce_id", "1"}, {"x", std::string("\0y", 2)}}},
                   {.value = "", .key = "k", .headers = {}, .tombstone = true},
                   {"last", "", {}}});
  Member member(*broker, {topic});
  std::vector<std::string> seen;
  member.on_record = [&seen](const Record& record) {
    std::string text = std::to_string(record.position) +
                       " key=" + std::string(record.key) +
                       (record.value.data() == nullptr ? " tombstone" : "");
    for (const Header& header : record.headers) {
      text += " " + std::string(header.name) + "=" +
              std::to_string(header.value.size());
    }
    EXPECT_TRUE(record.broker_time.has_value());
    seen.push_back(text);
  };
  ASSERT_TRUE(member.PollUntil([&] { return seen.size() == 4; }));
  EXPECT_THAT(seen, ElementsAre("0 key=", "1 key=k ce_id=1 x=2",
                                "2 key=k tombstone", "3 key="));
}

TEST_F(KafkaSourceTest, GoesOnBehindWhatWasCommitted) {
  const std::string topic = broker->CreateTopic("resume", 1);
  broker->Produce(topic, 0, Numbered(0, 10));
  {
    Member member(*broker, {topic});
    ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 10; }));
    member.source->Commit({{0, 3}});
    member.source->Commit({{0, 7}});
    member.source->Close();
  }
  {
    Member member(*broker, {topic});
    ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
    EXPECT_EQ(member.values[topic + "/0"], Numbers(7, 10));
    // Nothing committed: the next one reads the same.
  }
  Member member(*broker, {topic});
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  EXPECT_EQ(member.values[topic + "/0"], Numbers(7, 10));
}

// Whatever the group has committed: a checkpoint is ahead of that or level.
TEST_F(KafkaSourceTest, GoesOnWhereTheCheckpointIs) {
  const std::string topic = broker->CreateTopic("checkpoint", 2);
  broker->Produce(topic, 0, Numbered(0, 10));
  broker->Produce(topic, 1, Numbered(10, 20));
  {
    Member member(*broker, {topic});
    ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 20; }));
    const bool swapped = member.source->Origin(0) != topic + "/0";
    member.source->Commit(swapped ? Positions{{1, 4}, {0, 6}}
                                  : Positions{{0, 4}, {1, 6}});
    member.source->Close();
  }
  Member member(*broker, {topic});
  // Numbers are those of the checkpoint, whatever comes first.
  member.source->Resume(
      {{.number = 3, .name = topic + "/0", .position = 5},
       {.number = 1, .name = topic + "/1", .position = 5, .known = 8}});
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  EXPECT_EQ(member.values[topic + "/0"], Numbers(5, 10));
  EXPECT_EQ(member.values[topic + "/1"], Numbers(15, 20));
  EXPECT_TRUE(member.starts[3].resumed);
  EXPECT_EQ(member.starts[3].known, 0);
  EXPECT_TRUE(member.starts[1].resumed);
  EXPECT_EQ(member.starts[1].known, 8);
  EXPECT_EQ(member.source->Origin(3), topic + "/0");
}

TEST_F(KafkaSourceTest, BelievesTheGroupWhereItIsAheadOfTheCheckpoint) {
  const std::string topic = broker->CreateTopic("ahead", 1);
  broker->Produce(topic, 0, Numbered(0, 10));
  {
    Member member(*broker, {topic});
    ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 10; }));
    member.source->Commit({{0, 7}});
    member.source->Close();
  }
  Member member(*broker, {topic});
  member.source->Resume({{.number = 0, .name = topic + "/0", .position = 5}});
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  EXPECT_EQ(member.values[topic + "/0"], Numbers(7, 10));
  EXPECT_FALSE(member.starts[0].resumed);
  EXPECT_EQ(member.starts[0].why,
            "the group has come to 7, the checkpoint only to 5");
}

TEST_F(KafkaSourceTest, ATopicThatEndsBeforeTheCheckpointIsAnother) {
  const std::string topic = broker->CreateTopic("another", 1);
  broker->Produce(topic, 0, Numbered(0, 3));
  Member member(*broker, {topic});
  member.source->Resume({{.number = 0, .name = topic + "/0", .position = 50}});
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  EXPECT_EQ(member.values[topic + "/0"], Numbers(0, 3));
  EXPECT_FALSE(member.starts[0].resumed);
  EXPECT_EQ(member.starts[0].why,
            "it ends at 3 and the checkpoint is at 50: it is another topic of "
            "that name");
}

// The group has come to 4, and there is no checkpoint.
TEST_F(KafkaSourceTest, MakesUpForACheckpointThatIsNotThere) {
  const std::string topic = broker->CreateTopic("made-up", 1);
  broker->Produce(topic, 0, Numbered(0, 6));
  {
    Member member(*broker, {topic});
    ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 6; }));
    member.source->Commit({{0, 4}});
    member.source->Close();
  }
  {
    // From an instant after all there is.
    Member member(*broker, {topic}, {}, Timestamp(std::chrono::years(200)));
    ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
    EXPECT_EQ(member.values[topic + "/0"], Numbers(4, 6));
    EXPECT_EQ(member.starts[0].why, "");
    EXPECT_EQ(member.starts[0].known, 0);
  }
  Member member(*broker, {topic}, {}, Timestamp());
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  EXPECT_EQ(member.values[topic + "/0"], Numbers(0, 6));
  EXPECT_FALSE(member.starts[0].resumed);
  EXPECT_EQ(member.starts[0].known, 4);
  EXPECT_EQ(member.starts[0].why,
            "no checkpoint knows it, so that 0 to 3 are read again to make up "
            "for it");
}

TEST_F(KafkaSourceTest, HandsOnNoMoreThanAsked) {
  const std::string topic = broker->CreateTopic("max", 1);
  broker->Produce(topic, 0, Numbered(0, 100));
  Member member(*broker, {topic});
  ASSERT_TRUE(member.PollUntil([&] { return member.Assigned() == 1; }));
  const auto deadline = SteadyClock::now() + kLimit;
  while (member.Count() < 100 && SteadyClock::now() < deadline) {
    const std::size_t before = member.Count();
    ASSERT_TRUE(member.Poll(7));
    ASSERT_LE(member.Count() - before, 7u);
  }
  EXPECT_EQ(member.values[topic + "/0"], Numbers(0, 100));
}

TEST_F(KafkaSourceTest, StaysInTheGroupWhileItIsHeldBack) {
  const std::string topic = broker->CreateTopic("held", 1);
  broker->Produce(topic, 0, Numbered(0, 100));
  Member member(*broker, {topic},
                {{"session.timeout.ms", "1000"},
                 {"heartbeat.interval.ms", "200"},
                 {"max.poll.interval.ms", "1500"}});
  ASSERT_TRUE(member.PollUntil([&] { return member.Count() > 0; }));
  const std::size_t before = member.Count();
  const auto until = SteadyClock::now() + std::chrono::seconds(4);
  const Duration held = std::chrono::milliseconds(50);
  while (SteadyClock::now() < until) {
    ASSERT_TRUE(member.source->Poll(&member, 0, held).ok());
    std::this_thread::yield();
  }
  EXPECT_EQ(member.Count(), before);
  EXPECT_EQ(member.source->Health().rebalances, 1u);
  ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 100; }));
  EXPECT_EQ(member.values[topic + "/0"], Numbers(0, 100));
}

TEST_F(KafkaSourceTest, ReturnsSoonWhenInterrupted) {
  const std::string topic = broker->CreateTopic("interrupt", 1);
  Member member(*broker, {topic});
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  std::thread other([&] { member.source->Interrupt(); });
  const auto begin = SteadyClock::now();
  ASSERT_TRUE(member.source->Poll(&member, 1, kLimit).ok());
  EXPECT_LT(SteadyClock::now() - begin, kLimit / 2);
  other.join();
}

TEST_F(KafkaSourceTest, SurvivesACrashOfTheBroker) {
  const std::string topic = broker->CreateTopic("crash", 2);
  broker->Produce(topic, 0, Numbered(0, 100));
  Member member(*broker, {topic});
  ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 100; }));
  member.source->Commit({{0, 50}});
  broker->Crash();
  ASSERT_TRUE(
      member.PollUntil([&] { return !member.source->Health().reachable; }));
  EXPECT_THAT(member.source->Health().problem,
              HasSubstr("kafka: no broker can be reached"));
  broker->Restart();
  broker->Produce(topic, 1, Numbered(100, 200));
  ASSERT_TRUE(member.PollUntil([&] {
    return member.values[topic + "/1"].size() == 100 &&
           member.source->Health().reachable;
  }));
  EXPECT_EQ(member.values[topic + "/1"], Numbers(100, 200));
  EXPECT_EQ(member.source->Health().problem, "");
  // Where the group had to be joined anew, it is read again from what was
  // committed, if that had arrived before the crash. Nothing is left out.
  const std::vector<std::string>& seen = member.values[topic + "/0"];
  std::vector<std::string> expected = Numbers(0, 100);
  if (seen.size() > 100) {
    const bool arrived = seen[100] == "50";
    const std::vector<std::string> again = Numbers(arrived ? 50 : 0, 100);
    expected.insert(expected.end(), again.begin(), again.end());
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(KafkaSourceTest, SaysThatABrokerThatStandsStillDoesNotAnswer) {
  const std::string topic = broker->CreateTopic("frozen", 1);
  broker->Produce(topic, 0, Numbered(0, 10));
  Member member(*broker, {topic}, {{"session.timeout.ms", "45000"}});
  ASSERT_TRUE(member.PollUntil([&] { return member.CaughtUp(); }));
  EXPECT_TRUE(member.source->Health().reachable);
  broker->Freeze();
  EXPECT_TRUE(
      member.PollUntil([&] { return !member.source->Health().reachable; }));
  const std::string problem = member.source->Health().problem;
  broker->Thaw();
  EXPECT_EQ(problem, "kafka: brokers are connected, and do not answer");
  EXPECT_TRUE(
      member.PollUntil([&] { return member.source->Health().reachable; }));
  EXPECT_EQ(member.source->Health().problem, "");
  broker->Produce(topic, 0, Numbered(10, 20));
  EXPECT_TRUE(member.PollUntil([&] { return member.Count() >= 20; }));
}

TEST_F(KafkaSourceTest, SharesPartitionsWithASecondMember) {
  const std::string topic = broker->CreateTopic("share", 4);
  for (int i = 0; i < 4; ++i) {
    broker->Produce(topic, i, Numbered(i * 100, i * 100 + 100));
  }
  Member first(*broker, {topic});
  ASSERT_TRUE(first.PollUntil([&] { return first.Count() == 400; }));
  Member second(*broker, {topic});
  const auto both = [&](const std::function<bool()>& holds) {
    return first.PollUntil([&] { return !second.Poll() || holds(); });
  };
  ASSERT_TRUE(both([&] {
    return first.Assigned() == 2 && second.Assigned() == 2 && second.CaughtUp();
  })) << second.failure;
  EXPECT_GE(first.revoking, 1);
  EXPECT_EQ(second.Count(), 0u) << "what was committed on the way is not read "
                                   "again";
  second.source->Close();
  ASSERT_TRUE(first.PollUntil([&] { return first.Assigned() == 4; }));
  broker->Produce(topic, 0, {{"more"}});
  broker->Produce(topic, 3, {{"more"}});
  ASSERT_TRUE(first.PollUntil([&] { return first.Count() >= 402; }));
  EXPECT_EQ(first.Count(), 402u);
}

TEST_F(KafkaSourceTest, FailsWhenAnotherTakesItsInstanceId) {
  const std::string topic = broker->CreateTopic("fenced", 1);
  const std::map<std::string, std::string> same = {
      {"group.instance.id", "one"}};
  Member first(*broker, {topic}, same);
  ASSERT_TRUE(first.PollUntil([&] { return first.Assigned() == 1; }));
  Member second(*broker, {topic}, same);
  ASSERT_TRUE(second.PollUntil([&] { return second.Assigned() == 1; }));
  // Each believes once that it was a mistake; then the elder gives way.
  const bool both = first.PollUntil([&] {
    second.Poll();
    return !second.failure.empty();
  });
  EXPECT_FALSE(both);
  EXPECT_EQ(second.failure, "");
  EXPECT_EQ(first.failure,
            "kafka: another member of the group uses the same instance_id, and "
            "has taken this one's place");
  EXPECT_FALSE(first.source->Health().reachable);
  broker->Produce(topic, 0, {{"more"}});
  EXPECT_TRUE(second.PollUntil([&] { return second.Count() >= 1; }));
}

// As a broker does that takes a member for another one of that name.
TEST_F(KafkaSourceTest, GoesOnWhenNobodyHasItsInstanceId) {
  const std::string topic = broker->CreateTopic("fenced-once", 1);
  const std::map<std::string, std::string> same = {
      {"group.instance.id", "one"}};
  Member member(*broker, {topic}, same);
  broker->Produce(topic, 0, {{"before"}});
  ASSERT_TRUE(member.PollUntil([&] { return member.Count() == 1; }));
  {
    Member other(*broker, {topic}, same);
    ASSERT_TRUE(other.PollUntil([&] { return other.Assigned() == 1; }));
  }
  const std::string words =
      "FENCED: another seems to use the same instance_id; it joins the group "
      "once more";
  ASSERT_TRUE(member.PollUntil([&] {
    return std::count(member.logged.begin(), member.logged.end(), words) == 1;
  }));
  broker->Produce(topic, 0, {{"after"}});
  ASSERT_TRUE(member.PollUntil([&] { return member.Count() >= 3; }));
  EXPECT_EQ(member.failure, "");
  EXPECT_EQ(member.Assigned(), 1U);
}

TEST_F(KafkaSourceTest, KeepsStaticMembersPartitionsOverARestart) {
  const std::string topic = broker->CreateTopic("static", 2);
  Member other(*broker, {topic}, {{"group.instance.id", "other"}});
  {
    Member member(*broker, {topic}, {{"group.instance.id", "me"}});
    ASSERT_TRUE(member.PollUntil([&] {
      return other.Poll() && member.Assigned() == 1 && other.Assigned() == 1;
    }));
    member.source->Close();
  }
  const std::uint64_t before = other.source->Health().rebalances;
  Member member(*broker, {topic}, {{"group.instance.id", "me"}});
  ASSERT_TRUE(
      member.PollUntil([&] { return other.Poll() && member.Assigned() == 1; }));
  EXPECT_EQ(other.source->Health().rebalances, before);
}

TEST_F(KafkaSourceTest, SaysThatATopicDoesNotExist) {
  Member member(*broker, {"never-made"});
  ASSERT_TRUE(
      member.PollUntil([&] { return !member.source->Health().reachable; }));
  ASSERT_TRUE(member.PollUntil([&] {
    return member.source->Health().problem.find("never-made") !=
           std::string::npos;
  })) << member.source->Health().problem;
}

TEST_F(KafkaSourceTest, KeepsOnTryingWhereThereIsNoBroker) {
  auto source =
      NewKafkaSource({.topics = {"t"},
                      .properties = {{"bootstrap.servers", "127.0.0.1:1"},
                                     {"group.id", "g"}}})
          .value();
  Member idle(*broker, {broker->CreateTopic("idle", 1)});
  const auto deadline = SteadyClock::now() + kLimit;
  while (source->Health().reachable && SteadyClock::now() < deadline) {
    const auto begin = SteadyClock::now();
    ASSERT_TRUE(source->Poll(&idle, 10, kSlice).ok());
    EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(5));
  }
  EXPECT_THAT(source->Health().problem,
              HasSubstr("kafka: no broker can be reached"));
  source->Close();
}

}  // namespace
}  // namespace premura
