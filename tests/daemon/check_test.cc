// SPDX-License-Identifier: Apache-2.0
// What `premura check` and `premura rules` find beyond the files themselves:
// in a sample of events, in templates, in profiles, in the ledger.

#include <gtest/gtest.h>

#include <sstream>

#include "daemon/advice/rule_advice.h"
#include "rules/rule_set.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string Event(const std::string& name, const std::string& more = "") {
  return R"({"customer":"a","ts":1767225600,"event":")" + name + '"' + more +
         "}\n";
}

std::string Rule(const std::string& detect, const std::string& more = "") {
  return "version: 1\nrules:\n  - id: a-rule\n    title: A rule\n" + more +
         "    detect:\n      " + detect + "\n";
}

class CheckTest : public ::testing::Test {
 protected:
  Ran Check(const std::string& rules, const std::string& events,
            std::vector<std::string> more = {}) {
    folder_.Write("rules/a.yaml", rules);
    folder_.Write("events.jsonl", events);
    std::vector<std::string> arguments = {"check", folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }

  TempFolder folder_;
};

// One broken rule hides nothing of what can be said of the others.
TEST_F(CheckTest, ABrokenRuleHidesNoWarningOfTheOthers) {
  const std::string rules = R"(version: 1
rules:
  - title: Mistakes above the id
    levle: high
    id: broken
    detect: {event_count: {event: nobody_sent_it, gte: 2, within: 1h}}
  - id: good
    title: Good
    detect: {event_count: {event: page_veiwed, gte: 2, within: 1h}}
  - id: good
    title: Again
    detect: {event_count: {event: nor_this, gte: 2, within: 1h}}
)";
  const Ran ran = Check(rules, Event("page_viewed"));
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, "`levle`")) << ran.out;
  EXPECT_TRUE(Contains(ran.out, "`page_veiwed` was never seen in 1 event\n"))
      << ran.out;
  EXPECT_FALSE(Contains(ran.out, "nobody_sent_it` was")) << ran.out;
  EXPECT_FALSE(Contains(ran.out, "nor_this` was")) << ran.out;
}

TEST_F(CheckTest, WhatNobodySentIsSaidWithWhatWasMeant) {
  const std::string events =
      Event("page_viewed", R"(,"page":"/x","n":1)") +
      Event("page_viewed", R"(,"page":"/y","d":{"k":1})") +
      Event("Plan Chosen", R"(,"plan":"pro","code":500)");
  struct Case {
    const char* detect;
    const char* message;
    const char* hint;
  };
  const Case cases[] = {
      {"event_count: {event: page_veiwed, gte: 2, within: 1h}",
       "a.yaml:6:28: warning: `page_veiwed` was never seen in 3 events",
       "did you mean `page_viewed` (seen 2 times)?"},
      {"event_count: {event: [page_viewed, plan_chosen], gte: 2, within: 1h}",
       "a.yaml:6:42: warning: `plan_chosen` was never seen in 3 events",
       "did you mean `Plan Chosen` (seen once)?"},
      {"event_count: {event: page_viewed, where: {pgae: /x}, gte: 2, within: "
       "1h}",
       "a.yaml:6:49: warning: field `pgae` was never seen in 2 events that it "
       "is asked of",
       "did you mean `page` (seen 2 times)?"},
      {"event_count: {event: page_viewed, where: {plan: x}, gte: 2, within: "
       "1h}",
       "field `plan` was never seen in 2 events", "`Plan Chosen` has it"},
      {"event_count: {event: page_viewed, where: {page: [/x, /zzz]}, gte: 2, "
       "within: 1h}",
       "a.yaml:6:60: warning: `page` never was `/zzz` in 2 events that have it",
       "seen were `/x` (1), `/y` (1)"},
      {"event_count: {where: {event: page_vieweds}, gte: 2, within: 1h}",
       "`page_vieweds` was never seen", "did you mean `page_viewed`"},
      {"value_count: {event: page_viewed, field: pages, gte: 2, within: 1h}",
       "field `pages` was never seen", "did you mean `page`"},
      {"aggregate: {event: Plan Chosen, field: plan, fn: avg, gt: 2, within: "
       "1h}",
       "a.yaml:6:46: warning: `plan` never was a number in 1 event that has "
       "it",
       "`aggregate` counts JSON numbers: `12`, not `\"12\"`"},
      {"event_count: {event: Plan Chosen, where: {plan|gt: 3}, gte: 2, within: "
       "1h}",
       "a.yaml:6:49: warning: `plan` never was a number in 1 event that has "
       "it",
       "`gt gte lt lte` look at numbers only"},
      {"change: {event: Plan Chosen, field: plan, to: prp}",
       "`plan` never was `prp` in 1 event", "did you mean `pro` (seen once)?"},
  };
  for (const Case& c : cases) {
    const Ran ran = Check(Rule(c.detect), events);
    EXPECT_EQ(ran.code, kOk) << "a warning";
    EXPECT_TRUE(Contains(ran.out, c.message)) << c.message << "\n" << ran.out;
    EXPECT_TRUE(Contains(ran.out, c.hint)) << c.hint << "\n" << ran.out;
    EXPECT_TRUE(Contains(ran.out, "1 warning")) << ran.out;
  }
}

