// SPDX-License-Identifier: Apache-2.0
// The changelog's protocol, step by step, on a log that does what it is told;
// at random: changelog_simulation_test.cc.

#include "signals/changelog.h"

#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/simulated_log.h"

namespace premura {
namespace {

using Fate = CheckpointResult::Fate;
using Kind = LogTrouble::Kind;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

// A log without faults but for those that are put in: the next call of that
// name answers so, after it was done, or instead.
class ScriptedLog final : public TransactionLog {
 public:
  ScriptedLog(std::string id, SimulatedBroker* broker)
      : id_(std::move(id)), log_(id_, broker, [](int) { return false; }) {}

  void Fail(const std::string& call, Kind kind, bool done = false) {
    faults_[call].push_back({kind, done});
  }

  std::string writer() const override { return id_; }
  LogTrouble Init() override {
    return Do("init", [this] { return log_.Init(); });
  }
  LogTrouble Begin() override {
    at_begin();
    return Do("begin", [this] { return log_.Begin(); });
  }
  LogTrouble Append(std::uint32_t partition, const LogRecord& record) override {
    return Do("append", [&] { return log_.Append(partition, record); });
  }
  LogTrouble SendPositions(const std::map<std::string, std::int64_t>& positions,
                           const Membership* membership) override {
    return Do("send",
              [&] { return log_.SendPositions(positions, membership); });
  }
  LogTrouble Commit() override {
    return Do("commit", [this] { return log_.Commit(); });
  }
  LogTrouble Abort() override {
    return Do("abort", [this] { return log_.Abort(); });
  }
  Result<Ends> EndsOf(std::uint32_t partition) override {
    return log_.EndsOf(partition);
  }
  Status Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
              const Visit& visit) override {
    read_from = from;
    return log_.Read(partition, from, to, visit);
  }
  Result<Committed> CommittedOf(
      const std::vector<std::string>& inputs) override {
    if (group_is_slow) return Committed();
    return log_.CommittedOf(inputs);
  }
  Result<Unread> UnreadOf(const std::vector<std::string>& inputs) override {
    return log_.UnreadOf(inputs);
  }
  void Cancel() override {}
  LogTrouble AbortUndecided(std::uint32_t partition) override {
    return Do("abort undecided",
              [&] { return log_.AbortUndecided(partition); });
  }

  std::vector<std::string> calls;
  bool group_is_slow = false;
  std::int64_t read_from = 0;  // The last time.
  std::function<void()> at_begin = [] {};

 private:
  struct Fault {
    Kind kind;
    bool done;
  };
  template <typename What>
  LogTrouble Do(const std::string& call, const What& what) {
    calls.push_back(call);
    std::deque<Fault>& faults = faults_[call];
    if (faults.empty()) return what();
    const Fault fault = faults.front();
    faults.pop_front();
    if (fault.done) (void)what();
    return {fault.kind, call};
  }

  const std::string id_;
  SimulatedLog log_;
  std::map<std::string, std::deque<Fault>> faults_;
};

constexpr CellId kCell = {.number = 0, .life = 1};
const std::vector<std::string> kInputs = {"events/0"};

// One instance, which has the first partition, or thinks so.
struct Instance {
  Instance(const std::string& name, SimulatedBroker* broker)
      : log(name, broker),
        changelog(&log,
                  {.partitions = 2, .random = [this] { return ++owners; }}) {
    changelog.Begin();
  }

  Changelog::Opened Open(bool impatient = false, bool anew = false) {
    return changelog.Open(kCell, kInputs, impatient, anew);
  }
  // The customers' records, an empty one for what goes.
  CheckpointResult Write(
      std::int64_t position, std::uint64_t generation,
      const std::vector<std::pair<std::string, std::string>>& customers) {
    std::vector<CheckpointPart> parts(2);
    parts[0].cell = parts[1].cell = kCell;
    parts[0].records.Add(RecordKind::kSource, "input",
                         "at " + std::to_string(position));
    parts[0].positions["events/0"] = position;
    parts[0].membership = std::make_shared<SimulatedMembership>(generation);
    for (const auto& [customer, record] : customers) {
      parts[1].records.Add(RecordKind::kCustomer, customer, record);
    }
    return changelog.Write(parts);
  }

  std::uint32_t owners = 0;
  ScriptedLog log;
  Changelog changelog;
};

class ChangelogTest : public testing::Test {
 protected:
  // As a new owner finds it.
  Changelog::Opened Find() { return Instance("finder", &broker_).Open(); }
  std::int64_t Committed() {
    return broker_.CommittedOf(kInputs)->at("events/0");
  }

