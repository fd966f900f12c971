// SPDX-License-Identifier: Apache-2.0
// `premura check` over configuration, rules, templates and profiles.

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/daemon/cli_fixture.h"

namespace premura {
namespace {

class CheckCommandTest : public CliTest {};

TEST_F(CheckCommandTest, CheckFindsNothingInGoodFiles) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"check", folder_.Path("rules")},
           {"check", "-c", folder_.Path("premura.yaml")},
           {"check", folder_.Path("rules/a.yaml"), "-c",
            folder_.Path("premura.yaml")}}) {
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, kOk) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "No mistakes found.\n");
  }
}

TEST_F(CheckCommandTest, AConfigurationMayLieBesideTheRules) {
  folder_.Write("rules/premura.yaml", folder_.Read("premura.yaml"));
  folder_.Write("rules/a.test.yaml",
                "version: 1\ntests:\n  - name: Two are few\n    events: "
                "[0m..1m/1m acme failed]\n    detections: []\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"check", folder_.Path("rules")},
           {"test", folder_.Path("rules")},
           {"backtest", "--rules", folder_.Path("rules"), "--events",
            folder_.Path("events.jsonl")}}) {
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, kOk) << ran.out << ran.err;
  }
  const Ran named = Premura({"check", folder_.Path("rules/premura.yaml")});
  EXPECT_TRUE(Contains(named.out, "this is a configuration")) << named.out;
}

TEST_F(CheckCommandTest, TestPassesOverWhatEditorsAndSystemsLeaveBehind) {
  folder_.Write("rules/a.test.yaml",
                "version: 1\ntests:\n  - name: Nothing\n    events: []\n    "
                "detections: []\n");
  const Ran before = Premura({"test", folder_.Path("rules")});
  EXPECT_EQ(before.code, kOk) << before.err;
  for (const char* name : {"rules/._a.test.yaml", "rules/.old/a.test.yaml"}) {
    folder_.Write(name, std::string(1, '\0'));
  }
  EXPECT_EQ(Premura({"test", folder_.Path("rules")}).out, before.out);
}

TEST_F(CheckCommandTest, CheckWithoutAnythingToCheckIsAUsageError) {
  const Ran ran = Premura({"check"});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_TRUE(
      Contains(ran.err, "check needs rules (PATH...) or a configuration: "));
}

TEST_F(CheckCommandTest, CheckAndRunShowNoSecretOfTheConfiguration) {
  const std::string path = folder_.Path("premura.yaml");
  folder_.Write("premura.yaml",
                folder_.Read("premura.yaml") +
                    "email:\n  smtp: {host: h, port: 70000, tls: none, "
                    "password: hunter2}\n  from: {address: a@example.com}\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"check", "-c", path},
           {"check", "-c", path, "--format", "json"},
           {"check", "-c", path, folder_.Path("rules")},
           {"run", "-c", path},
           {"config", "-c", path}}) {
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, kFailure);
    EXPECT_TRUE(Contains(ran.out + ran.err, "70000")) << ran.out;
    EXPECT_FALSE(Contains(ran.out + ran.err, "hunter2")) << ran.out << ran.err;
  }
}

TEST_F(CheckCommandTest, CheckWarnsOfAnActionThatCanNeverBeSent) {
  folder_.Write("rules/a.yaml",
                "version: 1\nrules:\n  - id: a\n    title: A\n"
                "    detect: {event_count: {event: x, gte: 2, within: 1m}}\n"
                "    expires_after: 5m\n    actions:\n"
                "      - ticket: {template: failures, delay: 4m}\n"
                "      - ticket: {template: failures, delay: 5m}\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"check", folder_.Path("rules")},
           {"check", "-c", folder_.Path("premura.yaml")}}) {
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, kOk) << ran.out;
    EXPECT_TRUE(Contains(ran.out,
                         "a.yaml:9:9: warning: this action of rule `a` can "
                         "never be sent: it waits 5m and expires after 5m"))
        << ran.out;
    EXPECT_FALSE(Contains(ran.out, "a.yaml:8:")) << ran.out;
  }
}