TEST_F(CheckTest, WhatWasSeenIsNotSpokenOf) {
  const std::string events =
      Event(
          "a",
          R"(,"page":"/X","code":500,"d":{"k":{"z":1}},"tags":["t"],"n":"7")") +
      Event("b", R"(,"email":"x@y.example","page":"/x")");
  for (const char* detect :
       {"event_count: {event: a, where: {page: /x, code: '500.0', tags: t, "
        "d|exists: true, d.k.z: 1}, gte: 2, within: 1h}",
        "event_count: {event: b, where: {email: z@y.example}, gte: 2, within: "
        "1h}",
        "event_count: {event: [a, b], where: {code: 500}, gte: 2, within: 1h}",
        "event_count: {event: a, where: {n|gt: 3, code|lte: 9}, gte: 2, "
        "within: "
        "1h}",
        "aggregate: {event: a, field: code, fn: max, gt: 3, within: 1h}",
        "event_count: {where: {page: /x}, gte: 2, within: 1h, group_by: "
        "tags}"}) {
    const Ran ran = Check(Rule(detect), events);
    EXPECT_EQ(ran.out, "No mistakes found.\n") << detect;
  }
}

TEST_F(CheckTest, DetectionsAreNotLookedForInEvents) {
  const std::string rules =
      Rule("event_count: {event: a, gte: 2, within: 1h, group_by: page}") +
      "  - id: b-rule\n    title: B\n    detect:\n      event_count: {event: "
      "'detection:a-rule', where: {page: /q}, gte: 2, within: 1h}\n";
  EXPECT_EQ(Check(rules, Event("a", R"(,"page":"/x")")).out,
            "No mistakes found.\n");
}

TEST_F(CheckTest, EventsThatCannotBeReadAreAnError) {
  const std::string rules = Rule("event_count: {event: a, gte: 2, within: 1h}");
  const Ran none = Check(rules, "nonsense\n");
  EXPECT_EQ(none.code, kFailure);
  EXPECT_TRUE(Contains(none.out,
                       "events.jsonl: error: no event in it can be "
                       "used\n      = `premura infer` tells why\n"))
      << none.out;
  // And nothing else that was found is lost.
  const Ran both = Check(
      Rule("event_count: {event: a, where: {n: 1, n|neq: 1}, gte: 2, within: "
           "1h}"),
      "nonsense\n");
  EXPECT_TRUE(Contains(both.out, "cannot both be true")) << both.out;
  EXPECT_TRUE(Contains(both.out, "1 error and 1 warning in 2 files"))
      << both.out;
  const Ran preset = Check(rules, Event("a"), {"--preset", "pain"});
  EXPECT_EQ(preset.code, kFailure);
  EXPECT_TRUE(Contains(preset.err, "there is no preset `pain`"));
  EXPECT_EQ(Check("rules: 1\n", Event("a")).code, kFailure)
      << "mistakes of the rules come first";
}

// Once, and not as a template that is not there for each action.
TEST_F(CheckTest, AMistakeInATemplateIsSaidWhereItIs) {
  folder_.Write("rules/templates/_standard.en.yaml",
                "signature: \"{{sender.name}}\"\nfooter: \"{{why}} STOP\"\n");
  folder_.Write("rules/templates/t.en.yaml",
                "email:\n  subject: s\n  text: t\n  why: Because.\n");
  const Ran ran =
      Check(Rule("event_count: {event: a, gte: 2, within: 1h}",
                 "    actions: [{email: {template: t}}, {email: {template: t, "
                 "delay: 1h}}]\n"),
            Event("a") + Event("b"));
  EXPECT_TRUE(Contains(ran.out,
                       "t.en.yaml:4:3: error: `why` stands at the top of the "
                       "file, not in `email`\n"))
      << ran.out;
  EXPECT_TRUE(Contains(ran.out, "\n1 error in 1 file.\n")) << ran.out;
}

