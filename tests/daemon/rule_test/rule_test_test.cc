// SPDX-License-Identifier: Apache-2.0
// `premura test`: what is played, what is expected, and how a difference reads.

#include <gmock/gmock.h>

#include "daemon/rule_test/rule_test_notation.h"
#include "rules/rule_set.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* kRules = R"(version: 1
rules:
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: viewed, where: {page|startswith: /pay}, gte: 3, within: 15m, group_by: [shop]}}
    cancel_on: [paid]
    cooldown: 7d
    actions:
      - ticket: {template: t}
      - email: {template: t, delay: 10m}
      - sms: {template: t}
  - id: stalled
    title: Does not come back
    detect: {absence: {after: viewed, without: paid, for: 1h}}
)";

constexpr const char* kHead = R"(version: 1
tests:
  - name: One
    profiles:
      anna: {email: anna@example.com, phone: "+393331234567", timezone: Europe/Rome}
      bob: {email: bob@example.com, consent: {email: false}}
    events:
)";

class RuleTestTest : public testing::Test {
 protected:
  Ran Run(const std::string& tests, std::vector<std::string> more = {}) {
    folder_.Write("rules/a.yaml", kRules);
    folder_.Write("rules/a.test.yaml", tests);
    std::vector<std::string> arguments = {"test", folder_.Path("rules")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  }
  // One test with these events and expectations.
  Ran Play(const std::string& rest) { return Run(kHead + rest); }

  TempFolder folder_;
};

TEST_F(RuleTestTest, WhatIsExpectedAndNothingElsePasses) {
  const Ran ran = Play(R"(
      - 0m..6m/3m anna viewed page=/pay/card shop=1
      - 7m bob viewed page=/pay shop=1
      - advance: 10m
    detections: [6m loop anna shop=1]
    decisions:
      - 6m loop anna ticket sent
      - 6m loop anna sms sent
      - 6m loop anna email held delay until 16m
      - 16m loop anna email sent
)");
  EXPECT_EQ(ran.out, "1 passed, 0 failed\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

// A gap of a quarter of an hour is a quiet source.
constexpr const char* kGap = R"(
      - 0m anna viewed
      - 10m bob viewed
      - 2h cid viewed
      - 30m anna paid
      - 121m cid viewed
      - advance: 1m
)";

TEST_F(RuleTestTest, TheClockIsBelievedUnlessAskedToDoubtIt) {
  const std::string believed = std::string(kGap) + R"(
    detections: [1h stalled anna, 70m stalled bob]
)";
  const std::string doubted = std::string(kGap) + R"(
    detections: [70m stalled bob]
)";
  EXPECT_EQ(Play(believed).out, "1 passed, 0 failed\n");
  EXPECT_EQ(Play(doubted).code, 1);
  // The flag's bounds are the defaults: a few customers are believed.
  const std::string head = kHead;
  EXPECT_EQ(Run(head + believed, {"--self-preservation"}).out,
            "1 passed, 0 failed\n");
  EXPECT_EQ(Run("self_preservation: {min_customers: 1}\n" + head + doubted).out,
            "1 passed, 0 failed\n");
  EXPECT_EQ(Run("self_preservation: {min_customers: 1, quiet_after: 1d}\n" +
                head + believed)
                .out,
            "1 passed, 0 failed\n");
}

TEST_F(RuleTestTest, ADifferenceIsShownLineByLine) {
  const Ran ran = Play(R"(
      - 0m..6m/3m bob viewed page=/pay shop=1
      - advance: 1h
    detections: [6m loop bob, 1h stalled anna]
    decisions: [6m loop bob email sent, 6m loop bob sms not_sent]
)");
  EXPECT_EQ(ran.out, "FAILED " + folder_.Path("rules/a.test.yaml:3: One") +
                         "\n" +
                         "    - 1h stalled anna\n"
                         "    + 1h stalled bob\n"
                         "    - 6m loop bob email sent\n"
                         "    + 6m loop bob email not_sent no_consent\n"
                         "    + 6m loop bob ticket sent\n"
                         "0 passed, 1 failed\n")
      << ran.err;
  EXPECT_EQ(ran.code, 1);
}