TEST_F(CheckCommandTest, CheckWarnsOfRulesThatLoosenWithoutBeingCritical) {
  const auto check = [this](const std::string& level, const std::string& more) {
    folder_.Write(
        "rules/a.yaml",
        "version: 1\nrules:\n  - id: other\n    title: O\n"
        "    detect: {event_count: {event: x, gte: 2, within: 1m}}\n"
        "  - id: a\n    title: A\n"
        "    level: " +
            level +
            "\n"
            "    detect: {event_count: {event: x, gte: 2, within: 1m}}\n"
            "    " +
            more + "\n");
    const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
    EXPECT_EQ(ran.code, kOk) << ran.out;
    return ran.out;
  };
  // The defaults: email 2/7d, sms 1/7d, any 3/7d; sms 20:00-09:00 and Sunday.
  for (const char* loose :
       {"frequency_cap: {sms: 5/7d}", "frequency_cap: {email: 2/1d}",
        "quiet_hours: {sms: none}", "quiet_hours: {sms: \"20:00-09:00\"}",
        "quiet_hours: {sms: \"21:00-09:00, sun\"}"}) {
    const std::string out = check("high", loose);
    EXPECT_TRUE(Contains(out,
                         "is looser than `restraint`, which holds all "
                         "the same"))
        << loose << out;
    EXPECT_TRUE(Contains(out, "a.yaml:10:")) << out;
    EXPECT_TRUE(Contains(out, "only a rule of `level: critical` may loosen"));
    EXPECT_EQ(check("critical", loose), "No mistakes found.\n");
  }
  for (const char* tight :
       {"frequency_cap: {sms: 1/7d}", "frequency_cap: {email: 3/30d}",
        "frequency_cap: {ticket: 9/1d}",
        "quiet_hours: {email: \"10:00-11:00\"}",
        "quiet_hours: {sms: \"19:00-09:00, sat, sun\"}",
        "quiet_hours: {sms: \"20:00-24:00, 00:00-09:00, sun\"}"}) {
    EXPECT_EQ(check("high", tight), "No mistakes found.\n") << tight;
  }
}

TEST_F(CheckCommandTest, CheckWarnsOfProfilesThatMeanNothing) {
  folder_.Write("premura.yaml",
                folder_.Read("premura.yaml") + "profiles: {files: [c.csv]}\n");
  folder_.Write("c.csv",
                "customer,timezone,phone,email,consent.email,consent.sms\n"
                "acme,Europe/Rom,+39 333 1234567,m@example.com,YES,0\n"
                "bolt,Europe/Rome,333,m@example.com,maybe,\n"
                "core,,,m at example,,\n");
  const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kOk);
  for (const char* message :
       {"c.csv:2:1: warning: `timezone` of customer `acme` is no time zone: "
        "write one like Europe/Rome",
        "c.csv:3:1: warning: `phone` of customer `bolt` is not a number in "
        "international form (+39...)",
        "c.csv:3:1: warning: `consent.email` of customer `bolt` is neither "
        "true nor false, and counts as refused",
        "c.csv:4:1: warning: `email` of customer `core` is not one email "
        "address",
        "4 warnings in 1 file."}) {
    EXPECT_TRUE(Contains(ran.out, message)) << message << '\n' << ran.out;
  }
  folder_.Write("c.csv",
                "customer,country,locale\n"
                "acme,Italy,it_CH\n"
                "bolt,UK,italian\n"
                "core,it,en-GB\n");
  EXPECT_EQ(Premura({"check", "-c", folder_.Path("premura.yaml")}).out,
            folder_.Path("c.csv:2:1: warning: `country` of customer `acme` is "
                         "no country of ISO 3166: write one like IT\n") +
                "    2 | acme,Italy,it_CH\n      | ^\n" +
                folder_.Path("c.csv:3:1: warning: `country` of customer `bolt` "
                             "is no country of ISO 3166: write one like IT\n") +
                "    3 | bolt,UK,italian\n      | ^\n" +
                folder_.Path("c.csv:3:1: warning: `locale` of customer `bolt` "
                             "is no language: write one like it or it-CH\n") +
                "    3 | bolt,UK,italian\n      | ^\n"
                "3 warnings in 1 file.\n");
  std::string many = "customer,phone\n";
  for (int i = 0; i < 30; ++i) many += "c" + std::to_string(i) + ",12\n";
  folder_.Write("c.csv", many);
  EXPECT_TRUE(
      Contains(Premura({"check", "-c", folder_.Path("premura.yaml")}).out,
               "c.csv: warning: 20 more values like these"));
}