  SimulatedBroker broker_{2};
  Instance a_{"a", &broker_};
};

TEST_F(ChangelogTest, ANewPartitionIsKnownByNobody) {
  const Changelog::Opened opened = a_.Open();
  EXPECT_EQ(opened.waits, "");
  EXPECT_EQ(opened.damage, "");
  EXPECT_FALSE(opened.progress);
  EXPECT_THAT(opened.records, IsEmpty());
}

TEST_F(ChangelogTest, WhoComesNextFindsWhatWasWritten) {
  (void)a_.Open();
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}, {"bob", "two"}}).fate,
            Fate::kWritten);
  EXPECT_EQ(a_.Write(9, 0, {{"bob", "three"}, {"cid", "four"}}).fate,
            Fate::kWritten);
  EXPECT_EQ(a_.Write(12, 0, {{"cid", ""}}).fate, Fate::kWritten);
  const Changelog::Opened found = Find();
  ASSERT_TRUE(found.progress);
  EXPECT_EQ(found.progress->source, "at 12");
  EXPECT_EQ(found.progress->positions.at("events/0"), 12);
  EXPECT_EQ(found.progress->writer, "a");
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dbob", "three")));
  EXPECT_FALSE(found.moved);
  EXPECT_EQ(Committed(), 12);
}

TEST_F(ChangelogTest, WritesNothingOfCellsThatAreNotOpen) {
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  (void)a_.Open();
  a_.changelog.Drop(kCell);
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  EXPECT_FALSE(Find().progress);
}

// What is lost with a checkpoint that is void the next one does not have.
TEST_F(ChangelogTest, AfterAVoidCheckpointNothingIsWrittenUntilItIsOpenedAnew) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  ++broker_.generation;
  ASSERT_EQ(a_.Write(9, 0, {{"ann", "two"}}).fate, Fate::kVoid);
  --broker_.generation;
  EXPECT_EQ(a_.Write(12, 0, {{"bob", "three"}}).fate, Fate::kWritten);
  EXPECT_EQ(Find().progress->source, "at 5");
  (void)a_.Open();
  EXPECT_EQ(a_.Write(12, 0, {{"ann", "two"}, {"bob", "three"}}).fate,
            Fate::kWritten);
  EXPECT_EQ(Find().progress->source, "at 12");
}

// However long ago it was opened.
TEST_F(ChangelogTest, ADoubtHasLittleToRead) {
  constexpr int kCommits = 200;
  constexpr int kRecordsEach = 2;  // And the progress record.
  (void)a_.Open();
  for (int i = 1; i <= kCommits; ++i) {
    ASSERT_EQ(a_.Write(i, 0, {{"ann", std::to_string(i)}}).fate,
              Fate::kWritten);
  }
  a_.log.Fail("commit", Kind::kFatal, true);
  EXPECT_EQ(a_.Write(kCommits + 1, 0, {{"ann", "in doubt"}}).fate,
            Fate::kTryAgain);
  EXPECT_EQ(a_.Write(kCommits + 1, 0, {{"ann", "in doubt"}}).fate,
            Fate::kWritten);
  EXPECT_GT(a_.log.read_from, kCommits * kRecordsEach / 2);
  EXPECT_EQ(Find().records.at("Dann"), "in doubt");
}