// What is in vain is said beside mistakes of other files.
TEST_F(CheckTest, EventsAreLookedAtBesideMistakesElsewhere) {
  folder_.Write("templates/t.en.yaml", "ticket: {subject: s}\n");
  folder_.Write("premura.yaml", R"(
sources: [{file: {path: events.jsonl}}]
rules: [rules]
templates: [templates]
state: {dir: state}
)");
  const Ran ran =
      Check(Rule("event_count: {event: page_veiwed, gte: 2, within: 1h}"),
            Event("page_viewed"), {"-c", folder_.Path("premura.yaml")});
  EXPECT_TRUE(Contains(ran.out, "`text` is missing")) << ran.out;
  EXPECT_TRUE(Contains(ran.out, "`page_veiwed` was never seen")) << ran.out;
}

TEST_F(CheckTest, ALanguageThatATemplateLacksIsSaid) {
  const std::string message =
      "why: w\nemail: {subject: s, text: \"{{rule.title}}\"}\n";
  for (const char* name : {"a.en", "a.it", "b.en"}) {
    folder_.Write("rules/templates/" + std::string(name) + ".yaml", message);
  }
  for (const char* locale : {"en", "it"}) {
    folder_.Write("rules/templates/_standard." + std::string(locale) + ".yaml",
                  "signature: \"{{sender.name}}\"\n"
                  "footer: \"{{why}} STOP\"\n");
  }
  const Ran ran = Check(Rule("event_count: {event: a, gte: 2, within: 1h}",
                             "    actions:\n      - email: {template: a}\n"
                             "      - email: {template: b}\n"),
                        Event("a"));
  EXPECT_TRUE(Contains(ran.out,
                       "a.yaml:7:27: warning: template `b` has its email in "
                       "en, but not in it, in which others are written"))
      << ran.out;
  EXPECT_FALSE(Contains(ran.out, "template `a`")) << ran.out;
}

TEST_F(CheckTest, OnlyForThatLeavesNobodyIsSaid) {
  const auto check = [&](const char* tier, const char* from_events) {
    folder_.Write("rules/a.yaml",
                  Rule("event_count: {event: a, gte: 2, within: 1h}",
                       std::string("    only_for: {tier: ") + tier + "}\n"));
    folder_.Write("c.csv", "customer,tier\na,gold\nb,silver\n");
    folder_.Write("premura.yaml",
                  std::string("sources: [{file: {path: e}}]\nrules: [rules]\n"
                              "profiles: {files: [c.csv], from_events: ") +
                      from_events + "}\nstate: {dir: state}\n");
    folder_.Write("e", "");
    return Premura({"check", "-c", folder_.Path("premura.yaml")}).out;
  };
  EXPECT_EQ(check("gold", "false"), "No mistakes found.\n");
  EXPECT_EQ(check("bronze", "true"), "No mistakes found.\n")
      << "events may say it";
  const std::string out = check("bronze", "false");
  EXPECT_TRUE(
      Contains(out,
               "a.yaml:3:9: warning: `only_for` of rule `a-rule` leaves "
               "nobody: none of the 2 customers"))
      << out;
}

TEST_F(CheckTest, ASimulationOfAMonthIsSaid) {
  const LoadedRules loaded =
      LoadRules({{"a.yaml", Rule("event_count: {event: a, gte: 2, within: 1h}",
                                 "    status: simulation\n")}},
                {});
  ASSERT_NE(loaded.rules, nullptr);
  const Timestamp since = ParseInstant("2026-01-01T00:00:00Z").value();
  RuleCounts counts;
  counts.simulated_since = since;
  counts.simulated = 12;
  const auto warn = [&](int days) {
    Diagnostics diagnostics;
    WarnOfLongSimulation(*loaded.rules, {{"a-rule", counts}},
                         since + std::chrono::hours(24 * days), &diagnostics);
    return diagnostics;
  };
  EXPECT_TRUE(warn(29).empty());
  ASSERT_EQ(warn(30).size(), 1U);
  EXPECT_EQ(warn(30)[0].message,
            "rule `a-rule` has been in simulation since 2026-01-01: 12 "
            "detections that nobody acted on");
  counts.simulated_since.reset();
  EXPECT_TRUE(warn(300).empty());
}