TEST_F(CheckCommandTest, CheckWarnsOfColumnsThatAreAlmostCalledSo) {
  struct Case {
    const char* columns;
    std::vector<std::string> warnings;  // "E-mail, email"
  };
  const Case cases[] = {
      {"Email,TIMEZONE", {"`Email`, and no `email`", "`TIMEZONE`, and no"}},
      {"E-mail,time_zone", {"`E-mail`, and no", "`time_zone`, and no"}},
      {"Phone Number,First Name", {"and no `phone`", "and no `first_name`"}},
      {"email_address,phonetype", {"`email_address`, and no `email`"}},
      {"email,E-mail", {}},
      {"email,emailed", {}},
  };
  folder_.Write("premura.yaml",
                folder_.Read("premura.yaml") + "profiles: {files: [c.csv]}\n");
  for (const Case& c : cases) {
    folder_.Write("c.csv", "customer," + std::string(c.columns) +
                               "\nacme,a@example.com,b\n");
    const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
    EXPECT_EQ(ran.code, kOk);
    for (const std::string& warning : c.warnings) {
      EXPECT_TRUE(Contains(ran.out, "c.csv:1:10: warning: there is `") &&
                  Contains(ran.out, warning))
          << ran.out;
    }
    EXPECT_TRUE(Contains(ran.out, c.warnings.empty() ? "No mistakes found."
                                  : c.warnings.size() == 1 ? "1 warning in"
                                                           : "2 warnings in"))
        << ran.out;
  }
  folder_.Write("c.csv", "customer,tier,Locale\nacme,pro,it\n");
  EXPECT_TRUE(
      Contains(Premura({"check", "-c", folder_.Path("premura.yaml")}).out,
               "c.csv:1:15: warning: there is `Locale`, and no `locale`\n"
               "    1 | customer,tier,Locale\n"
               "      |               ^~~~~~\n"
               "      = did you mean `locale`?\n"));
}

TEST_F(CheckCommandTest, WhatTheConfigurationNamesAndIsMissingHasItsLine) {
  struct Case {
    const char* configuration;
    std::string message;  // %: the folder.
  };
  const Case cases[] = {
      {"rules: [a.yaml, gone.yaml]\n",
       "premura.yaml:2:17: error: `%gone.yaml` names no rules file"},
      {"rules: gone/*.yaml\n",
       "premura.yaml:2:8: error: `%gone/*.yaml` names no rules file"},
      {"rules: [a.yaml]\ntemplates: [gone]\n",
       "premura.yaml:3:13: error: %gone: cannot read the template folder: No "
       "such file or directory"},
      {"rules: [a.yaml]\nprofiles:\n  files: [gone.csv]\n",
       "premura.yaml:4:11: error: %gone.csv: No such file or directory"},
  };
  folder_.Write("a.yaml", "version: 1\nrules: []\n");
  for (const Case& c : cases) {
    folder_.Write(
        "premura.yaml",
        std::string("sources: [{file: {path: e}}]\n") + c.configuration);
    const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
    EXPECT_EQ(ran.code, kFailure);
    std::string message = c.message;
    message.replace(message.find('%'), 1, folder_.Path(""));
    EXPECT_TRUE(Contains(ran.out, message)) << message << '\n' << ran.out;
    EXPECT_TRUE(Contains(ran.out, "1 error in 1 file.")) << ran.out;
  }
}