// What there was of others is gone with the old one.
TEST_F(ChangelogTest, OneThatIsMadeAnewMeanwhileIsFoundOut) {
  (void)a_.Open();
  for (int i = 1; i <= 50; ++i) {
    ASSERT_EQ(a_.Write(i, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  }
  broker_.MakeAnew(0);
  CheckpointResult result;
  for (int i = 51; i <= 70 && result.fate == Fate::kWritten; ++i) {
    result = a_.Write(i, 0, {{"bob", "two"}});
  }
  EXPECT_EQ(result.fate, Fate::kVoid);
  EXPECT_EQ(result.problem, "the changelog was made anew meanwhile");
  EXPECT_EQ(a_.Open().damage, "the changelog was made anew while premura ran");
  const Changelog::Opened opened = a_.Open(false, true);
  EXPECT_EQ(opened.damage, "");
  EXPECT_FALSE(opened.progress);
  ASSERT_EQ(a_.Write(9, 0, {{"cid", "three"}}).fate, Fate::kWritten);
  const Changelog::Opened found = Find();
  EXPECT_EQ(found.damage, "");
  EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dcid", "three")));
}

// Before it is compacted, and with it the record of ours that it hides.
TEST_F(ChangelogTest, WhatAFormerOwnerWritesLateIsFoundOutByItsHeir) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(1, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  (void)b.Open();
  ASSERT_EQ(b.Write(2, 0, {{"ann", "two"}}).fate, Fate::kWritten);
  ASSERT_EQ(a_.Write(99, 0, {{"ann", "late"}}).fate, Fate::kWritten);
  CheckpointResult result;
  for (int i = 3; i <= 40 && result.fate == Fate::kWritten; ++i) {
    result = b.Write(i, 0, {{"bob", "three"}});
  }
  EXPECT_EQ(result.fate, Fate::kVoid);
  EXPECT_EQ(result.problem, "another owner has written meanwhile");
  EXPECT_EQ(b.Open().records.at("Dann"), "two");
  ASSERT_EQ(b.Write(50, 0, {{"cid", "four"}}).fate, Fate::kWritten);
  broker_.Compact(0, 0);
  EXPECT_EQ(Find().records.at("Dann"), "two");
}

// What it has written itself it does not read again.
TEST_F(ChangelogTest, WhoIsAloneHasNothingToLookFor) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(0, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  a_.log.read_from = -1;
  for (int i = 1; i <= 100; ++i) {
    ASSERT_EQ(a_.Write(i, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  }
  EXPECT_EQ(a_.log.read_from, -1);
}

struct Trouble {
  const char* call;
  Kind kind;
  bool done;     // The call had its effect nevertheless.
  bool written;  // So had the transaction.
};

class ChangelogTroubleTest : public ChangelogTest,
                             public testing::WithParamInterface<Trouble> {};

// Whatever it was: tried again it is written, and written once.
TEST_P(ChangelogTroubleTest, IsOverAfterAnotherTry) {
  const Trouble& trouble = GetParam();
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  a_.log.Fail(trouble.call, trouble.kind, trouble.done);
  const CheckpointResult first = a_.Write(9, 0, {{"ann", "two"}});
  EXPECT_EQ(first.fate, Fate::kTryAgain);
  EXPECT_EQ(first.problem, trouble.call);
  a_.log.calls.clear();
  EXPECT_EQ(a_.Write(9, 0, {{"ann", "two"}}).fate, Fate::kWritten);
  const auto tried = std::count(a_.log.calls.begin(), a_.log.calls.end(),
                                std::string("commit"));
  EXPECT_EQ(tried, trouble.written ? 0 : 1);
  const Changelog::Opened found = Find();
  EXPECT_EQ(found.progress->source, "at 9");
  EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dann", "two")));
  EXPECT_EQ(Committed(), 9);
}

INSTANTIATE_TEST_SUITE_P(
    All, ChangelogTroubleTest,
    testing::Values(Trouble{"begin", Kind::kFatal, false, false},
                    Trouble{"append", Kind::kAbort, false, false},
                    Trouble{"append", Kind::kFatal, true, false},
                    Trouble{"send", Kind::kAbort, false, false},
                    Trouble{"send", Kind::kFatal, true, false},
                    Trouble{"commit", Kind::kRetry, false, false},
                    Trouble{"commit", Kind::kRetry, true, true},
                    Trouble{"commit", Kind::kAbort, false, false},
                    Trouble{"commit", Kind::kFatal, false, false},
                    Trouble{"commit", Kind::kFatal, true, true}));

TEST_F(ChangelogTest, PositionsAreSentAgainAtOnce) {
  (void)a_.Open();
  a_.log.Fail("send", Kind::kRetry);
  a_.log.Fail("send", Kind::kRetry, true);
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
}

TEST_F(ChangelogTest, AfterAnAbortAnotherProducerGoesOn) {
  (void)a_.Open();
  a_.log.Fail("append", Kind::kAbort);
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kTryAgain);
  EXPECT_EQ(a_.log.calls.back(), "abort");
  a_.log.calls.clear();
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  EXPECT_EQ(a_.log.calls.front(), "init");
}

TEST_F(ChangelogTest, AMemberOfAnEarlierGenerationWritesNothing) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  ++broker_.generation;
  const CheckpointResult late = a_.Write(9, 0, {{"ann", "two"}});
  EXPECT_EQ(late.fate, Fate::kVoid);
  EXPECT_THAT(late.problem, HasSubstr("generation"));
  EXPECT_EQ(a_.changelog.counts().fenced, 1U);
  EXPECT_EQ(Find().progress->source, "at 5");
}

TEST_F(ChangelogTest, WaitsForAFormerOwnersTransactionOrEndsIt) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  // It dies between its records and their end.
  a_.log.Fail("commit", Kind::kRetry);
  ASSERT_EQ(a_.Write(9, 0, {{"ann", "two"}}).fate, Fate::kTryAgain);
  ++broker_.generation;
  Instance b("b", &broker_);
  EXPECT_EQ(b.Open().waits, "a former owner's transaction is not over");
  EXPECT_EQ(b.Open().waits, "a former owner's transaction is not over");
  EXPECT_EQ(b.Open(true).waits, "a former owner's transaction is being ended");
  const Changelog::Opened found = b.Open();
  EXPECT_EQ(found.waits, "");
  EXPECT_EQ(found.progress->source, "at 5");
  EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dann", "one")));
}

TEST_F(ChangelogTest, SaysWhyATransactionCannotBeEnded) {
  const std::uint32_t epoch = broker_.Init("b");
  broker_.Append("b", epoch, false, 0, {"Dann", "x", ""});
  a_.log.Fail("abort undecided", Kind::kRetry);
  EXPECT_EQ(a_.Open(true).waits,
            "a former owner's transaction is not over: abort undecided");
}

// What it wrote meanwhile nobody here knows of.
TEST_F(ChangelogTest, WhoIsInDoubtAndNotAloneStartsOver) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  a_.log.Fail("commit", Kind::kFatal);
  ASSERT_EQ(a_.Write(6, 0, {{"ann", "two"}}).fate, Fate::kTryAgain);
  broker_.Init("a");
  Instance b("b", &broker_);
  b.owners = 40;
  ASSERT_EQ(b.Open().waits, "");
  ASSERT_EQ(b.Write(9, 0, {{"ann", "other"}}).fate, Fate::kWritten);
  const CheckpointResult result = a_.Write(6, 0, {{"ann", "two"}});
  EXPECT_EQ(result.fate, Fate::kVoid);
  EXPECT_EQ(result.problem, "another owner has written meanwhile");
}

