// SPDX-License-Identifier: Apache-2.0
// Probes: the shipped rules and every kind pass them, and an engine that goes
// by other words does not.

#include "daemon/rule_test/probe.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "rules/isolated.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using testing::HasSubstr;

const std::string kSource = PREMURA_SOURCE_DIR;

std::shared_ptr<const RuleSet> Load(const std::string& path) {
  const std::vector<std::string> paths = {kSource + path};
  return LoadRulePaths(paths, {}).rules;
}

std::shared_ptr<const RuleSet> OneRule(const std::string& detect,
                                       const std::string& more = "") {
  LoadedRules loaded =
      LoadRules({{"r.yaml", "version: 1\nrules:\n  - id: r\n    title: R\n" +
                                more + "    detect: {" + detect + "}\n"}},
                {});
  EXPECT_NE(loaded.rules, nullptr) << RenderText(loaded.diagnostics);
  return loaded.rules;
}

// The cases in which the engine does something else, as it runs `engine`.
std::vector<std::string> Differences(
    const RuleProbes& probes, const std::string& id,
    const std::shared_ptr<const RuleSet>& engine) {
  std::vector<std::string> different;
  for (const ProbeCase& one : probes.cases) {
    if (!PlayProbe(one, probes, id, engine).Meets(one)) {
      different.push_back(one.says);
    }
  }
  return different;
}

std::set<std::string> ProbeAll(const RuleSet& rules) {
  std::set<std::string> kinds;
  for (const Rule& rule : rules.rules()) {
    const RuleProbes probes = DeriveProbes(rule, rules);
    EXPECT_EQ(probes.problem, "") << rule.id;
    EXPECT_GE(probes.cases.size(), 3U) << rule.id;
    EXPECT_THAT(Differences(probes, rule.id, Isolated(rules, rule)),
                testing::IsEmpty())
        << rule.id;
    kinds.insert(rule.detect.kind);
  }
  return kinds;
}

TEST(ProbeTest, TheLibraryPasses) {
  const auto rules = Load("/rules/library");
  ASSERT_NE(rules, nullptr);
  EXPECT_FALSE(ProbeAll(*rules).empty());
}

TEST(ProbeTest, EveryKindPasses) {
  const auto rules = Load("/tests/rules/testdata/good/kinds.yaml");
  ASSERT_NE(rules, nullptr);
  EXPECT_THAT(ProbeAll(*rules),
              testing::IsSupersetOf(
                  {"event_count", "value_count", "flapping", "change",
                   "new_term", "sequence", "temporal", "absence", "silence",
                   "ratio", "aggregate", "spike", "score", "deadline"}));
}