TEST_F(CheckCommandTest, CheckOfAPathThatIsNotThereFails) {
  EXPECT_EQ(Premura({"check", folder_.Path("nowhere")}).code, kFailure);
  EXPECT_EQ(Premura({"check", "-c", folder_.Path("nowhere.yaml")}).code,
            kFailure);
}

TEST_F(CheckCommandTest, CheckShowsMistakesOfRulesInEachFormat) {
  folder_.Write("bad.yaml", "version: 1\nrules:\n  - id: a\n");
  const std::string path = folder_.Path("bad.yaml");
  const Ran text = Premura({"check", path});
  EXPECT_EQ(text.code, kFailure);
  EXPECT_TRUE(Contains(text.out, "bad.yaml:3:"));
  EXPECT_TRUE(Contains(text.out, "`title` is missing"));
  const Ran json = Premura({"check", path, "--format", "json"});
  EXPECT_EQ(json.code, kFailure);
  EXPECT_TRUE(json.out.starts_with("["));
  const Ran github = Premura({"check", path, "--format", "github"});
  EXPECT_EQ(github.code, kFailure);
  EXPECT_TRUE(github.out.starts_with("::error file="));
}

TEST_F(CheckCommandTest, CheckTakesTemplatesBesideTheRules) {
  folder_.Write("rules/a.yaml",
                std::string(kRule) + "      - sms: {template: failures}\n");
  const Ran ran = Premura({"check", folder_.Path("rules")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, "a.yaml:9:")) << ran.out;
}

TEST_F(CheckCommandTest, CheckWarnsOfChannelsThatAreNotConfigured) {
  folder_.Write("rules/a.yaml", std::string(kRule) +
                                    "      - ticket: {template: failures, "
                                    "desk: dessk}\n      - ticket: {template: "
                                    "failures, desk: other}\n");
  const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kOk) << ran.out;
  EXPECT_TRUE(Contains(ran.out,
                       "warning: there is no desk `dessk`: this action of "
                       "rule `many-failures` will only be recorded"));
  EXPECT_TRUE(Contains(ran.out, "did you mean `desk`?"));
  EXPECT_TRUE(Contains(ran.out, "add it below `tickets` in the configuration"));
}

TEST_F(CheckCommandTest, CheckWarnsOfEmailAndSmsWithoutAWayOut) {
  folder_.Write("rules/a.yaml", std::string(kRule) +
                                    "      - email: {template: failures}\n"
                                    "      - sms: {template: failures}\n");
  folder_.Write("premura.yaml",
                "sources: [{file: {path: e}}]\nrules: [rules]\n"
                "templates: [rules/templates]\n");
  const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
  for (const char* message :
       {"no desk is configured: ", "no `email` is configured: ",
        "no `sms` is configured: ", "add `email` to the configuration",
        "add `sms` to the configuration"}) {
    EXPECT_TRUE(Contains(ran.out, message)) << message << ran.out;
  }
}