// Whoever wrote before: what is open is of one that never got further.
TEST_F(ChangelogTest, EndsWhatIsOpenAndNotWhoWroteLast) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  ++broker_.generation;
  ASSERT_EQ(b.Open().waits, "");
  b.log.Fail("commit", Kind::kRetry);
  ASSERT_EQ(b.Write(6, 1, {{"ann", "two"}}).fate, Fate::kTryAgain);
  // Of another cell, meanwhile.
  LogTrouble begun = a_.log.Begin();
  begun = begun.ok() ? a_.log.Append(1, {"Dbob", "one", "head"}) : begun;
  ASSERT_TRUE(begun.ok());
  Instance c("c", &broker_);
  EXPECT_EQ(c.Open(true).waits, "a former owner's transaction is being ended");
  EXPECT_EQ(c.Open().progress->source, "at 5");
  EXPECT_TRUE(a_.log.Commit().ok());
}

TEST_F(ChangelogTest, EndsWhatIsOpenOfWhoeverItWasBefore) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  a_.changelog.Drop(kCell);
  Instance b("b", &broker_);
  ASSERT_EQ(b.Open().waits, "");
  b.log.Fail("commit", Kind::kRetry);
  ASSERT_EQ(b.Write(6, 0, {{"ann", "two"}}).fate, Fate::kTryAgain);
  EXPECT_EQ(a_.Open(true).waits, "a former owner's transaction is being ended");
  EXPECT_EQ(a_.Open().progress->source, "at 5");
}

// Init() ends it, with the next commit.
TEST_F(ChangelogTest, WhatItHasOpenItselfItDoesNotTakeForAnothers) {
  (void)a_.Open();
  a_.log.Fail("commit", Kind::kRetry);
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kTryAgain);
  EXPECT_NE(a_.Open(true).waits, "");
  EXPECT_NE(a_.Open(true).waits, "");
  EXPECT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  EXPECT_EQ(a_.Open().progress->source, "at 5");
}

// Its broker may be slow: nobody's transaction is ended for that.
TEST_F(ChangelogTest, WaitsForTheGroupsWordAndEndsNobodysTransaction) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  b.log.group_is_slow = true;
  EXPECT_EQ(b.Open(true).waits,
            "a former owner's transaction is not over, or the group's broker "
            "is slow");
  EXPECT_THAT(b.log.calls, Not(Contains("abort undecided")));
  b.log.group_is_slow = false;
  EXPECT_EQ(b.Open(true).progress->source, "at 5");
}

// What a late end of an earlier transaction has committed of one that was not
// whole yet (KAFKA-17754).
TEST_F(ChangelogTest, ACommitInPartDoesNotCount) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}, {"cid", "old"}}).fate,
            Fate::kWritten);
  const std::string head = PackHead(
      {{.epoch = 1, .owner = 1, .number = 2}, ChecksumOf("Dann", "two")});
  const std::string gone =
      PackHead({{.epoch = 1, .owner = 1, .number = 2}, ChecksumOf("Dcid", {})});
  const std::uint32_t epoch = broker_.Init("a");
  broker_.Append("a", epoch, false, 0, {"Dann", "two", head});
  broker_.Append("a", epoch, true, 0, {"Dcid", {}, gone});
  broker_.End("a", epoch, true);

  Instance b("b", &broker_);
  const Changelog::Opened found = b.Open();
  EXPECT_EQ(found.progress->source, "at 5");
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dcid", "old")));
  EXPECT_EQ(b.changelog.counts().torn, 1U);
  // The next owner puts it right at once: compaction may take the rest.
  ASSERT_EQ(b.Write(5, 0, {}).fate, Fate::kWritten);
  broker_.Compact(0, 0);
  Instance c("c", &broker_);
  EXPECT_THAT(c.Open().records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dcid", "old")));
  EXPECT_EQ(c.changelog.counts().torn, 0U);
}

