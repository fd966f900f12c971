// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "notifiers/gates.h"

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;

const Timestamp kNow = *ParseInstant("2026-03-10T10:00:00Z");

class FrequencyCapTest : public testing::Test {
 protected:
  FrequencyCapTest() {
    candidate_.channel = "email";
    candidate_.rule = "page-loop";
    candidate_.category = "service";
    candidate_.priority = 50;
    candidate_.address_needed = false;
    candidate_.detected_at = kNow;
  }

  void Sent(const std::string& channel, Duration ago) {
    candidate_.contacts.push_back(
        {"s" + Number(), "other-rule", channel, kNow - ago, false, 50});
  }
  std::string Waiting(const std::string& channel, int priority) {
    std::string key = "w" + Number();
    candidate_.contacts.push_back(
        {key, "rule-" + std::to_string(priority), channel, {}, true, priority});
    return key;
  }
  Verdict Ask(bool at_send_time = false) {
    return Decide(candidate_, policy_, kNow, at_send_time);
  }

  Candidate candidate_;
  RestraintPolicy policy_;

 private:
  std::string Number() const {
    return std::to_string(candidate_.contacts.size());
  }
};

TEST_F(FrequencyCapTest, CountsOverRulesInARollingWindow) {
  policy_.frequency_cap["email"] = {2, days(7)};
  Sent("email", days(3));
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  Sent("email", days(1));
  const Verdict verdict = Ask();
  EXPECT_EQ(verdict.reason, Reason::kFrequencyCap);
  EXPECT_EQ(verdict.detail, "2/7d: 2026-03-07 10:00 UTC, 2026-03-09 10:00 UTC");
  EXPECT_EQ(Ask(true).reason, Reason::kFrequencyCap);
}

TEST_F(FrequencyCapTest, AContactExactlyAWindowOldNoLongerCounts) {
  policy_.frequency_cap["email"] = {1, days(7)};
  Sent("email", days(7));
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  Sent("email", days(7) - Duration(1));
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap);
}

TEST_F(FrequencyCapTest, CountsEachChannelApartAndAnyTogether) {
  policy_.frequency_cap["email"] = {2, days(7)};
  Sent("sms", hours(1));
  Sent("sms", hours(2));
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  policy_.frequency_cap["any"] = {2, days(7)};
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap);
}

TEST_F(FrequencyCapTest, TicketsAreNoContactsUnlessACapNamesThem) {
  policy_.frequency_cap["any"] = {1, days(7)};
  Sent("ticket", hours(1));
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  candidate_.channel = "ticket";
  Sent("email", hours(1));
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  policy_.frequency_cap["ticket"] = {1, days(7)};
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap);
}

TEST_F(FrequencyCapTest, WhatWaitsHasItsPlace) {
  policy_.frequency_cap["email"] = {1, days(7)};
  Waiting("email", 50);
  const Verdict verdict = Ask();
  EXPECT_EQ(verdict.reason, Reason::kFrequencyCap) << "first come";
  EXPECT_EQ(verdict.detail, "1/7d: rule-50 waiting");
}

TEST_F(FrequencyCapTest, AHigherPriorityDisplacesWhatWaits) {
  policy_.frequency_cap["email"] = {1, days(7)};
  const std::string loser = Waiting("email", 40);
  const Verdict verdict = Ask();
  EXPECT_EQ(verdict.kind, Verdict::Kind::kSend);
  EXPECT_EQ(verdict.outranked, std::vector<std::string>{loser});
}

TEST_F(FrequencyCapTest, ALowerPriorityIsOutranked) {
  policy_.frequency_cap["email"] = {1, days(7)};
  Waiting("email", 60);
  const Verdict verdict = Ask();
  EXPECT_EQ(verdict.reason, Reason::kOutrankedBy);
  EXPECT_EQ(verdict.detail, "rule-60");
}

TEST_F(FrequencyCapTest, TheLeastIsDisplacedAndAmongEqualsTheLast) {
  policy_.frequency_cap["any"] = {3, days(7)};
  Waiting("email", 40);
  Waiting("sms", 20);
  const std::string last = Waiting("email", 20);
  EXPECT_EQ(Ask().outranked, std::vector<std::string>{last});
}

TEST_F(FrequencyCapTest, WhatWasSentCannotBeDisplaced) {
  policy_.frequency_cap["email"] = {1, days(7)};
  Sent("email", hours(1));
  Waiting("email", 10);
  const Verdict verdict = Ask();
  EXPECT_EQ(verdict.reason, Reason::kFrequencyCap);
  EXPECT_TRUE(verdict.outranked.empty());
}

TEST_F(FrequencyCapTest, OneDisplacedForTwoCapsIsDisplacedOnce) {
  policy_.frequency_cap["email"] = {1, days(7)};
  policy_.frequency_cap["any"] = {1, days(30)};
  const std::string loser = Waiting("email", 40);
  EXPECT_EQ(Ask().outranked, std::vector<std::string>{loser});
}

// Contacts of simulated rules have no delivery.
TEST_F(FrequencyCapTest, ThoseWithoutAKeyAreDisplacedOneByOne) {
  policy_.frequency_cap["email"] = {2, days(7)};
  policy_.frequency_cap["any"] = {1, days(7)};
  for (const int priority : {1, 90}) {
    candidate_.contacts.push_back({"", "rule", "email", {}, true, priority});
  }
  EXPECT_EQ(Ask().reason, Reason::kOutrankedBy);
}

TEST_F(FrequencyCapTest, NobodyIsDisplacedForOneThatIsNotSent) {
  policy_.frequency_cap["email"] = {1, days(7)};
  Waiting("email", 40);
  candidate_.cancelled = true;
  const Verdict verdict = Ask();
  EXPECT_EQ(verdict.reason, Reason::kCancelled);
  EXPECT_TRUE(verdict.outranked.empty());
}

TEST_F(FrequencyCapTest, ARulesOwnCapTightensAndACriticalOneReplaces) {
  policy_.frequency_cap["email"] = {2, days(7)};
  candidate_.rule_caps["email"] = {1, days(7)};
  Sent("email", hours(1));
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap);
  candidate_.rule_caps["email"] = {9, days(7)};
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  Sent("email", hours(2));
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap) << "never loosened";
  candidate_.critical = true;
  EXPECT_EQ(Ask().kind, Verdict::Kind::kSend);
  policy_.frequency_cap["any"] = {2, days(7)};
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap) << "the rule does not name it";
}

TEST_F(FrequencyCapTest, AtTheMomentOfSendingOnlyWhatOutranksKeepsItsPlace) {
  policy_.frequency_cap["email"] = {1, days(7)};
  Waiting("email", 50);
  EXPECT_EQ(Ask(true).kind, Verdict::Kind::kSend);
  Waiting("email", 60);
  EXPECT_EQ(Ask(true).reason, Reason::kOutrankedBy);
}

TEST_F(FrequencyCapTest, ACapOfNoneLetsNothingThrough) {
  policy_.frequency_cap["email"] = {0, days(7)};
  EXPECT_EQ(Ask().reason, Reason::kFrequencyCap);
}

}  // namespace
}  // namespace premura