// What is shown can be put into the file, whichever way it was written.
TEST_F(RuleTestTest, TimesAreReadAndShownInSeveralUnits) {
  for (const char* expected : {"3630m", "2d12h30m", "217800s"}) {
    const Ran ran = Play(std::string(R"(
      - 59h30m bob viewed page=/pay shop=1
      - advance: 1h
    decisions: []
    detections: [)") + expected +
                         " stalled anna]\n");
    EXPECT_EQ(ran.out, "FAILED " + folder_.Path("rules/a.test.yaml:3: One") +
                           "\n"
                           "    - 2d12h30m stalled anna\n"
                           "    + 2d12h30m stalled bob\n"
                           "0 passed, 1 failed\n")
        << ran.err;
  }
  for (const char* until : {"90m", "1h30m"}) {
    EXPECT_EQ(Run(std::string(R"(version: 1
restraint: {quiet_hours: {sms: "10:00-12:30"}}
tests:
  - name: One
    profiles: {anna: {phone: "+393331234567", timezone: Europe/Rome}}
    events: ["0m..2m/1m anna viewed page=/pay shop=1"]
    decisions:
      - 2m loop anna ticket sent
      - 2m loop anna email not_sent no_address
      - 2m loop anna sms held quiet_hours until )") +
                  until + "\n")
                  .out,
              "1 passed, 0 failed\n");
  }
}

TEST_F(RuleTestTest, TimeGoesByAsItDoesLive) {
  // The evening in New York: the SMS waits for the morning, and is taken back.
  const Ran ran = Run(R"(version: 1
start: 2026-01-05T23:00:00-05:00
tests:
  - name: Held over night
    profiles: {anna: {phone: "+393331234567", timezone: America/New_York}}
    events: ["0m..2m/1m anna viewed page=/pay shop=1", advance: 1d]
    decisions:
      - 2m loop anna ticket sent
      - 2m loop anna email not_sent no_address
      - 2m loop anna sms held quiet_hours until 10h
      - 10h loop anna sms sent
  - name: Taken back
    profiles: {anna: {phone: "+393331234567", timezone: America/New_York}}
    events: ["0m..2m/1m anna viewed page=/pay shop=1", 9h anna paid, advance: 1d]
    decisions:
      - 2m loop anna ticket sent
      - 2m loop anna email not_sent
      - 2m loop anna sms held quiet_hours
      - 9h loop anna sms not_sent cancelled
)");
  EXPECT_EQ(ran.out, "2 passed, 0 failed\n") << ran.err;
}

TEST_F(RuleTestTest, TheTestsOwnRestraintIsObeyed) {
  const Ran ran = Run(R"(version: 1
restraint: {consent: {service: only_if_given}}
tests:
  - name: Only who has said yes
    profiles: {anna: {email: anna@example.com}}
    events: ["0m..2m/1m anna viewed page=/pay shop=1"]
    decisions:
      - 2m loop anna ticket sent
      - 2m loop anna email not_sent no_consent
      - 2m loop anna sms not_sent no_consent
)");
  EXPECT_EQ(ran.out, "1 passed, 0 failed\n") << ran.err;
}

TEST_F(RuleTestTest, TheClockGoesOnForLaterEventsToo) {
  const Ran ran = Play(R"(
      - 0m ben other
      - advance: 3h
      - 30m anna viewed page=/home
    detections: [90m stalled anna]
)");
  EXPECT_EQ(ran.out, "1 passed, 0 failed\n") << ran.err;
}

TEST_F(RuleTestTest, TheLastWordsMayBeLeftOut) {
  const std::string events = R"(
      - 0m..6m/3m anna viewed page=/pay/card shop=1
    decisions:
)";
  const std::string first = "      - 6m loop anna\n";
  EXPECT_EQ(Play(events + first + first + first).out, "1 passed, 0 failed\n");
  EXPECT_EQ(Play(events + first +
                 "      - 6m loop anna ticket\n"
                 "      - 6m loop anna email held\n")
                .out,
            "1 passed, 0 failed\n");
  const Ran ran = Play(events + first + first + first +
                       "      - 6m loop ann\n      - 6m loop anna\n");
  EXPECT_THAT(ran.out, testing::HasSubstr("    - 6m loop anna\n"
                                          "    - 6m loop ann\n"
                                          "0 passed"));
}

// Both lines fit the mail that is held; the exact one has nothing else.
TEST_F(RuleTestTest, WhoSaysMoreChoosesFirst) {
  folder_.Write("rules/b.yaml", R"(version: 1
rules:
  - id: twice
    title: Two mails
    detect: {event_count: {event: asked, gte: 1, within: 1m}}
    actions:
      - email: {template: t, delay: 10m}
      - email: {template: t, delay: 20m}
)");
  const Ran ran = Play(R"(
      - 0m anna asked
    decisions:
      - 0m twice anna email held
      - 0m twice anna email held delay until 10m
)");
  EXPECT_EQ(ran.out, "1 passed, 0 failed\n") << ran.err;
}