class RulesTest : public CheckTest {
 protected:
  void SetUp() override {
    folder_.Write("rules/a.yaml",
                  Rule("event_count: {event: a, gte: 2, within: 1h}",
                       "    owner: billing\n    level: high\n"
                       "    tags: [money, eu]\n    cause: [error.code]\n"
                       "    actions: [{ticket: {template: t}}]\n") +
                      "  - id: b-rule\n    title: B\n    status: simulation\n"
                      "    detect: {event_count: {event: a, gte: 3, within: "
                      "1h}}\n    actions: [{ticket: {template: t}}]\n");
    folder_.Write("templates/t.en.yaml", "ticket: {subject: s, text: t}\n");
    folder_.Write("events.jsonl",
                  Event("a") + Event("a") + Event("a") + Event("a"));
    folder_.Write("state/.keep", "");
    folder_.Write("premura.yaml", R"(
sources: [{file: {path: events.jsonl}}]
rules: [rules]
templates: [templates]
state: {dir: state}
tickets: {desk: {type: file, directory: out}}
http: {admin: {listen: "127.0.0.1:0"}}
)");
  }
  Ran Rules(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"rules", "-c",
                                          folder_.Path("premura.yaml")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }
};

TEST_F(RulesTest, ListsRulesWithWhatBecameOfTheirDetections) {
  const Ran before = Rules();
  EXPECT_EQ(before.code, kOk);
  EXPECT_TRUE(Contains(before.err, "there is no ledger yet")) << before.err;
  ASSERT_EQ(Premura({"run", "--once", "-c", folder_.Path("premura.yaml")}).code,
            kOk);
  const Ran ran = Rules();
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_EQ(ran.err, "");
  const std::vector<std::string> paths = {folder_.Path("rules")};
  const LoadedRules loaded = LoadRulePaths(paths, {});
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_EQ(
      ran.out,
      "rule    status      level   kind         owner    detections  sent  "
      "held  open  failed  suppressed\n"
      "a-rule  live        high    event_count  billing           2     2     "
      "0     0       0           0\n"
      "b-rule  simulation  medium  event_count  -                 1     0     "
      "0     0       0           1  (simulation 1)\n"
      "fingerprint of these files: " +
          loaded.rules->fingerprint() + "\n");
}

TEST_F(RulesTest, ATagFindsRules) {
  const std::string tagged = Rules({"--tag", "money"}).out;
  EXPECT_TRUE(Contains(tagged, "\na-rule ")) << tagged;
  EXPECT_FALSE(Contains(tagged, "b-rule")) << tagged;
  const Ran json = Rules({"--tag", "eu", "--format", "json"});
  EXPECT_TRUE(Contains(json.out, "a-rule") && !Contains(json.out, "b-rule"));
  EXPECT_EQ(Rules({"--tag", "mone"}).out, "There are no such rules.\n");
}

TEST_F(RulesTest, JsonHasTheSameFigures) {
  ASSERT_EQ(Premura({"run", "--once", "-c", folder_.Path("premura.yaml")}).code,
            kOk);
  const Ran ran = Rules({"--format", "json"});
  EXPECT_TRUE(ran.out.starts_with(
      R"([{"rule":"a-rule","title":"A rule","status":"live","level":"high",)"
      R"("kind":"event_count","phase":"","owner":"billing","tags":)"
      R"(["money","eu"],"cause":["error.code"],"file":)"))
      << ran.out;
  EXPECT_TRUE(Contains(
      ran.out, R"("detections":1,"last":"2026-01-01T00:00:00.000Z","sent":0,)"
               R"("held":0,"open":0,"failed":0,"suppressed":1,)"
               R"("reasons":{"simulation":1}}])"))
      << ran.out;
}

TEST_F(RulesTest, MistakesOfTheRulesAreShown) {
  folder_.Write("rules/a.yaml", "version: 1\nrules: x\n");
  const Ran ran = Rules();
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.err, "a.yaml:2:8: error:")) << ran.err;
}

}  // namespace
}  // namespace premura
