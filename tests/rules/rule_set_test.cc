// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_set.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

// A rules file with one rule.
std::string OneRule(const std::string& id, const std::string& detect,
                    const std::string& more = "") {
  return "version: 1\nrules:\n  - id: " + id +
         "\n    title: T\n    detect: " + detect + "\n" + more;
}

const char* const kCount = "{event_count: {event: a, gte: 2, within: 1h}}";

std::shared_ptr<const RuleSet> Load(std::vector<RuleFile> files,
                                    const RuleSet* previous = nullptr) {
  LoadOptions options;
  options.previous = previous;
  LoadedRules loaded = LoadRules(std::move(files), options);
  EXPECT_EQ(RenderText(loaded.diagnostics), "");
  return loaded.rules;
}

TEST(RuleSetTest, NoFileIsAnEmptyOne) {
  const auto set = Load({});
  ASSERT_NE(set, nullptr);
  EXPECT_TRUE(set->rules().empty());
  EXPECT_EQ(set->Find("a"), nullptr);
  EXPECT_EQ(set->fingerprint().size(), 64U);
}

TEST(RuleSetTest, IsInOrderOfIdsWhateverTheFiles) {
  const auto set = Load({{"z.yaml", OneRule("b", kCount)},
                         {"y.yaml", OneRule("c", kCount)},
                         {"x.yaml", OneRule("a", kCount)}});
  ASSERT_EQ(set->rules().size(), 3U);
  EXPECT_EQ(set->rules()[0].id, "a");
  EXPECT_EQ(set->rules()[2].id, "c");
  EXPECT_EQ(set->Find("b")->position.file, "z.yaml");
  EXPECT_EQ(set->state_slots(), 3U);
  EXPECT_EQ(set->symbols().names.Text(set->Find("c")->detection_name),
            "detection:c");
}

TEST(RuleSetTest, AnIdIsUniqueOverFiles) {
  const LoadedRules loaded = LoadRules(
      {{"a.yaml", OneRule("x", kCount)}, {"b.yaml", OneRule("x", kCount)}}, {});
  EXPECT_EQ(loaded.rules, nullptr);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].where.file, "b.yaml");
  EXPECT_EQ(loaded.diagnostics[0].message, "rule id `x` is already taken");
  EXPECT_EQ(loaded.diagnostics[0].hint, "by the rule in a.yaml:3");
}

TEST(RuleSetTest, MistakesOfAllFilesAreToldAtOnce) {
  const LoadedRules loaded = LoadRules({{"b.yaml", "version: 2\nrules: []\n"},
                                        {"a.yaml", OneRule("A", kCount)},
                                        {"c.yaml", OneRule("fine", kCount)}},
                                       {});
  EXPECT_EQ(loaded.rules, nullptr);
  ASSERT_EQ(loaded.diagnostics.size(), 2U);
  EXPECT_EQ(loaded.diagnostics[0].where.file, "a.yaml");
  EXPECT_EQ(loaded.diagnostics[1].where.file, "b.yaml");
  EXPECT_EQ(loaded.diagnostics[1].line, "version: 2");
}

TEST(RuleSetTest, ACycleOverFilesIsToldOnce) {
  const auto detect = [](const std::string& rule) {
    return "{event_count: {event: detection:" + rule + ", gte: 1, within: 1h}}";
  };
  const LoadedRules loaded = LoadRules({{"a.yaml", OneRule("a", detect("b"))},
                                        {"b.yaml", OneRule("b", detect("c"))},
                                        {"c.yaml", OneRule("c", detect("a"))},
                                        {"d.yaml", OneRule("d", detect("a"))}},
                                       {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].where.file, "c.yaml");
  EXPECT_EQ(loaded.diagnostics[0].hint, "a <- b <- c <- a");
}

TEST(RuleSetTest, AVeryLongChainOfRulesIsNoCycle) {
  std::string text = "version: 1\nrules:\n";
  for (int i = 0; i < 5000; ++i) {
    const std::string event =
        i == 0 ? "a" : "detection:r" + std::to_string(i - 1);
    text += "  - {id: r" + std::to_string(i) +
            ", title: T, detect: {event_count: {event: '" + event +
            "', gte: 1, within: 1h}}}\n";
  }
  EXPECT_EQ(Load({{"chain.yaml", text}})->rules().size(), 5000U);
}