TEST_F(RuleTestTest, SomeAreChosenByName) {
  const std::string two = std::string(kHead) +
                          "      - 0m anna viewed\n    detections: []\n"
                          "  - {name: Two, events: [], detections: []}\n";
  EXPECT_EQ(Run(two, {"--run", "^T"}).out, "1 passed, 0 failed\n");
  const Ran none = Run(two, {"--run", "three"});
  EXPECT_EQ(none.err, "premura: no test has such a name\n");
  EXPECT_EQ(none.code, 1);
  const Ran broken = Run(two, {"--run", "("});
  EXPECT_EQ(broken.err, "premura: --run: `(` is no regular expression\n");
  EXPECT_EQ(broken.code, 2);
}

TEST_F(RuleTestTest, ResultsAreWrittenAsJunit) {
  const Ran ran =
      Run(std::string(kHead) +
              "      - 0m anna viewed\n    detections: [1m loop <b> c]\n",
          {"--junit", folder_.Path("out.xml")});
  EXPECT_EQ(ran.code, 1) << ran.err;
  const std::string xml = folder_.Read("out.xml");
  EXPECT_THAT(xml, HasSubstr("tests=\"1\" failures=\"1\""));
  EXPECT_THAT(xml, HasSubstr("name=\"One\""));
  for (const char* file : {"rules/a.yaml", "rules/a.test.yaml"}) {
    const std::string path = folder_.Path(file);
    const Ran over =
        Run(std::string(kHead) + "      - 0m anna viewed\n    detections: []\n",
            {"--junit", path});
    EXPECT_EQ(over.code, 2);
    EXPECT_EQ(over.err,
              "premura: `--junit` is a file that is read: " + path + "\n");
  }
  const Ran nowhere =
      Run(std::string(kHead) + "      - 0m anna viewed\n    detections: []\n",
          {"--junit", folder_.Path("no/out.xml")});
  EXPECT_EQ(nowhere.err,
            "premura: " + folder_.Path("no/out.xml") + ": cannot be written\n");
}

TEST_F(RuleTestTest, ANameReachesNoTerminalThatItCouldSteer) {
  std::string tests = kHead;
  tests.replace(tests.find("One"), 3, "\"a\\e[2J\"");
  EXPECT_THAT(Run(tests + "      - 0m anna viewed\n    detections: []\n").err,
              HasSubstr("`name` has a control character in it"));
}