TEST(ProbeTest, AnEngineThatGoesByOtherWordsIsNoticed) {
  struct Case {
    std::string written, obeyed;
  };
  const std::vector<Case> cases = {
      {"event_count: {event: a, gte: 3, within: 1h}",
       "event_count: {event: a, gte: 4, within: 1h}"},
      {"event_count: {event: a, gte: 3, within: 1h}",
       "event_count: {event: a, gte: 3, within: 3600001ms}"},
      {"event_count: {event: a, gte: 3, within: 1h}",
       "event_count: {event: a, gte: 3, within: 3599999ms}"},
      {"event_count: {event: a, gte: 2, within: 1h, unless: b}",
       "event_count: {event: a, gte: 2, within: 1h}"},
      {"event_count: {event: a, gte: 2, within: 1h, group_by: g}",
       "event_count: {event: a, gte: 2, within: 1h}"},
      {"event_count: {event: a, lt: 3, within: 1h}",
       "event_count: {event: a, lt: 2, within: 1h}"},
      {"value_count: {event: a, field: f, gte: 3, within: 1h}",
       "event_count: {event: a, gte: 3, within: 1h}"},
      {"flapping: {event: a, field: f, gte: 3, within: 1h}",
       "flapping: {event: a, field: f, gte: 2, within: 1h}"},
      {"change: {event: a, field: f, to: x}", "change: {event: a, field: f}"},
      {"change: {event: a, field: f, within: 1h}",
       "change: {event: a, field: f, within: 3600001ms}"},
      {"new_term: {event: a, field: f, learn: 1d, remember: 2d}",
       "new_term: {event: a, field: f, learn: 86400001ms, remember: 2d}"},
      {"new_term: {event: a, field: f, learn: 1d, remember: 2d}",
       "new_term: {event: a, field: f, learn: 1d, remember: 3d}"},
      {"sequence: {within: 1h, steps: [a, b, c]}",
       "temporal: {within: 1h, all: [a, b, c]}"},
      {"sequence: {within: 1h, steps: [a, {not: n}, b]}",
       "sequence: {within: 1h, steps: [a, b]}"},
      {"sequence: {steps: [a, {not: n, for: 1h}]}",
       "sequence: {steps: [a, {not: n, for: 3600001ms}]}"},
      {"sequence: {within: 1h, steps: [{not: n, for: 1h}, a, b]}",
       "sequence: {within: 1h, steps: [{not: n, for: 2h}, a, b]}"},
      {"sequence: {within: 1h, steps: [a, {event: b, next: true}]}",
       "sequence: {within: 1h, steps: [a, b]}"},
      {"temporal: {within: 1h, all: [a, b]}",
       "sequence: {within: 1h, steps: [a, b]}"},
      {"absence: {after: a, without: b, for: 1h}",
       "absence: {after: a, without: b, for: 1h, restart: true}"},
      {"absence: {after: a, without: b, for: 1h}",
       "absence: {after: a, without: c, for: 1h}"},
      {"silence: {event: a, for: 1d, min_events: 3}",
       "silence: {event: a, for: 1d, min_events: 2}"},
      {"ratio: {of: {event: a, where: {x: 1}}, over: a, gt: 0.5, within: 1h, "
       "min_denominator: 4}",
       "ratio: {of: {event: a, where: {x: 1}}, over: a, gte: 0.5, within: 1h, "
       "min_denominator: 4}"},
      {"aggregate: {event: a, field: f, fn: avg, gt: 5, within: 1h}",
       "aggregate: {event: a, field: f, fn: avg, gte: 5, within: 1h}"},
      {"deadline: {field: f, before: 7d}", "deadline: {field: f, before: 8d}"},
      {"deadline: {field: f, after: 7d}",
       "deadline: {field: f, after: 604800001ms}"},
      {"deadline: {field: f, before: 7d, unless: a}",
       "deadline: {field: f, before: 7d}"},
      {"spike: {event: a, within: 1d, reference: 7d, direction: up, factor: 3, "
       "min_current: 2}",
       "spike: {event: a, within: 1d, reference: 7d, direction: up, factor: 4, "
       "min_current: 2}"},
      {"spike: {event: a, within: 1d, reference: 4d, direction: down, factor: "
       "2}",
       "spike: {event: a, within: 1d, reference: 4d, direction: down, factor: "
       "3}"},
      {"score: {signals: [{event: a, weight: 2}], half_life: 1d, gte: 4, "
       "reset_below: 1}",
       "score: {signals: [{event: a, weight: 2}], half_life: 1d, gte: 5, "
       "reset_below: 1}"},
  };
  for (const Case& test : cases) {
    const auto written = OneRule(test.written), obeyed = OneRule(test.obeyed);
    const RuleProbes probes = DeriveProbes(written->rules()[0], *written);
    EXPECT_EQ(probes.problem, "") << test.written;
    EXPECT_THAT(Differences(probes, "r", written), testing::IsEmpty())
        << test.written;
    EXPECT_THAT(Differences(probes, "r", obeyed),
                testing::Not(testing::IsEmpty()))
        << test.written << " against " << test.obeyed;
  }
}

// Where a number has no neighbour at a distance of 1, or none at all.
TEST(ProbeTest, LargeBoundsAreProbed) {
  const struct {
    const char* detect;
    const char* problem;
  } cases[] = {
      {"aggregate: {event: a, field: f, fn: max, gt: -1e17, within: 1h}", ""},
      {"aggregate: {event: a, field: f, fn: p99, gt: 1e308, within: 15m, "
       "min_events: 3}",
       ""},
      {"event_count: {event: a, where: {f|gt: -1e17}, gte: 2, within: 1h}", ""},
      {"event_count: {event: a, where: {f|lt: 9007199254740992}, gte: 2, "
       "within: 1h}",
       ""},
      {"value_count: {event: a, field: f, where: {f|gt: 1e17}, gte: 5, within: "
       "1h}",
       ""},
      {"aggregate: {event: a, field: f, fn: sum, gt: 1.7976931348623157e308, "
       "within: 15m, min_events: 2}",
       "no event was found whose number lies beyond the bound"},
      {"event_count: {event: a, where: {f|gt: 1.7976931348623157e308}, gte: 2, "
       "within: 1h}",
       "no event was found that meets the conditions on a"},
  };
  for (const auto& c : cases) {
    const auto rules = OneRule(c.detect);
    const RuleProbes probes = DeriveProbes(rules->rules()[0], *rules);
    EXPECT_EQ(probes.problem, c.problem) << c.detect;
    EXPECT_THAT(Differences(probes, "r", rules), testing::IsEmpty())
        << c.detect;
  }
}

