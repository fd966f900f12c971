// SPDX-License-Identifier: Apache-2.0
// The kind `deadline`: what the rule language says in words, and when the
// engine looks at profiles.

#include "tests/signals/kind_case.h"

namespace premura {
namespace {

class DeadlineKind : public testing::TestWithParam<KindCase> {};

TEST_P(DeadlineKind, DoesWhatTheRuleLanguageSays) { Check(GetParam()); }

const char kBefore[] = "deadline: {field: end, before: 7d}";
const char kAfter[] = "deadline: {field: end, after: 3d}";
const char kUnless[] = "deadline: {field: end, before: 7d, unless: paid}";

// Times count from 2026-01-01T00:00:00Z.
const KindCase kDates[] = {
    {"before: at that distance, without evidence",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n clock 259199999ms\n clock 4d",
     {"@3d:"}},
    {"not a moment earlier",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n clock 259199999ms",
     {}},
    {"after: likewise",
     kAfter,
     "c profile 1s end=2026-01-11T00:00:00+02:00\n clock 365d",
     {"@310h:"}},
    {"what was due before the rule first saw the profile does not fire",
     kBefore,
     "c profile 259200001ms end=2026-01-11T00:00:00Z\n clock 365d",
     {}},
    {"what is due at that very moment does",
     kBefore,
     "c profile 3d end=2026-01-11T00:00:00Z\n clock 365d",
     {"@3d:"}},
    {"it moves when the date moves",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n"
     "c profile 2d end=2026-01-13T00:00:00Z\n clock 365d",
     {"@5d:"}},
    {"a date that moves on after it fired fires again",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n clock 4d\n"
     "c profile 5d end=2026-02-11T00:00:00Z\n clock 365d",
     {"@3d:", "@34d:"}},
    {"one that moves to a place already past does not fire",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n"
     "c profile 2d end=2026-01-08T23:59:59Z\n clock 365d",
     {}},
    {"one that moves to now does",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n"
     "c profile 2d end=2026-01-10T00:00:00Z\n clock 365d",
     {"@2d:"}},
    {"a date that is said again is no move",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n"
     "c profile 3d end=2026-01-11T00:00:00.000Z name=ann\n"
     "c profile 10d end=1768089600 \n clock 365d",
     {"@3d:"}},
    {"a date that goes away takes the timer with it",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n c profile 2d end=null\n"
     "clock 365d",
     {}},
    {"and sets it again when it is back in time",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z\n c profile 1d end=soon\n"
     "c profile 2d end=2026-01-11T00:00:00Z\n clock 365d",
     {"@3d:"}},
    {"epoch seconds, milliseconds and their digits are dates",
     kBefore,
     "a profile 1s end=1768089600\n b profile 1s end=1768089600000\n clock 9d",
     {"@3d:", "@3d:"}},
    {"what is no date is passed over",
     kBefore,
     "a profile 1s end=true\n b profile 1s end=20260111\n"
     "c profile 1s end=11.01.2026\n d profile 1s end=\n clock 365d",
     {}},
    {"a dotted path",
     "deadline: {field: dates.end, before: 7d}",
     "c profile 1s dates.end=2026-01-11T00:00:00Z\n clock 9d",
     {"@3d:"}},
};
INSTANTIATE_TEST_SUITE_P(Dates, DeadlineKind, testing::ValuesIn(kDates));

const KindCase kUnlesses[] = {
    {"unless: done",
     kUnless,
     "c profile 1s end=2026-01-11T00:00:00Z\n c paid 2d\n clock 365d",
     {}},
    {"until the date moves",
     kUnless,
     "c profile 1s end=2026-01-11T00:00:00Z\n c paid 2d\n"
     "c profile 2d end=2026-02-11T00:00:00Z\n clock 365d",
     {"@34d:"}},
    {"that is not forgotten while the date is ahead",
     kUnless,
     "c profile 1s end=2026-06-11T00:00:00Z\n c paid 2d\n clock 90d\n"
     "c profile 90d end=2026-06-11T00:00:00Z\n clock 365d",
     {}},
    {"one that comes exactly then is too late",
     kUnless,
     "c profile 1s end=2026-01-11T00:00:00Z\n c paid 3d\n clock 365d",
     {"@3d:"}},
    {"one that comes just before is not",
     kUnless,
     "c profile 1s end=2026-01-11T00:00:00Z\n c paid 259199999ms\n clock 365d",
     {}},
    {"one that came before there was a date is nothing",
     kUnless,
     "c paid 1s\n c profile 2s end=2026-01-11T00:00:00Z\n clock 365d",
     {"@3d:"}},
    {"another customer's is nothing",
     kUnless,
     "c profile 1s end=2026-01-11T00:00:00Z\n d paid 2d\n clock 365d",
     {"@3d:"}},
    {"a date that was away and is back has not moved",
     kUnless,
     "c profile 1s end=2026-01-11T00:00:00Z\n c paid 2s\n"
     "c profile 3s end=null\n clock 2d\n"
     "c profile 2d end=2026-01-11T00:00:00Z\n clock 365d",
     {}},
    {"a late one holds all the same",
     kUnless,
     "c profile 2d end=2026-01-11T00:00:00Z\n c paid 1d\n clock 365d",
     {}},
};
INSTANTIATE_TEST_SUITE_P(Unless, DeadlineKind, testing::ValuesIn(kUnlesses));

const KindCase kZones[] = {
    {"a date without a time is midnight in the customer's zone",
     kBefore,
     "c profile 1s end=2026-01-11 timezone=Europe/Rome\n clock 365d",
     {"@71h:"}},
    {"else of the account's zone, else of the country",
     kBefore,
     "c profile 1s end=2026-01-11 timezone=Rome account.timezone=Asia/Tokyo\n"
     "d profile 1s end=2026-01-11 country=it\n clock 365d",
     {"@63h:", "@71h:"}},
    {"unknown zone: a reminder does not come too late",
     kBefore,
     "c profile 1s end=2026-01-11\n clock 365d",
     {"@58h:"}},
    {"unknown zone: nobody is told too early that time is over",
     kAfter,
     "c profile 1s end=2026-01-11\n clock 365d",
     {"@324h:"}},
    {"a time needs no zone",
     kBefore,
     "c profile 1s end=2026-01-11T00:00:00Z timezone=Asia/Tokyo\n clock 365d",
     {"@3d:"}},
    {"it moves with the zone",
     kBefore,
     "c profile 1s end=2026-01-11 timezone=Asia/Tokyo\n"
     "c profile 2d timezone=America/New_York\n clock 365d",
     {"@77h:"}},
    {"but once it has fired, the same date does not fire in another zone",
     kBefore,
     "c profile 1s end=2026-01-11 timezone=Asia/Tokyo\n clock 74h\n"
     "c profile 75h timezone=America/New_York\n clock 365d",
     {"@63h:"}},
    {"what a zone moves behind the clock, and was ahead, is told then",
     kBefore,
     "c profile 1s end=2026-01-11 timezone=America/New_York\n"
     "c profile 70h timezone=Asia/Tokyo\n clock 365d",
     {"@70h:"}},
    {"likewise over",
     kAfter,
     "c profile 1s end=2026-01-11\n"
     "c profile 318h timezone=Asia/Tokyo\n clock 365d",
     {"@318h:"}},
    {"but not what `unless` has done with",
     kUnless,
     "c profile 1s end=2026-01-11 timezone=America/New_York\n c paid 2s\n"
     "c profile 70h timezone=Asia/Tokyo\n clock 365d",
     {}},
    {"days are of 24 hours, also where the clock is changed",
     kBefore,
     "c profile 1s end=2026-03-30 timezone=Europe/Rome\n clock 365d",
     {"@1942h:"}},
};
INSTANTIATE_TEST_SUITE_P(Zones, DeadlineKind, testing::ValuesIn(kZones));

// --- When the engine looks --------------------------------------------------

const char kRule[] =
    "  - {id: r, title: R, detect: {deadline: {field: end, before: 7d, "
    "unless: paid}}}\n";
const char kOther[] =
    "  - {id: other, title: O, detect: {event_count: {event: x, gte: 9, "
    "within: 1h}}}\n";

std::map<std::string, Profile::Values> File(const std::string& customer,
                                            const std::string& end) {
  return {{customer, {{"end", '"' + end + '"'}}}};
}

using Strings = std::vector<std::string>;

TEST(Deadline, ProfilesKnownAtTheStartAreSeenWhenTheClockBegins) {
  Rig rig(RuleList(kRule));
  std::map<std::string, Profile::Values> file = File("old", "2016-01-11");
  file.merge(File("soon", "2026-01-11T00:00:00Z"));
  file.merge(File("over", "2026-01-09T00:00:00Z"));
  rig.profiles().ReplaceFileLayer(file);
  rig.engine().Advance(Timestamp{});  // The clock has not begun.
  EXPECT_EQ(rig.engine().Stats().timers, 0U);
  rig.Play("x anything 2d\n clock 365d");
  EXPECT_EQ(rig.Told(), Strings{"r soon @3d:"});
}

TEST(Deadline, WhatIsSaidBeforeTheClockBeginsIsSeenThen) {
  Rig rig(RuleList(kRule));
  rig.SetProfile("old", "end", "\"2016-01-11\"");
  rig.SetProfile("soon", "end", "\"2026-01-11T00:00:00Z\"");
  rig.Play("clock 2d\n clock 365d");
  EXPECT_EQ(rig.Told(), Strings{"r soon @3d:"});
}

TEST(Deadline, AFileThatChangesMovesTheDate) {
  Rig rig(RuleList(kRule));
  rig.profiles().ReplaceFileLayer(File("c", "2026-01-11T00:00:00Z"));
  rig.Play("clock 1d");
  rig.engine().OnProfiles(
      rig.profiles().ReplaceFileLayer(File("c", "2026-01-21T00:00:00Z")));
  rig.Play("clock 12d");
  EXPECT_EQ(rig.Told(), Strings{});
  rig.engine().OnProfiles(rig.profiles().ReplaceFileLayer({}));
  rig.Play("clock 365d");
  EXPECT_EQ(rig.Told(), Strings{});
}

TEST(Deadline, ANewRuleSeesWhatIsKnownAndAnOldOneKeepsWhatItHas) {
  const auto before = RuleList(kOther);
  Rig rig(before);
  rig.profiles().ReplaceFileLayer(File("c", "2026-01-11T00:00:00Z"));
  rig.Play("clock 1d");
  EXPECT_EQ(rig.engine().Stats().customers, 0U) << "nobody asks for dates";
  const auto with = RuleList(std::string(kOther) + kRule, before.get());
  rig.Use(with);
  rig.Play("c paid 2d");
  rig.Use(RuleList(kRule, with.get()));
  rig.Play("clock 365d");
  EXPECT_EQ(rig.Told(), Strings{}) << "it knows of the payment";
}

TEST(Deadline, ANewRuleTellsWhatIsDueAtThatMoment) {
  const auto before = RuleList(kOther);
  Rig rig(before);
  rig.profiles().ReplaceFileLayer(File("c", "2026-01-11T00:00:00Z"));
  rig.Play("clock 3d");
  rig.Use(RuleList(kRule, before.get()));
  EXPECT_EQ(rig.Told(), Strings{"r c @3d:"});
}

TEST(Deadline, WhoWaitsStaysInMemoryAndOthersLeave) {
  Rig rig(RuleList(kRule));
  rig.Play(
      "late profile 1s end=2025-01-11\n c profile 1s end=2026-03-01T00:00:00Z\n"
      "clock 30d");
  EXPECT_EQ(rig.engine().Stats().customers, 1U);
  rig.Play("clock 60d\n clock 70d");
  EXPECT_EQ(rig.Told(), Strings{"r c @52d:"});
  EXPECT_EQ(rig.engine().Stats().customers, 0U);
  EXPECT_EQ(rig.engine().Stats().timers, 0U);
}

TEST(Deadline, IsSilentWhileTheOriginIsGone) {
  struct Case {
    const char* meanwhile;
    bool restarts;
    Strings told;
  };
  const char* const kBack = "c anything 2d\n clock 4d";
  const Case cases[] = {{"clock 4d", false, {}},
                        {"clock 4d", true, {}},
                        {kBack, false, {"r c @3d:"}},
                        {kBack, true, {"r c @3d:"}}};
  for (const Case& test : cases) {
    Rig rig(RuleList(kRule));
    rig.Play("c profile 1s end=2026-01-11T00:00:00Z\n c paid 2s");
    rig.Play("c profile 3s end=2026-01-11T00:00:01Z");
    rig.Play("c profile 4s end=2026-01-11T00:00:00Z");
    rig.engine().Forget(0);  // What the stream's events come from.
    rig.Save();
    if (test.restarts) rig.Restart(RuleList(kRule));
    rig.Play(test.meanwhile);
    EXPECT_EQ(rig.Told(), test.told) << test.meanwhile << test.restarts;
  }
}

TEST(Deadline, OfACustomerKnownByFileOnlyBelongsToNoOrigin) {
  Rig rig(RuleList(kRule));
  rig.profiles().ReplaceFileLayer(File("c", "2026-01-11T00:00:00Z"));
  rig.Play("x anything 1d");
  rig.engine().Forget(0);
  rig.Play("clock 4d");
  EXPECT_EQ(rig.Told(), Strings{"r c @3d:"});
}

TEST(Deadline, WhatWasDueBeforeAChangeIsNotMovedByIt) {
  Rig rig(RuleList(kRule));
  StreamEvent change = ParseStream("c profile 1s end=2026-01-11T00:00:00Z")[0];
  rig.Take(change);
  change = ParseStream("c profile 4d end=2026-02-11T00:00:00Z")[0];
  change.clock = std::chrono::hours(24);  // The watermark stays behind.
  rig.Take(change);
  EXPECT_EQ(rig.Told(), Strings{"r c @3d:"});
}

TEST(Deadline, OnlyForIsLookedAtWhenItFires) {
  Rig rig(
      RuleList("  - {id: r, title: R, only_for: {tier: pro}, detect: "
               "{deadline: {field: end, before: 7d}}}\n"));
  rig.Play(
      "a profile 1s end=2026-01-11T00:00:00Z tier=pro\n"
      "b profile 1s end=2026-01-11T00:00:00Z\n"
      "c profile 1s end=2026-01-11T00:00:00Z\n"
      "a profile 2s tier=free\n b profile 2s tier=pro\n clock 4d");
  EXPECT_EQ(rig.Told(), Strings{"r b @3d:"});
}

TEST(Deadline, FeedsOtherRules) {
  Rig rig(RuleList(std::string(kRule) +
                   "  - {id: s, title: S, detect: {event_count: {event: "
                   "\"detection:r\", gte: 2, within: 60d}}}\n"));
  rig.Play(
      "c profile 1s end=2026-01-11T00:00:00Z\n clock 4d\n"
      "c profile 4d end=2026-01-21T00:00:00Z\n clock 30d");
  const Strings told = rig.Told();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[2].substr(0, 8), "s c @13d");
}

TEST(Deadline, SaysSoWithoutEvidence) {
  Rig rig(RuleList(kRule));
  rig.Play("c profile 1s end=2026-01-11T00:00:00Z\n clock 4d");
  const Strings json = rig.Json();
  ASSERT_EQ(json.size(), 1U);
  EXPECT_NE(json[0].find("\"at\":\"2026-01-04T00:00:00.000Z\""),
            std::string::npos)
      << json[0];
  EXPECT_NE(json[0].find("\"evidence\":[]"), std::string::npos) << json[0];
}

TEST(Deadline, StandsAsLongAsItWaits) {
  Rig rig(RuleList(kRule));
  const auto standing = [&rig] {
    return rig.engine().Explain("c").standings[0].tracks[0].standing;
  };
  rig.Play("clock 1s");
  EXPECT_EQ(standing().phase, Standing::Phase::kIdle);
  rig.Play("c profile 1s end=2026-01-11T00:00:00Z");
  EXPECT_EQ(standing().phase, Standing::Phase::kTimed);
  EXPECT_EQ(standing().fires_at, kStart + std::chrono::hours(72));
  rig.Play("c paid 2s");
  EXPECT_EQ(standing().phase, Standing::Phase::kSpent);
}

}  // namespace
}  // namespace premura