TEST_F(RuleTestTest, MistakesAreToldWithTheirPlace) {
  const struct {
    const char* rest;
    const char* said;
  } cases[] = {
      {"      - 0m anna\n    detections: []\n",
       "8:9: error: an event is written `TIME CUSTOMER EVENT FIELD=VALUE ..`"},
      {"      - x anna viewed\n    detections: []\n",
       "8:9: error: `x` is no time: write 5m, or 0m..9m/3m for one every 3 "
       "minutes"},
      {"      - 9m..0m/3m anna viewed\n    detections: []\n",
       "`9m..0m/3m` is no time"},
      {"      - 0m anna viewed page\n    detections: []\n",
       "`page` is no FIELD=VALUE"},
      {"      - 0m anna viewed a=1 a.b=2\n    detections: []\n",
       "the field `a` stands there twice"},
      {"      - 0m anna viewed id=2\n    detections: []\n",
       "`id` is the event's own, not a property"},
      {"      - 0m anna viewed =2\n    detections: []\n",
       "a field without a name"},
      {"      - 0ms..1d/1ms anna viewed\n    detections: []\n",
       "more than 100000 events in one line"},
      {"      - 106751991167d anna viewed\n    detections: []\n",
       "`106751991167d` is no time"},
      {"      - {advance: 106751991167d}\n    detections: []\n",
       "`advance` is longer than 3650d"},
      {"      - {advance: 1m, to: 3}\n    detections: []\n",
       "unknown key `to` in `events`"},
      {"      - 0m anna viewed\n", "a test says what is expected"},
      {"      - 0m anna viewed\n    detections: [loop anna]\n",
       "`loop anna` is nothing that could happen"},
      {"      - 0m anna viewed\n    decisions: [1m loop]\n",
       "`1m loop` is nothing that could happen"},
      {"      - 0m anna viewed\n    detections: [0m lop anna]\n",
       "9:18: error: there is no rule `lop`\n"},
      {"      - 0m anna viewed\n    decisions: [0m loop anna mail sent]\n",
       "`mail` is no channel"},
      {"      - 0m anna viewed\n    decisions: [0m loop anna ticket send]\n",
       "`send` is no word for what became of it"},
      {"      - 0m anna viewed\n    decisions: [0m loop anna sms held dlay]\n",
       "`dlay` is no reason"},
      {"      - 0m anna viewed\n    decisions: [0m loop anna sms held x]\n",
       "it is one of none, simulation, "},
      {"      - 0m anna viewed\n    detection: []\n",
       "9:5: error: unknown key `detection` in a test\n"
       "    9 |     detection: []\n"
       "      |     ^~~~~~~~~\n"
       "      = did you mean `detections`?\n"
       "1 error in 1 file.\n"},
      {"      - 0m anna viewed page: /a\n    detections: []\n",
       "8:9: error: an event is one text, and `: ` makes none of it\n"
       "    8 |       - 0m anna viewed page: /a\n"
       "      |         ^\n"
       "      = write FIELD=VALUE, or quote the whole line\n"
       "1 error in 1 file.\n"},
      {"      - {0m..9m/3m: anna viewed}\n    detections: []\n",
       "an event is one text"},
      {"      - {wait: 1h}\n    detections: []\n",
       "unknown key `wait` in `events`"},
      {"      - 0m anna viewed\n    detections: 0m loop anna\n",
       "`detections` must be a list, not a single value"},
      {"      - 0m anna viewed\n    decisions: [{a: b}]\n",
       "`decisions` must be a text, not a mapping"},
      {"      - 0m anna viewed\n    expected: []\n",
       "unknown key `expected` in a test"},
      {"      - 0m anna viewed\n    expected: []\n",
       "a test says what is expected"},
      {"      - 0m anna viewed page=\"/a b\n    detections: []\n",
       "8:9: error: a quote is not closed in `page=\"/a b`"},
      {"      - 0m \"anna viewed page=1\n    detections: []\n",
       "8:9: error: a quote is not closed in `\"anna viewed page=1`"},
      {"      - 0m anna viewed list=[1, 2\n    detections: []\n",
       "8:9: error: a bracket is not closed in `list=[1, 2`"},
      {"      - 0m anna viewed list=[a, b]\n    detections: []\n",
       "8:9: error: `[a, b]` is no JSON: texts in lists and objects stand in "
       "quotes, and `\"` in a text is `\\\"`"},
      {"      - 0m anna viewed size=\"a\"b\"\"\n    detections: []\n",
       "`\"a\"b\"\"` is no JSON"},
      {"      - 0m anna viewed\n    detections: ['0m loop \"anna']\n",
       "9:18: error: a quote is not closed in `\"anna`"},
  };
  for (const auto& c : cases) {
    const Ran ran = Play(c.rest);
    EXPECT_THAT(ran.err, HasSubstr(c.said));
    EXPECT_EQ(ran.code, 1);
  }
  EXPECT_THAT(Run("version: 1\nstart: x\ntests: []\n").err,
              HasSubstr("`start` is no instant"));
  EXPECT_THAT(Run("version: 1\ntests: []\nmore: 1\n").err,
              HasSubstr("unknown key `more` in a file of tests"));
}

TEST_F(RuleTestTest, WhatIsAlmostRightIsAWarning) {
  const struct {
    const char* event;
    const char* profile;  // Of carl.
    std::vector<std::string> said;
  } cases[] = {
      {"0m anna view", "tier: pro, timezone: Europe/Rome, country: IT", {}},
      {"0m anna viewed", "tier: pro", {}},
      {"0m..3m/1m anna viewd",
       "tier: pro",
       {"9:9: warning: no rule asks for the event `viewd`",
        "= did you mean `viewed`?", "1 warning in 1 file."}},
      {"0m anna \"Viewed\"",
       "tier: pro",
       {"9:9: warning: no rule asks for the event `Viewed`"}},
      {"0m anna other",
       "timezone: Rome, country: Italy, consent: {email: maybe}",
       {"7:24: warning: `timezone` is no time zone: write one like Europe/Rome",
        "7:39: warning: `country` is no country of ISO 3166: write one like IT",
        "7:63: warning: `consent.email` is neither true nor false, and counts "
        "as refused",
        "3 warnings in 1 file."}},
  };
  for (const auto& c : cases) {
    std::string tests = kHead;
    tests.insert(tests.find("    events:"),
                 "      carl: {" + std::string(c.profile) + "}\n");
    const Ran ran = Run(tests + "      - " + c.event + "\n    decisions: []\n");
    EXPECT_EQ(ran.out, "1 passed, 0 failed\n");
    EXPECT_EQ(ran.err.empty(), c.said.empty()) << ran.err;
    for (const std::string& said : c.said) {
      EXPECT_THAT(ran.err, HasSubstr(said));
    }
  }
}