TEST(ProbeTest, AnOptionalStepLeavesTheNextItsEvent) {
  const auto rules = OneRule(
      "sequence: {within: 30m, steps: [a, {event: a, optional: true}, a]}");
  const RuleProbes probes = DeriveProbes(rules->rules()[0], *rules);
  EXPECT_THAT(Differences(probes, "r", rules), testing::IsEmpty());
}

// They are not searched for one by one.
TEST(ProbeTest, ManyDifferentValuesAreFound) {
  for (const char* where : {"", "where: {f|startswith: x}, "}) {
    const auto rules =
        OneRule(std::string("value_count: {event: a, field: f, ") + where +
                "gte: 3000, within: 1h}");
    const RuleProbes probes = DeriveProbes(rules->rules()[0], *rules);
    ASSERT_EQ(probes.problem, "");
    ASSERT_FALSE(probes.cases.empty());
    EXPECT_EQ(PlayProbe(probes.cases.front(), probes, "r", rules).fired,
              probes.cases.front().expected);
  }
}

TEST(ProbeTest, WhomARuleIsForMatters) {
  const auto written = OneRule("event_count: {event: a, gte: 2, within: 1h}",
                               "    only_for: {tier: gold}\n");
  const auto obeyed = OneRule("event_count: {event: a, gte: 2, within: 1h}");
  const RuleProbes probes = DeriveProbes(written->rules()[0], *written);
  EXPECT_THAT(Differences(probes, "r", written), testing::IsEmpty());
  EXPECT_THAT(Differences(probes, "r", obeyed),
              testing::ElementsAre(HasSubstr("whom it is not for")));
}

// A kind and what else the rule says of its events.
constexpr const char* kEveryKind[] = {
    "event_count: {event: a, gte: 3, within: 1h}",
    "event_count: {event: a, gte: 1, within: 1h}",
    "event_count: {event: a, lt: 3, within: 1h}",
    "value_count: {event: a, field: f, gte: 3, within: 1h}",
    "value_count: {event: a, field: f, lt: 3, within: 1h}",
    "flapping: {event: a, field: f, gte: 3, within: 1h}",
    "change: {event: a, field: f, within: 1h}",
    "new_term: {event: a, field: f, learn: 1d, remember: 2d}",
    "sequence: {within: 1h, steps: [a, {not: n}, b]}",
    "sequence: {steps: [a, {not: n, for: 1h}]}",
    "temporal: {within: 1h, all: [a, b]}",
    "absence: {after: a, without: b, for: 1h}",
    "absence: {after: a, without: b, for: 1h, restart: true}",
    "silence: {event: a, for: 1d, min_events: 3}",
    "silence: {event: a, for: 1d}",
    "ratio: {of: {event: a, where: {x: 1}}, over: a, gt: 0.5, within: 1h, "
    "min_denominator: 4}",
    "ratio: {of: {event: a, where: {x: 1}}, over: a, gt: 0.5, within: 1h, "
    "min_denominator: 4, for: 10m}",
    "aggregate: {event: a, field: f, fn: avg, gt: 5, within: 1h}",
    "aggregate: {event: a, field: f, fn: max, gt: 5, within: 1h, "
    "min_events: 2, for: 10m}",
    "deadline: {field: f, before: 7d, unless: u}",
    "spike: {event: a, within: 1d, reference: 7d, direction: up, factor: 3, "
    "min_current: 2}",
    "spike: {event: a, within: 1d, reference: 4d, direction: down, factor: 2}",
    "score: {signals: [{event: a, weight: 2}], half_life: 1d, gte: 4, "
    "reset_below: 1}",
};

std::size_t CountSaying(const RuleProbes& probes, const std::string& word) {
  return static_cast<std::size_t>(std::count_if(
      probes.cases.begin(), probes.cases.end(), [&word](const ProbeCase& one) {
        return one.says.find(word) != std::string::npos;
      }));
}

TEST(ProbeTest, EveryKindIsProbedWithLateEvents) {
  for (const char* detect : kEveryKind) {
    for (const char* late : {"", "    late: ignore\n"}) {
      const auto rules = OneRule(detect, late);
      const RuleProbes probes = DeriveProbes(rules->rules()[0], *rules);
      EXPECT_EQ(probes.problem, "") << detect;
      EXPECT_GE(CountSaying(probes, " late"), 1U) << detect;
      EXPECT_THAT(Differences(probes, "r", rules), testing::IsEmpty())
          << detect << late;
    }
  }
  // An engine that passes over what is late, where it should count, is noticed.
  for (const char* detect :
       {"event_count: {event: a, gte: 3, within: 1h}",
        "event_count: {event: a, lt: 3, within: 1h}",
        "absence: {after: a, without: b, for: 1h}",
        "score: {signals: [{event: a, weight: 2}], half_life: 1d, gte: 3, "
        "reset_below: 1}"}) {
    const auto written = OneRule(detect);
    const RuleProbes probes = DeriveProbes(written->rules()[0], *written);
    EXPECT_THAT(Differences(probes, "r", OneRule(detect, "    late: ignore\n")),
                testing::Not(testing::IsEmpty()))
        << detect;
  }
}

