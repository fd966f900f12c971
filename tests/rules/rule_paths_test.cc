// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "rules/rule_set.h"

namespace premura {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

class RulePathsTest : public testing::Test {
 protected:
  RulePathsTest()
      : root_(fs::path(testing::TempDir()) /
              ("premura-paths-" + std::to_string(getpid()))) {
    fs::remove_all(root_);
    for (const char* name :
         {"rules/a.yaml", "rules/b.yml", "rules/a.test.yaml", "rules/note.txt",
          "rules/deep/c.yaml", "rules/templates/t.yaml", "empty/x.txt"}) {
      fs::create_directories((root_ / name).parent_path());
      std::ofstream(root_ / name) << "version: 1\nrules: []\n";
    }
  }
  ~RulePathsTest() override { fs::remove_all(root_); }

  std::string At(const std::string& name) const { return root_ / name; }

  // Relative to the root; of several patterns.
  Paths Expand(Paths patterns) const {
    for (std::string& pattern : patterns) pattern = At(pattern);
    const auto expanded = ExpandRulePaths(patterns);
    if (!expanded.ok()) return {expanded.error().message};
    Paths relative;
    for (const std::string& path : expanded.value()) {
      relative.push_back(fs::path(path).lexically_relative(root_));
    }
    return relative;
  }

  const fs::path root_;
};

TEST_F(RulePathsTest, AFolderIsItsYamlFilesBelowItToo) {
  EXPECT_EQ(Expand({"rules"}),
            (Paths{"rules/a.yaml", "rules/b.yml", "rules/deep/c.yaml"}));
  EXPECT_EQ(Expand({"rules/"}), Expand({"rules"}));
}

TEST_F(RulePathsTest, AGlobLeavesOutTestsAndTemplates) {
  EXPECT_EQ(Expand({"rules/*.yaml"}), Paths{"rules/a.yaml"});
  EXPECT_EQ(Expand({"rules/*"}),
            (Paths{"rules/a.yaml", "rules/b.yml", "rules/deep/c.yaml"}));
}

TEST_F(RulePathsTest, WhatEditorsAndSystemsLeaveBehindIsPassedOver) {
  const Paths before = Expand({"rules"});
  fs::create_symlink("anna@desk.4711", root_ / "rules/.#a.yaml");
  fs::create_directories(root_ / "rules/.git");
  for (const char* name : {"rules/._a.yaml", "rules/.git/a.yaml"}) {
    std::ofstream(root_ / name) << '\0';
  }
  EXPECT_EQ(Expand({"rules"}), before);
  EXPECT_EQ(Expand({"rules/*"}), before);
  EXPECT_EQ(Expand({"rules/._a.yaml"}), Paths{"rules/._a.yaml"});
}

TEST_F(RulePathsTest, AConfigurationIsNoneOfTheRulesBesideIt) {
  struct Case {
    const char* text;
    bool passed_over;
  };
  const Case cases[] = {
      {"sources: []\nrules: [a.yaml]\n", true},
      {"name: a\nsources:\n  - file: {path:", true},  // Being written.
      {"version: 1\nrules: []\nsources: []\n", false},
      {"rules: []\n", false},
      {"# sources:\nrules: [{sources: a}]\n", false},
  };
  const Paths before = Expand({"rules"});
  for (const Case& c : cases) {
    std::ofstream(root_ / "rules/z.yaml") << c.text;
    EXPECT_EQ(Expand({"rules"}) == before, c.passed_over) << c.text;
    EXPECT_EQ(Expand({"rules/*.yaml"}) == Paths{"rules/a.yaml"}, c.passed_over);
    EXPECT_EQ(Expand({"rules/z.yaml"}), Paths{"rules/z.yaml"});
  }
}

TEST_F(RulePathsTest, AFileThatIsNamedIsTakenAndOnce) {
  EXPECT_EQ(Expand({"rules/note.txt", "rules/./a.yaml", "rules/a.yaml"}),
            (Paths{"rules/a.yaml", "rules/note.txt"}));
}

TEST_F(RulePathsTest, WhatNamesNothingIsAnError) {
  for (const char* pattern : {"missing.yaml", "rules/*.json", "empty"}) {
    EXPECT_EQ(Expand({pattern}),
              Paths{"`" + At(pattern) + "` names no rules file"});
  }
}

TEST_F(RulePathsTest, AFolderThatCannotBeReadIsNamed) {
  fs::permissions(root_, fs::perms(0755));
  fs::permissions(root_ / "rules", fs::perms(0755));
  fs::permissions(root_ / "rules/deep", fs::perms::none);
  const uid_t me = geteuid();
  ASSERT_EQ(seteuid(me == 0 ? 65534 : me), 0);  // Root may read anything.
  const Paths found = Expand({"rules"});
  ASSERT_EQ(seteuid(me), 0);
  fs::permissions(root_ / "rules/deep", fs::perms(0755));
  EXPECT_EQ(found, Paths{At("rules/deep") + ": Permission denied"});
}

TEST_F(RulePathsTest, LoadingTellsWhatCannotBeRead) {
  const Paths missing = {At("missing.yaml")};
  const LoadedRules none = LoadRulePaths(missing, {});
  EXPECT_EQ(none.rules, nullptr);
  EXPECT_EQ(RenderText(none.diagnostics),
            "error: `" + At("missing.yaml") +
                "` names no rules file\n1 error in 1 file.\n");

  fs::create_symlink("/proc/self/mem", root_ / "rules/unreadable.yaml");
  const Paths rules = {At("rules")};
  const LoadedRules some = LoadRulePaths(rules, {});
  EXPECT_EQ(some.rules, nullptr);
  ASSERT_EQ(some.diagnostics.size(), 1U);
  EXPECT_EQ(some.diagnostics[0].where.file, At("rules/unreadable.yaml"));
}

TEST_F(RulePathsTest, LoadingReadsThemAll) {
  const Paths rules = {At("rules")};
  const LoadedRules loaded = LoadRulePaths(rules, {});
  EXPECT_EQ(RenderText(loaded.diagnostics), "");
  EXPECT_NE(loaded.rules, nullptr);
}

}  // namespace
}  // namespace premura