TEST(RevisionTest, IsOfWhatDecidesDetections) {
  const auto of = [](const std::string& text) {
    return Load({{"f.yaml", text}})->rules().front().revision;
  };
  const std::string base = of(OneRule("x", kCount));
  EXPECT_EQ(base.size(), 8U);
  const char* const same[] = {
      "{event_count: {within: 1h, gte: 2, event: a}}",
      "{event_count: {within: '1h', gte: 2, event: \"a\"}}  # why",
      "\n      event_count:\n        event: a\n        gte: 2\n        within: "
      "1h"};
  for (const char* detect : same) EXPECT_EQ(of(OneRule("x", detect)), base);
  EXPECT_EQ(of(OneRule("x", kCount, "    cooldown: 1h\n")), base);
  EXPECT_NE(of(OneRule("y", kCount)), base);
  EXPECT_NE(of(OneRule("x", kCount, "    only_for: {a: b}\n")), base);
  EXPECT_NE(of(OneRule("x", kCount, "    late: ignore\n")), base);
  EXPECT_NE(of(OneRule("x", "{event_count: {event: a, gte: 3, within: 1h}}")),
            base);
}

TEST(RevisionTest, TellsATextFromANumber) {
  const auto of = [](const std::string& value) {
    return Load({{"f.yaml", OneRule("x", "{event_count: {where: {f: " + value +
                                             "}, gte: 2, within: 1h}}")}})
        ->rules()
        .front()
        .revision;
  };
  EXPECT_NE(of("5"), of("'5'"));
  EXPECT_NE(of("true"), of("'true'"));
  EXPECT_EQ(of("a"), of("'a'"));
}

TEST(HashTest, IsOfTheWholeRule) {
  const auto of = [](const std::string& text) {
    return Load({{"f.yaml", text}})->rules().front().hash;
  };
  const std::string base = of(OneRule("x", kCount));
  EXPECT_EQ(of("# comment\n" + OneRule("x", kCount)), base);
  EXPECT_NE(of(OneRule("x", kCount, "    cooldown: 1h\n")), base);
}

TEST(ReloadTest, KeepsSlotsOfWhatIsUnchangedAndGivesNoneTwice) {
  const auto first = Load(
      {{"a.yaml", OneRule("a", kCount)}, {"b.yaml", OneRule("b", kCount)}});
  const char* const other = "{event_count: {event: a, gte: 3, within: 1h}}";
  const auto second = Load({{"b.yaml", OneRule("b", kCount, "    owner: me\n")},
                            {"a.yaml", OneRule("a", other)},
                            {"c.yaml", OneRule("c", kCount)}},
                           first.get());
  EXPECT_EQ(second->Find("b")->state_slot, first->Find("b")->state_slot);
  EXPECT_GE(second->Find("a")->state_slot, 2U);
  EXPECT_GE(second->Find("c")->state_slot, 2U);
  EXPECT_NE(second->Find("a")->state_slot, second->Find("c")->state_slot);
  EXPECT_EQ(second->state_slots(), 4U);

  const auto third = Load({{"a.yaml", OneRule("a", other)}}, second.get());
  const auto fourth =
      Load({{"a.yaml", OneRule("a", other)}, {"b.yaml", OneRule("b", kCount)}},
           third.get());
  EXPECT_EQ(fourth->Find("a")->state_slot, second->Find("a")->state_slot);
  EXPECT_EQ(fourth->Find("b")->state_slot, 4U);
}

TEST(ReloadTest, KeepsSymbols) {
  const auto first =
      Load({{"a.yaml", OneRule("a",
                               "{event_count: {event: x, where: {p: 1}, gte: "
                               "2, within: 1h}}")}});
  const auto second = Load({{"b.yaml", OneRule("b", kCount)}}, first.get());
  EXPECT_EQ(second->symbols().names.Find("x"),
            first->symbols().names.Find("x"));
  EXPECT_EQ(second->symbols().properties.Find("p"),
            first->symbols().properties.Find("p"));
  EXPECT_GT(second->symbols().names.Find("detection:b"),
            first->symbols().names.size());
}

TEST(RuleSetTest, KeepsThePropertiesThatOthersAskFor) {
  LoadOptions options;
  options.extra_properties = {"page", "d.ip"};
  const LoadedRules loaded = LoadRules({}, options);
  EXPECT_NE(loaded.rules->symbols().properties.Find("d.ip"), 0U);
}

TEST(FingerprintTest, IsOfTheTextsNotOfWhereTheyLie) {
  const auto a = Load({{"a.yaml", OneRule("a", kCount)}});
  const auto moved = Load({{"elsewhere/a.yaml", OneRule("a", kCount)}});
  const auto changed = Load({{"a.yaml", OneRule("a", kCount) + "# more\n"}});
  EXPECT_EQ(a->fingerprint(), moved->fingerprint());
  EXPECT_NE(a->fingerprint(), changed->fingerprint());
}

}  // namespace
}  // namespace premura