TEST(ProbeTest, EveryKindIsProbedWithWhatTakesItBack) {
  const std::string solved = "    cancel_on: [{event: solved}]\n";
  for (const char* detect : kEveryKind) {
    const auto written = OneRule(detect, solved);
    const RuleProbes probes = DeriveProbes(written->rules()[0], *written);
    EXPECT_GE(CountSaying(probes, "(`cancel_on`)"), 3U) << detect;
    EXPECT_THAT(Differences(probes, "r", written), testing::IsEmpty())
        << detect;
    for (const char* other : {"", "    cancel_on: [{event: closed}]\n"}) {
      EXPECT_THAT(Differences(probes, "r", OneRule(detect, other)),
                  testing::Not(testing::IsEmpty()))
          << detect << other;
    }
  }
}

TEST(ProbeTest, AnEventOfAnotherGroupTakesNothingBack) {
  const auto rules =
      OneRule("event_count: {event: a, gte: 2, within: 1h, group_by: g}",
              "    cancel_on: [{event: solved}]\n");
  const RuleProbes probes = DeriveProbes(rules->rules()[0], *rules);
  EXPECT_EQ(CountSaying(probes, "of another group (`cancel_on`)"), 1U);
  EXPECT_THAT(Differences(probes, "r", rules), testing::IsEmpty());
}

constexpr const char* kRules = R"(version: 1
rules:
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: viewed, where: {page|startswith: /pay}, gte: 2, within: 15m}}
  - id: never
    title: Cannot be
    detect: {event_count: {event: viewed, where: {page: /a, not: {page: /a}}, gte: 2, within: 15m}}
)";

TEST(ProbeCommandTest, EachCaseIsASentence) {
  TempFolder folder;
  folder.Write("a.yaml", kRules);
  const Ran ran = Premura({"test", "--probe", folder.Path("a.yaml")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              HasSubstr("ok      loop: 1 viewed (page \"/pay\") within "
                        "15m: one too few: does not fire\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("ok      loop: 2 viewed (page \"/pay\") within "
                        "15m: fires\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("ok      loop: 2 viewed (page \"/pay\"), the first one "
                        "exactly 15m before the last: does not fire\n"));
  EXPECT_THAT(ran.out, HasSubstr("NOT PROBED never: no event was found that "
                                 "meets the conditions on viewed\n"));
  EXPECT_THAT(ran.out, HasSubstr(" passed, 0 failed, 1 rule not probed\n"));
}

TEST(ProbeCommandTest, CasesAreChosenByTheirWords) {
  TempFolder folder;
  folder.Write("a.yaml", kRules);
  const std::string path = folder.Path("a.yaml");
  EXPECT_THAT(Premura({"test", "--probe", path, "--run", "one too few"}).out,
              testing::EndsWith("\n1 passed, 0 failed\n"));
  const Ran none = Premura({"test", "--probe", path, "--run", "nothing such"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no case has such words"));
  EXPECT_EQ(Premura({"test", "--probe", path, "--run", "("}).code, 2);
  EXPECT_THAT(Premura({"test", "--probe", path, "--self-preservation"}).err,
              HasSubstr("excludes"));
}

TEST(ProbeCommandTest, ABuildServerReadsThem) {
  TempFolder folder;
  folder.Write("a.yaml", kRules);
  const std::string report = folder.Path("probes.xml");
  const std::string rules = folder.Path("a.yaml");
  const Ran over = Premura({"test", "--probe", rules, "--junit", rules});
  EXPECT_EQ(over.code, 2);
  EXPECT_THAT(over.err, HasSubstr("`--junit` is a file that is read: "));
  EXPECT_EQ(ReadFile(rules).value(), kRules);
  Premura({"test", "--probe", folder.Path("a.yaml"), "--junit", report});
  const auto xml = ReadFile(report);
  ASSERT_TRUE(xml.ok());
  EXPECT_THAT(xml.value(), HasSubstr("<testsuite name=\"never\" tests=\"1\" "
                                     "failures=\"0\" skipped=\"1\">"));
  EXPECT_THAT(xml.value(), HasSubstr("<skipped message=\"no event was found"));
}

}  // namespace
}  // namespace premura