// The same, of one that has lost its beginning.
TEST_F(ChangelogTest, AProgressRecordThatLacksOthersDoesNotCount) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  const Changelog::Opened before = Find();
  Progress progress = *before.progress;
  progress.number = 2;
  progress.records = 1;
  progress.source = "at 9";
  const std::string bytes = Pack(progress);
  const std::uint32_t epoch = broker_.Init("a");
  broker_.Append(
      "a", epoch, false, 0,
      {kProgressKey, bytes,
       PackHead({progress.stamp(), ChecksumOf(kProgressKey, bytes)})});
  broker_.End("a", epoch, true);
  Instance b("b", &broker_);
  EXPECT_EQ(b.Open().progress->source, "at 5");
  EXPECT_EQ(b.changelog.counts().torn, 1U);
}

// One who has been overtaken, and whose commit arrives nevertheless.
TEST_F(ChangelogTest, WhatAFormerOwnerWritesLateDoesNotCount) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  (void)b.Open();
  ASSERT_EQ(b.Write(6, 0, {{"bob", "two"}}).fate, Fate::kWritten);
  // The broker takes it for what it is not.
  ASSERT_EQ(a_.Write(99, 0, {{"ann", "late"}, {"bob", "late"}}).fate,
            Fate::kWritten);
  ASSERT_EQ(b.Write(7, 0, {{"cid", "three"}}).fate, Fate::kWritten);
  Instance c("c", &broker_);
  const Changelog::Opened found = c.Open();
  EXPECT_EQ(found.progress->source, "at 7");
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dbob", "two"),
                                   Pair("Dcid", "three")));
  EXPECT_GT(c.changelog.counts().torn, 0U);
}

// Between a look at the log and the first commit.
TEST_F(ChangelogTest, WhoHasNotSeenAllOfAFormerOwnersWordTakesItOverAgain) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  (void)b.Open();
  ASSERT_EQ(a_.Write(6, 0, {{"ann", "two"}}).fate, Fate::kWritten);
  const CheckpointResult claim = b.Write(5, 0, {});
  EXPECT_EQ(claim.fate, Fate::kVoid);
  EXPECT_EQ(claim.problem, "another owner has written meanwhile");
}

TEST_F(ChangelogTest, TheStateHoldsWhereTheGroupSaysOtherwise) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  const std::uint32_t epoch = broker_.Init("somebody");
  broker_.SendPositions("somebody", epoch, 0, {{"events/0", 77}});
  broker_.End("somebody", epoch, true);
  Instance b("b", &broker_);
  const Changelog::Opened found = b.Open();
  EXPECT_TRUE(found.moved);
  EXPECT_EQ(found.progress->positions.at("events/0"), 5);
  EXPECT_EQ(b.changelog.counts().moved, 1U);
  EXPECT_EQ(b.changelog.counts().torn, 0U);
}

// It ends the transaction, and looks again.
TEST_F(ChangelogTest, WhatIsTornIsCountedOnceHoweverOftenItIsLookedAt) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  const std::string head = PackHead({{1, 1, 2}, ChecksumOf("Dann", "two")});
  std::uint32_t epoch = broker_.Init("a");
  broker_.Append("a", epoch, false, 0, {"Dann", "two", head});
  broker_.End("a", epoch, true);
  epoch = broker_.Init("a");
  broker_.Append("a", epoch, false, 0, {"Dann", "three", head});
  Instance b("b", &broker_);
  EXPECT_EQ(b.Open(true).waits, "a former owner's transaction is being ended");
  EXPECT_EQ(b.Open(true).waits, "");
  EXPECT_EQ(b.changelog.counts().torn, 1U);
}