TEST_F(CheckCommandTest, CheckWarnsOfWhatADeadlineCannotKnow) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: renewal-near
    title: A renewal is near
    detect: {deadline: {field: dates.renewal, before: 7d}}
    actions:
      - ticket: {template: renewal}
)");
  folder_.Write("rules/templates/renewal.en.yaml", R"(ticket:
  subject: "{{rule.title}}: {{customer.id}}"
  text: |
    Renews on: {{customer.dates.renewal}}
    Seen on: {{event.date}}
    {{count}} events, the last {{event.name}}
    {{#evidence}}
    {{name}}
    {{/evidence}}
)");
  folder_.Write("premura.yaml",
                "sources: [{file: {path: e}}]\nrules: [rules]\n"
                "templates: [rules/templates]\n"
                "tickets: {desk: {type: file, directory: out}}\n"
                "profiles: {files: [c.csv]}\n");
  folder_.Write("c.csv",
                "customer,dates.renewal,dates.other\n"
                "acme,2026-01-31,soon\nbolt,31.1.2026,\n");
  const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kOk);
  for (const char* message :
       {"a.yaml:7:28: warning: template `renewal` tells of events (`count`, "
        "`event.name`, `evidence`), and a deadline has none",
        "c.csv:3:1: warning: `dates.renewal` of customer `bolt` is no date, so "
        "no deadline comes of it: write one like 2026-01-31"}) {
    EXPECT_TRUE(Contains(ran.out, message)) << message << ran.out;
  }
  EXPECT_FALSE(Contains(ran.out, "acme")) << ran.out;
}

TEST_F(CheckCommandTest, CheckShowsMistakesOfProfilesWithTheirLine) {
  folder_.Write("customers.csv", "name,tier\nMarta,standard\n");
  folder_.Write("premura.yaml",
                "sources: [{file: {path: e}}]\nrules: [rules]\n"
                "templates: [rules/templates]\n"
                "tickets: {desk: {type: file, directory: out}}\n"
                "profiles: {files: [customers.csv]}\n");
  const Ran ran = Premura({"check", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, "customers.csv:1:")) << ran.out;
}

TEST_F(CheckCommandTest, CheckRefusesALedgerThatForgetsWhatRulesLookBackFor) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    detect: {event_count: {event: failed, gte: 3, within: 10m}}
    cooldown: 20d
    frequency_cap: {sms: 1/30d}
)");
  const auto check = [this](const std::string& retention) {
    folder_.Write("premura.yaml",
                  "sources: [{file: {path: e}}]\nrules: [rules]\n"
                  "templates: [rules/templates]\n"
                  "restraint: {frequency_cap: {email: 1/8d}}\n"
                  "ledger_retention: " +
                      retention + "\n");
    return Premura({"check", "-c", folder_.Path("premura.yaml")});
  };
  const Ran ran = check("7d");
  EXPECT_EQ(ran.code, kFailure);
  for (const char* message :
       {"a.yaml:3:",
        "`cooldown` of rule `many-failures` looks back 20d, but the ledger "
        "forgets after 7d",
        "`frequency_cap` for `sms` of rule `many-failures` looks back 30d",
        "`frequency_cap` for `email` of `restraint` looks back 8d",
        "set `ledger_retention` to 30d at least"}) {
    EXPECT_TRUE(Contains(ran.out, message)) << message << '\n' << ran.out;
  }
  EXPECT_FALSE(Contains(ran.out, "`any`")) << ran.out;
  EXPECT_EQ(check("30d").code, kOk);
}

TEST_F(CheckCommandTest, CheckShowsConfigurationAndRulesAtOnce) {
  folder_.Write("bad.yaml", "version: 1\nrules:\n  - id: a\n");
  folder_.Write("premura.yaml", "sorces: []\nrules: [rules]\n");
  const Ran ran = Premura(
      {"check", folder_.Path("bad.yaml"), "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, "unknown key `sorces`"));
  EXPECT_TRUE(Contains(ran.out, "`title` is missing"));
}

TEST_F(CheckCommandTest, CheckReadsWhatAShellHandsOver) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string text = "version: 1\nrules: []\nruels: []\n";
  ASSERT_EQ(write(ends[1], text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  close(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  const Ran ran = Premura({"check", path});
  close(ends[0]);
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, path + ":3:1: error: unknown key `ruels`"))
      << ran.out;
}

}  // namespace
}  // namespace premura