TEST_F(RuleTestTest, AnEventThatCannotBeUsedFailsItsTest) {
  const Ran ran = Play("      - 0m " + std::string(300, 'a') +
                       " viewed\n    detections: []\n");
  EXPECT_THAT(ran.out, HasSubstr("a.test.yaml:8: an event cannot be used: "));
  EXPECT_EQ(ran.code, 1);
}

// Every rule that is shipped has tests, and passes them.
TEST(LibraryTest, EachRuleIsTested) {
  const std::string library = PREMURA_SOURCE_DIR "/rules/library";
  const Ran ran = Premura({"test", library});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const LoadedRules loaded = LoadRulePaths(std::vector{library}, {});
  ASSERT_NE(loaded.rules, nullptr);
  for (const Rule& rule : loaded.rules->rules()) {
    const Ran of_rule =
        Premura({"test", library, "--run", "^" + rule.id + " "});
    EXPECT_EQ(of_rule.code, 0) << rule.id << of_rule.err;
  }
}

TEST_F(RuleTestTest, WithoutTestsItSaysSo) {
  const Ran ran = Premura({"test", folder_.Path("")});
  EXPECT_THAT(ran.err, EndsWith("there are no tests: files that end in "
                                ".test.yaml\n"));
  EXPECT_EQ(ran.code, 1);
}

TEST_F(RuleTestTest, NamesWithSpacesStandInQuotes) {
  folder_.Write("rules/b.yaml", R"(version: 1
rules:
  - id: begun
    title: Begun
    detect: {event_count: {event: Checkout Started, gte: 1, within: 5m}}
)");
  const Ran ran = Run(std::string("version: 1\nstart: 2026-01-05\n") +
                      "tests:\n  - name: One\n    events:\n"
                      "      - 0m \"anna b\" \"Checkout Started\"\n"
                      "    detections: ['0m begun \"anna b\"']\n");
  EXPECT_EQ(ran.out, "1 passed, 0 failed\n") << ran.err;
}

TEST(NotedEventsTest, OffsetsAreOfOneUnitOrSeveral) {
  const struct {
    const char* text;
    std::optional<std::int64_t> ms;
  } cases[] = {
      {"0m", 0},
      {"90m", 5'400'000},
      {"1h30m", 5'400'000},
      {"1w2d12h30m5s250ms", 822'605'250},
      {"", {}},
      {"m", {}},
      {"5", {}},
      {"5m3", {}},
      {"30m1h", {}},
      {"1h1h", {}},
      {"1h 30m", {}},
      {"1h30x", {}},
      {"9223372036854775000ms1ms", {}},
      {"106751991167d8h", {}},
  };
  for (const auto& c : cases) {
    const auto offset = ParseOffset(c.text);
    ASSERT_EQ(offset.has_value(), c.ms.has_value()) << c.text;
    if (offset) {
      EXPECT_EQ(offset->count(), *c.ms) << c.text;
    }
  }
  EXPECT_EQ(FormatOffset(Duration(5'400'000)), "1h30m");
}

TEST(NotedEventsTest, ValuesAreJsonWhereTheyCanBe) {
  const auto events = ReadNotedEvents(
      R"(90s anna bought n=1 on=true none=null text=abc d.ip=10.0.0.1 d.port=80 list=[1, 2] quoted="a b" #id-7)",
      ParseInstant("2026-01-01T00:00:00Z").value());
  ASSERT_TRUE(events.ok()) << events.error().message;
  ASSERT_EQ(events.value().size(), 1U);
  const auto quoted =
      ReadNotedEvents(R"(0m "a \"b\"" "Order \u00e9")", Timestamp{});
  EXPECT_EQ(quoted.value()[0].record,
            R"({"customer":"a \"b\"","event":"Order é","ts":0})");
  EXPECT_EQ(
      events.value()[0].record,
      R"({"customer":"anna","event":"bought","ts":1767225690000,"id":"id-7","d":{"ip":"10.0.0.1","port":80},"list":[1, 2],"n":1,"none":null,"on":true,"quoted":"a b","text":"abc"})");
}

}  // namespace
}  // namespace premura