// By age or by hand. What is left vouches for itself.
TEST_F(ChangelogTest, OneThatWasShortenedIsReadFromWhereItBeginsLoudlyOnce) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  const std::int64_t first = broker_.EndsOf(0).stable;
  ASSERT_EQ(a_.Write(9, 0, {{"bob", "two"}}).fate, Fate::kWritten);
  broker_.Shorten(0, first);
  {
    Instance b("b", &broker_);
    const Changelog::Opened found = b.Open();
    EXPECT_EQ(found.waits, "");
    EXPECT_EQ(found.damage, "");
    EXPECT_EQ(found.gap,
              "the changelog begins at " + std::to_string(first) +
                  ": it was shortened, and customers who have not changed "
                  "since are not in it any more");
    EXPECT_EQ(found.progress->source, "at 9");
    EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dbob", "two")));
    ASSERT_EQ(b.Write(9, 0, {}).fate, Fate::kWritten);
  }
  {
    Instance c("c", &broker_);
    const Changelog::Opened found = c.Open();
    EXPECT_EQ(found.gap, "");
    EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dbob", "two")));
    // Begun anew it has no gap.
    (void)c.Open(false, true);
    ASSERT_EQ(c.Write(1, 0, {{"cid", "three"}}).fate, Fate::kWritten);
  }
  EXPECT_EQ(Find().gap, "");
}

TEST_F(ChangelogTest, OneThatHasLostItsLastCommitBeginsAnew) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}, {"bob", "two"}}).fate,
            Fate::kWritten);
  broker_.Shorten(0, 1);
  EXPECT_EQ(Find().damage, "its last commit is not all there");
}

TEST_F(ChangelogTest, APartitionThatCameLaterIsWaitedForInWords) {
  const Changelog::Opened opened =
      a_.changelog.Open({.number = 2, .life = 1}, {"events/2"}, true, false);
  EXPECT_EQ(opened.waits,
            "the source's topics had 2 partitions when premura started, and "
            "have more now: customers are in others than their state is. Stop "
            "all instances, name another `state.kafka.changelog_topic`, and "
            "start them");
  EXPECT_TRUE(opened.for_long);
}

// --- One that comes back -----------------------------------------------------

TEST_F(ChangelogTest, GoesOnAsItWasIfNobodyElseHasWritten) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  ++broker_.generation;
  const Changelog::GoneOn back = a_.changelog.GoOn(kCell, kInputs, false);
  EXPECT_EQ(back.waits, "");
  EXPECT_TRUE(back.ours);
  ASSERT_EQ(a_.Write(9, 1, {{"bob", "two"}}).fate, Fate::kWritten);
  const Changelog::Opened found = Find();
  EXPECT_EQ(found.progress->source, "at 9");
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dbob", "two")));
}

TEST_F(ChangelogTest, DoesNotGoOnIfSomebodyElseHasWritten) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  (void)b.Open();
  ASSERT_EQ(b.Write(6, 0, {}).fate, Fate::kWritten);
  const Changelog::GoneOn back = a_.changelog.GoOn(kCell, kInputs, false);
  EXPECT_EQ(back.waits, "");
  EXPECT_FALSE(back.ours);
}

// It had read the cell, and gave it back before it said so; what it writes all
// the same comes too late to be the last word.
TEST_F(ChangelogTest, WhoOnlyMeantToWriteMeanwhileIsNoOwner) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  b.owners = 40;
  (void)b.Open();
  ASSERT_TRUE(a_.changelog.GoOn(kCell, kInputs, false).ours);
  ASSERT_EQ(a_.Write(6, 0, {{"ann", "two"}}).fate, Fate::kWritten);
  EXPECT_EQ(b.Write(99, 0, {{"ann", "late"}}).fate, Fate::kVoid);
  ASSERT_EQ(a_.Write(7, 0, {{"bob", "three"}}).fate, Fate::kWritten);
  const Changelog::Opened found = Find();
  EXPECT_EQ(found.progress->source, "at 7");
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "two"), Pair("Dbob", "three")));
}

// Between its look and its word.
TEST_F(ChangelogTest, WhoGoesOnStillLooksWhetherAnotherWasFirst) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  b.owners = 40;
  (void)b.Open();
  ASSERT_TRUE(a_.changelog.GoOn(kCell, kInputs, false).ours);
  ASSERT_EQ(b.Write(6, 0, {{"ann", "other"}}).fate, Fate::kWritten);
  const CheckpointResult late = a_.Write(7, 0, {{"ann", "two"}});
  EXPECT_EQ(late.fate, Fate::kVoid);
  EXPECT_EQ(Find().records.at("Dann"), "other");
}

// It was deleted, and made anew: what it had is to be missed, and made up for.
TEST_F(ChangelogTest, DoesNotGoOnWhereTheLogEndsBeforeWhatWasThere) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  for (int i = 6; i <= 70; ++i) {  // It looks at where it ends now and then.
    ASSERT_EQ(a_.Write(i, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  }
  broker_ = SimulatedBroker{2};
  const Changelog::GoneOn back = a_.changelog.GoOn(kCell, kInputs, false);
  EXPECT_EQ(back.waits, "");
  EXPECT_FALSE(back.ours);
  a_.changelog.Drop(kCell);
  EXPECT_EQ(a_.Open().damage, "the changelog was made anew while premura ran");
  // However often it is asked, until it has begun anew.
  EXPECT_EQ(a_.Open().damage, "the changelog was made anew while premura ran");
  EXPECT_EQ(a_.Open(false, true).damage, "");
  EXPECT_EQ(a_.Open().damage, "");
}

TEST_F(ChangelogTest, DoesNotGoOnFromWhatIsInDoubt) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  a_.log.Fail("commit", Kind::kFatal, true);
  ASSERT_EQ(a_.Write(6, 0, {{"ann", "two"}}).fate, Fate::kTryAgain);
  EXPECT_FALSE(a_.changelog.GoOn(kCell, kInputs, false).ours);
}

TEST_F(ChangelogTest, GoesOnOnlyOnceAllIsDecided) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  const std::uint32_t epoch = broker_.Init("b");
  broker_.SendPositions("b", epoch, 0, {{"events/0", 77}});
  EXPECT_EQ(a_.changelog.GoOn(kCell, kInputs, false).waits,
            "a former owner's transaction is not over, or the group's broker "
            "is slow");
  broker_.Append("b", epoch, false, 0, {"Dann", "x", ""});
  EXPECT_EQ(a_.changelog.GoOn(kCell, kInputs, false).waits,
            "a former owner's transaction is not over");
  EXPECT_EQ(a_.changelog.GoOn(kCell, kInputs, true).waits,
            "a former owner's transaction is being ended");
  EXPECT_TRUE(a_.changelog.GoOn(kCell, kInputs, false).ours);
}

class DamageTest : public testing::Test {
 protected:
  void Put(const LogRecord& record) {
    const std::uint32_t epoch = broker_.Init("x");
    broker_.Append("x", epoch, false, 0, record);
    broker_.End("x", epoch, true);
  }
  Changelog::Opened Open(bool anew = false) {
    Instance instance("y", &broker_);
    Changelog::Opened opened = instance.Open(false, anew);
    if (anew) {
      EXPECT_EQ(instance.Write(3, 0, {{"eve", "new"}}).fate, Fate::kWritten);
    }
    return opened;
  }

  const Stamp stamp_ = {1, 1, 1};
  const std::string good_ = PackHead({stamp_, ChecksumOf("Dann", "one")});
  SimulatedBroker broker_{2};
};

TEST_F(DamageTest, WhatIsDamagedBeginsAnewAndIsOver) {
  Put({"Dann", "two", good_});
  EXPECT_EQ(Open().damage, "a record is damaged");
  EXPECT_EQ(Open().damage, "a record is damaged");
  (void)Open(true);
  const Changelog::Opened after = Open();
  EXPECT_EQ(after.damage, "");
  EXPECT_THAT(after.records, UnorderedElementsAre(Pair("Deve", "new")));
  // Also of what compaction has left.
  broker_.Compact(0, 0);
  EXPECT_EQ(Open().damage, "");
}

TEST_F(DamageTest, AProgressRecordThatIsNone) {
  Put({kProgressKey, "no", PackHead({stamp_, ChecksumOf(kProgressKey, "no")})});
  EXPECT_EQ(Open().damage, "a progress record is damaged");
  (void)Open(true);
  EXPECT_EQ(Open().damage, "");
}

TEST_F(DamageTest, AHeadThatIsCutOff) {
  Put({"Dann", "one", good_.substr(0, 2)});
  EXPECT_EQ(Open().damage, "the head of a record is damaged");
  (void)Open(true);
  EXPECT_EQ(Open().damage, "");
}

// It is a newer one's, and not to be written over.
TEST_F(DamageTest, WhatCannotBeReadIsWaitedFor) {
  std::string other = good_;
  other[0] = 7;
  Put({"Dann", "one", other});
  const Changelog::Opened opened = Open();
  EXPECT_EQ(opened.waits,
            "the changelog cannot be read: it is of format 7, and this premura "
            "reads format 1");
  EXPECT_TRUE(opened.for_long);
}

// Compaction leaves one of two records with a key, and the commit is to be
// whole then.
TEST_F(ChangelogTest, OfTwoRecordsWithAKeyOnlyTheLastIsWritten) {
  (void)a_.Open();
  ASSERT_EQ(
      a_.Write(5, 0, {{"ann", "one"}, {"bob", "two"}, {"ann", "three"}}).fate,
      Fate::kWritten);
  broker_.Compact(0, 0);
  const Changelog::Opened found = Find();
  EXPECT_EQ(found.damage, "");
  ASSERT_TRUE(found.progress);
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "three"), Pair("Dbob", "two")));
}

// In the middle of a checkpoint.
TEST_F(ChangelogTest, OfACellThatGoesNothingIsSaid) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  a_.log.at_begin = [this] { a_.changelog.Drop(kCell); };
  EXPECT_EQ(a_.Write(9, 0, {{"ann", "two"}}).fate, Fate::kWritten);
  EXPECT_EQ(a_.log.calls.back(), "abort");
  EXPECT_EQ(Committed(), 5);
  EXPECT_EQ(Find().progress->source, "at 5");
}

// What somebody has put there by hand.
TEST_F(ChangelogTest, WhatIsNobodysIsPassedOverAndWrittenOver) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}, {"bob", "two"}}).fate,
            Fate::kWritten);
  const std::uint32_t epoch = broker_.Init("somebody");
  broker_.Append("somebody", epoch, false, 0, {"Dann", "stray", ""});
  broker_.Append("somebody", epoch, true, 0, {"Deve", "stray", ""});
  broker_.Append("somebody", epoch, true, 0, {kProgressKey, "stray", ""});
  broker_.Append("somebody", epoch, true, 0, {"", "stray", ""});
  broker_.End("somebody", epoch, true);

  Instance b("b", &broker_);
  const Changelog::Opened found = b.Open();
  EXPECT_EQ(found.waits, "");
  EXPECT_EQ(found.damage, "");
  EXPECT_EQ(found.progress->source, "at 5");
  EXPECT_THAT(found.records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dbob", "two")));
  EXPECT_EQ(b.changelog.counts().torn, 3U);
  ASSERT_EQ(b.Write(6, 0, {}).fate, Fate::kWritten);
  broker_.Compact(0, 0);
  EXPECT_THAT(Find().records,
              UnorderedElementsAre(Pair("Dann", "one"), Pair("Dbob", "two")));
}

TEST_F(ChangelogTest, CustomersThatWereDealtOtherwiseAreNotTakenOver) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  ScriptedLog log("b", &broker_);
  Changelog other(&log, {.partitions = 3, .random = [] { return 9U; }});
  EXPECT_EQ(other.Open(kCell, kInputs, false, false).damage,
            "the topic had 2 partitions, and has 3: customers are in others "
            "now");
  // Taken over anew nothing of it is left.
  const Changelog::Opened opened = other.Open(kCell, kInputs, false, true);
  EXPECT_EQ(opened.damage, "");
  EXPECT_FALSE(opened.progress);
  EXPECT_THAT(opened.records, IsEmpty());
}

TEST_F(ChangelogTest, TakenOverAnewEverythingKnownGoes) {
  (void)a_.Open();
  ASSERT_EQ(a_.Write(5, 0, {{"ann", "one"}}).fate, Fate::kWritten);
  Instance b("b", &broker_);
  (void)b.Open(false, true);
  ASSERT_EQ(b.Write(1, 0, {{"bob", "two"}}).fate, Fate::kWritten);
  const Changelog::Opened found = Find();
  EXPECT_EQ(found.progress->source, "at 1");
  EXPECT_THAT(found.records, UnorderedElementsAre(Pair("Dbob", "two")));
}

TEST(ProgressTest, ReadsBackAsItWas) {
  const Progress progress = {.takeovers = {{1, 7, 0}, {2, 8, 5}},
                             .number = 9,
                             .fresh = true,
                             .writer = "group-a",
                             .partitions = 12,
                             .positions = {{"events/3", 12345678901}},
                             .records = 4,
                             .checksums = 99999999999,
                             .source = "bytes"};
  const std::string bytes = Pack(progress);
  Progress read;
  ASSERT_TRUE(Unpack(bytes, &read));
  EXPECT_EQ(read, progress);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Progress part;
    EXPECT_FALSE(Unpack(bytes.substr(0, size), &part)) << size;
  }
}

TEST(ProgressTest, VouchesForWhatItsOwnerKnewOf) {
  Progress progress;
  progress.takeovers = {{3, 7, 2}, {4, 8, 5}};
  progress.number = 9;
  struct Case {
    Stamp stamp;
    bool counts;
  };
  for (const Case& each :
       {Case{{2, 1, 2}, true}, Case{{2, 1, 3}, false}, Case{{2, 1, 99}, false},
        Case{{3, 7, 5}, true}, Case{{3, 7, 6}, false}, Case{{3, 1, 4}, false},
        Case{{4, 8, 9}, true}, Case{{4, 8, 10}, false},
        Case{{5, 9, 6}, false}}) {
    EXPECT_EQ(progress.VouchesFor(each.stamp), each.counts)
        << each.stamp.epoch << " " << each.stamp.owner << " "
        << each.stamp.number;
  }
}

}  // namespace
}  // namespace premura
