// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "tests/daemon/command_line.h"
#include "tests/daemon/temp_folder.h"

namespace premura {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kRule = R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 3, within: 10m}
    actions:
      - ticket: {template: failures}
)";

constexpr const char* kTemplate = R"(ticket:
  subject: "{{rule.title}}"
  text: |
    Who: {{customer.id}}
)";

// A folder with rules, templates and a configuration that writes to files.
class CliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("rules/a.yaml", kRule);
    folder_.Write("rules/templates/failures.en.yaml", kTemplate);
    folder_.Write("events.jsonl", Event("a", 0) + Event("b", 1) +
                                      Event("a", 2) + Event("a", 3) +
                                      Event("b", 20));
    folder_.Write("e", "");
    folder_.Write("premura.yaml", R"(
sources: [{file: {path: events.jsonl}}]
rules: [rules]
templates: [rules/templates]
state: {dir: state}
tickets: {desk: {type: file, directory: out}}
http: {admin: {listen: "127.0.0.1:0"}}
)");
  }

  static std::string Event(const std::string& customer, int minute) {
    std::ostringstream line;
    line << R"({"customer":")" << customer
         << R"(","event":"failed","ts":"2026-01-01T00:)"
         << (minute < 10 ? "0" : "") << minute << R"(:00Z"})" << '\n';
    return line.str();
  }

  Ran Backtest(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--output",
                                          "jsonl",
                                          "--detections-only"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }

  TempFolder folder_;
};

TEST_F(CliTest, WithoutACommandItIsAUsageError) {
  EXPECT_EQ(Premura({}).code, kUsage);
  EXPECT_EQ(Premura({"explode"}).code, kUsage);
  EXPECT_EQ(Premura({"check", "--formt", "json"}).code, kUsage);
  EXPECT_EQ(Premura({"stop-all", "maybe", "-c", "x"}).code, kUsage);
}

TEST_F(CliTest, HelpTellsTheExitCodes) {
  const Ran ran = Premura({"--help"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(Contains(ran.out, "Exit codes: 0"));
  EXPECT_TRUE(Contains(ran.out, "PREMURA_CONFIG"));
  for (const char* command : {"run", "check", "infer", "rules", "schema",
                              "config", "backtest", "explain", "stop-all",
                              "held", "release", "drop", "settle", "version"}) {
    EXPECT_TRUE(Contains(ran.out, command)) << command;
    EXPECT_EQ(Premura({command, "--help"}).code, kOk) << command;
  }
}

TEST_F(CliTest, VersionIsPrinted) {
  for (const char* word : {"version", "--version"}) {
    const Ran ran = Premura({word});
    EXPECT_EQ(ran.code, kOk);
    EXPECT_EQ(ran.out, "premura " PREMURA_TEST_VERSION "\n");
  }
}

TEST_F(CliTest, SchemaIsJson) {
  const Ran ran = Premura({"schema"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(ran.out.starts_with("{"));
  EXPECT_TRUE(Contains(ran.out, "2020-12"));
}

TEST_F(CliTest, CheckFindsNothingInGoodFiles) {
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

TEST_F(CliTest, CheckWithoutAnythingToCheckIsAUsageError) {
  const Ran ran = Premura({"check"});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_TRUE(
      Contains(ran.err, "check needs rules (PATH...) or a configuration: "));
}

TEST_F(CliTest, TheConfigurationIsThatOfTheEnvironmentIfNoneIsNamed) {
  const std::string config = folder_.Path("premura.yaml");
  EXPECT_EQ(Premura({"check"}, config).out, "No mistakes found.\n");
  EXPECT_EQ(Premura({"config"}, config).code, kOk);
  folder_.Write("state/.keep", "");
  EXPECT_EQ(Premura({"run", "--once"}, config).code, kOk);
  EXPECT_EQ(Premura({"stop-all", "on"}, config).code, kOk);
  EXPECT_EQ(Premura({"stop-all", "off"}, config).code, kOk);
  EXPECT_EQ(Premura({"explain", "a"}, config).code, kOk);
  const Ran other = Premura({"config", "-c", config}, "/nowhere/else.yaml");
  EXPECT_EQ(other.code, kOk) << "what is named goes first";
}

TEST_F(CliTest, WithoutAConfigurationBothPlacesAreNamed) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"run"},
                                             {"config"},
                                             {"check"},
                                             {"explain", "a"},
                                             {"stop-all", "status"},
                                             {"held"},
                                             {"drop", "k"},
                                             {"settle", "k", "lost"}}) {
    const Ran ran = Premura(arguments);
    EXPECT_NE(ran.code, kOk) << arguments[0];
    EXPECT_TRUE(Contains(ran.err,
                         "which configuration? /nowhere/premura.yaml is not "
                         "there, and PREMURA_CONFIG names none: say -c FILE"))
        << ran.err;
  }
  EXPECT_TRUE(Contains(Premura({"config"}, "/nowhere/else.yaml").err,
                       "/nowhere/else.yaml: error: cannot open"));
}

TEST_F(CliTest, CheckAndRunShowNoSecretOfTheConfiguration) {
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

TEST_F(CliTest, CheckWarnsOfAnActionThatCanNeverBeSent) {
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

TEST_F(CliTest, CheckWarnsOfRulesThatLoosenWithoutBeingCritical) {
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

TEST_F(CliTest, CheckWarnsOfProfilesThatMeanNothing) {
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
  std::string many = "customer,phone\n";
  for (int i = 0; i < 30; ++i) many += "c" + std::to_string(i) + ",12\n";
  folder_.Write("c.csv", many);
  EXPECT_TRUE(
      Contains(Premura({"check", "-c", folder_.Path("premura.yaml")}).out,
               "c.csv: warning: 20 more values like these"));
}

TEST_F(CliTest, CheckOfAPathThatIsNotThereFails) {
  EXPECT_EQ(Premura({"check", folder_.Path("nowhere")}).code, kFailure);
  EXPECT_EQ(Premura({"check", "-c", folder_.Path("nowhere.yaml")}).code,
            kFailure);
}

TEST_F(CliTest, CheckShowsMistakesOfRulesInEachFormat) {
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

TEST_F(CliTest, CheckTakesTemplatesBesideTheRules) {
  folder_.Write("rules/a.yaml",
                std::string(kRule) + "      - sms: {template: failures}\n");
  const Ran ran = Premura({"check", folder_.Path("rules")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, "a.yaml:9:")) << ran.out;
}

TEST_F(CliTest, CheckWarnsOfChannelsThatAreNotConfigured) {
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

TEST_F(CliTest, CheckWarnsOfEmailAndSmsWithoutAWayOut) {
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

TEST_F(CliTest, CheckWarnsOfWhatADeadlineCannotKnow) {
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

TEST_F(CliTest, CheckShowsMistakesOfProfilesWithTheirLine) {
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

TEST_F(CliTest, CheckRefusesALedgerThatForgetsWhatRulesLookBackFor) {
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
        "forgets after 1w",
        "`frequency_cap` for `sms` of rule `many-failures` looks back 30d",
        "`frequency_cap` for `email` of `restraint` looks back 8d",
        "set `ledger_retention` to 30d at least"}) {
    EXPECT_TRUE(Contains(ran.out, message)) << message << '\n' << ran.out;
  }
  EXPECT_FALSE(Contains(ran.out, "`any`")) << ran.out;
  EXPECT_EQ(check("30d").code, kOk);
}

TEST_F(CliTest, CheckShowsConfigurationAndRulesAtOnce) {
  folder_.Write("bad.yaml", "version: 1\nrules:\n  - id: a\n");
  folder_.Write("premura.yaml", "sorces: []\nrules: [rules]\n");
  const Ran ran = Premura(
      {"check", folder_.Path("bad.yaml"), "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.out, "unknown key `sorces`"));
  EXPECT_TRUE(Contains(ran.out, "`title` is missing"));
}

TEST_F(CliTest, ConfigIsPrintedCompleteWithoutSecrets) {
  folder_.Write("premura.yaml",
                "sources: [{file: {path: e}}]\nrules: [rules]\n"
                "http: {admin: {listen: \"0.0.0.0:0\", token_file: token}}\n");
  folder_.Write("token", "s3cret");
  const Ran ran = Premura({"config", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(Contains(ran.out, "token_file: "));
  EXPECT_TRUE(Contains(ran.out, "timezone_missing: hold"));
  EXPECT_FALSE(Contains(ran.out, "s3cret"));
  EXPECT_EQ(Premura({"config", "-c", folder_.Path("nowhere")}).code, kFailure);
}

TEST_F(CliTest, BacktestPrintsOneLinePerDetection) {
  const Ran ran = Backtest({});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(ran.out.starts_with(
      R"({"rule":"many-failures","customer":"a","group":{},)"
      R"("at":"2026-01-01T00:03:00.000Z","id":")"))
      << ran.out;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  EXPECT_EQ(ran.err, "");
}

TEST_F(CliTest, BacktestShowsOnlyDetectionsBetweenFromAndTo) {
  EXPECT_NE(Backtest({"--from", "2026-01-01T00:03:00Z"}).out, "");
  EXPECT_EQ(Backtest({"--from", "2026-01-01T00:03:00.001Z"}).out, "");
  EXPECT_EQ(Backtest({"--to", "2026-01-01T00:03:00Z"}).out, "");
  EXPECT_NE(Backtest({"--to", "2026-01-01T00:03:00.001Z"}).out, "");
}

TEST_F(CliTest, BacktestMovesTheClockOnToUntil) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: no-answer
    title: Nothing came after a failure
    detect:
      absence: {after: failed, without: solved, for: 5m}
)");
  folder_.Write("events.jsonl", Event("a", 0));
  EXPECT_EQ(Backtest({}).out, "");
  EXPECT_EQ(Backtest({"--until", "2026-01-01T00:04:59.999Z"}).out, "");
  EXPECT_NE(Backtest({"--until", "2026-01-01T00:05:00Z"}).out, "");
}

TEST_F(CliTest, BacktestWarnsOfLateEventsAndSortsThemIfAsked) {
  folder_.Write("events.jsonl",
                Event("b", 30) + Event("a", 3) + Event("a", 1) + Event("a", 2));
  const Ran plain = Backtest({});
  EXPECT_TRUE(Contains(plain.err,
                       "warning: 3 events are older than the clock when they "
                       "came (late); --sort"))
      << plain.err;
  const Ran sorted = Backtest({"--sort"});
  EXPECT_TRUE(Contains(sorted.out, R"("at":"2026-01-01T00:03:00.000Z")"))
      << sorted.out;
  EXPECT_EQ(sorted.err, "");
}

TEST_F(CliTest, BacktestCountsWhatCannotBeUsed) {
  folder_.Write("events.jsonl", "{]\n" + Event("a", 0) +
                                    R"({"event":"failed","ts":1767225600})"
                                    "\n\n");
  for (const char* sort : {"", "--sort"}) {
    const Ran ran = *sort ? Backtest({sort}) : Backtest({});
    EXPECT_EQ(ran.code, kOk);
    EXPECT_EQ(ran.err,
              "warning: 2 events cannot be used: broken_json 1, no_customer "
              "1\n");
  }
}

TEST_F(CliTest, BacktestTakesAMappingFromAConfiguration) {
  folder_.Write("events.jsonl",
                R"({"who":"a","what":"failed","when":1767225600})"
                "\n"
                R"({"who":"a","what":"failed","when":1767225660})"
                "\n"
                R"({"who":"a","what":"failed","when":1767225720})"
                "\n");
  folder_.Write("premura.yaml", R"(
sources:
  - file: {path: events.jsonl}
    mapping: {customer: who, event: what, time: when}
rules: [rules]
)");
  const Ran ran = Premura({"backtest", "-c", folder_.Path("premura.yaml"),
                           "--events", folder_.Path("events.jsonl"), "--output",
                           "jsonl", "--detections-only"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(Contains(ran.out, R"("customer":"a")")) << ran.err;
}

TEST_F(CliTest, BacktestTakesProfiles) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    only_for: {tier: professional}
    detect:
      event_count: {event: failed, gte: 1, within: 10m}
)");
  folder_.Write("customers.csv", "customer,tier\nb,professional\n");
  EXPECT_EQ(Backtest({}).out, "");
  const Ran ran = Backtest({"--profiles", folder_.Path("customers.csv")});
  EXPECT_TRUE(Contains(ran.out, R"("customer":"b")"));
  EXPECT_FALSE(Contains(ran.out, R"("customer":"a")"));
}

TEST_F(CliTest, BacktestOfNothingThatCanBeUsedFails) {
  folder_.Write("events.jsonl",
                R"({"customer_id":"a","event":"failed","ts":1767225600})"
                "\n");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--against", folder_.Path("rules")}}) {
    const Ran ran = Backtest(more);
    EXPECT_EQ(ran.code, kFailure);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(
        Contains(ran.err, "warning: 1 events cannot be used: no_customer 1\n"))
        << ran.err;
    EXPECT_TRUE(Contains(ran.err,
                         "events.jsonl: no event in it can be used; `premura "
                         "infer` tells why\n"));
  }
}

TEST_F(CliTest, BacktestOfAnEmptyFileIsNoMistake) {
  folder_.Write("events.jsonl", "");
  const Ran ran = Backtest({});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_EQ(ran.out + ran.err, "");
}

// A rule that finds nobody is shown, one in simulation counts as live.
TEST_F(CliTest, BacktestShowsEveryRuleAsIfItWereLive) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: trial
    title: On trial
    status: simulation
    detect: {event_count: {event: failed, gte: 1, within: 10m}}
    cooldown: 7d
    actions: [{ticket: {template: failures}}, {email: {template: failures}}]
  - id: never
    title: Never
    detect: {event_count: {event: nothing, gte: 1, within: 10m}}
  - id: off
    title: Off
    status: disabled
    detect: {event_count: {event: failed, gte: 1, within: 10m}}
  - id: grouped
    title: Grouped
    detect:
      event_count: {event: asked, gte: 1, within: 10m, group_by: [service]}
    actions: [{ticket: {template: failures}}]
)");
  folder_.Write(
      "events.jsonl",
      Event("a", 0) + Event("a", 1) +
          R"({"customer":"a","event":"asked","ts":"2026-01-01T00:02:00Z",)" +
          "\"service\":\"web\"}\n");
  const std::vector<std::string> arguments = {"backtest", "--rules",
                                              folder_.Path("rules"), "--events",
                                              folder_.Path("events.jsonl")};
  EXPECT_EQ(Premura(arguments).out,
            "rule     detections  customers  tickets  emails  sms\n"
            "grouped           1          1        1       0    0\n"
            "never             0          0        0       0    0\n"
            "trial             2          1        1       0    0\n"
            "\nnot sent  channel  why         count\n"
            "trial     email    no_address      2\n"
            "trial     ticket   cooldown        1\n"
            "\nTickets about 1 customer; emails or SMS to 0 customers.\n"
            "In simulation, and counted here as if live: trial\n"
            "Disabled, and not played: off\n");
  std::vector<std::string> csv = arguments;
  csv.insert(csv.end(), {"--output", "csv"});
  EXPECT_TRUE(Contains(Premura(csv).out, ",\"service=\"\"web\"\"\"\r\n"))
      << Premura(csv).out;
}

// The gates of the configuration, in the time of the events.
TEST_F(CliTest, BacktestShowsWhoWouldHaveBeenContacted) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    detect: {event_count: {event: failed, gte: 3, within: 10m}}
    actions:
      - ticket: {template: failures}
      - email: {template: failures, delay: 10m}
      - sms: {template: failures}
)");
  folder_.Write("customers.csv",
                "customer,email,phone,timezone\n"
                "a,a@example.com,+393331234567,Etc/UTC\n");
  const auto backtest = [this](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--profiles",
                                          folder_.Path("customers.csv"),
                                          "--until",
                                          "2026-01-01T01:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  };
  EXPECT_EQ(backtest({}).out,
            "rule           detections  customers  tickets  emails  sms\n"
            "many-failures           1          1        1       1    0\n"
            "\nnot sent       channel  why                      count\n"
            "many-failures  sms      still held: quiet_hours      1\n"
            "\nTickets about 1 customer; emails or SMS to 1 customer.\n");
  const Ran csv = backtest({"--output", "csv"});
  EXPECT_TRUE(csv.out.starts_with(
      "at,rule,customer,channel,what,reason,detail,until,detection,group\r\n"));
  EXPECT_TRUE(Contains(csv.out,
                       "\n2026-01-01T00:03:00.000Z,many-failures,a,ticket,sent"
                       ",,,,"))
      << csv.out;
  EXPECT_TRUE(Contains(csv.out,
                       "\n2026-01-01T00:13:00.000Z,many-failures,a,email,sent"
                       ",,,,"));
  const Ran json = backtest({"--output", "jsonl"});
  EXPECT_TRUE(Contains(
      json.out,
      R"({"at":"2026-01-01T00:03:00.000Z","rule":"many-failures","customer":"a","action":1,"channel":"email","what":"held","reason":"delay",)"))
      << json.out;
  EXPECT_TRUE(Contains(json.out, R"("until":"2026-01-01T00:13:00.000Z")"));
  // A configuration without email: none could have been sent.
  const Ran configured = backtest({"-c", folder_.Path("premura.yaml")});
  EXPECT_TRUE(
      Contains(configured.out,
               "many-failures           1          1        1       0    0\n"))
      << configured.out << configured.err;
}

TEST_F(CliTest, BacktestSaysWhatIsWrongWithItsOptions) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--warm-up", "long"}, "--warm-up is `long`, which is no duration"},
      {{"--from", "2026-01-02T00:00:00Z", "--to", "2026-01-02T00:00:00Z"},
       "--to is not after --from: nothing lies between them"},
      {{"--until", "tomorrow"}, "--until is `tomorrow`, which is no instant"},
      {{"--reorder", "5"}, "--reorder is `5`, which is no duration"},
      {{"--preset", "segmant"}, "there is no preset `segmant`"},
  };
  for (const auto& [more, message] : cases) {
    const Ran ran = Backtest(more);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_TRUE(Contains(ran.err, message)) << ran.err;
  }
  const Ran csv =
      Premura({"backtest", "--rules", folder_.Path("rules"), "--events", "-",
               "--output", "csv", "--detections-only"});
  EXPECT_EQ(csv.code, kUsage);
  EXPECT_TRUE(
      Contains(csv.err, "`--detections-only` goes with `--output jsonl`"));
  const Ran no_rules = Premura(
      {"backtest", "--events", "-", "--output", "jsonl", "--detections-only"});
  EXPECT_EQ(no_rules.code, kUsage);
  EXPECT_TRUE(Contains(no_rules.err, "backtest needs --rules"));
  const Ran nowhere = Premura({"backtest", "--rules", folder_.Path("rules"),
                               "--events", folder_.Path("nowhere"), "--output",
                               "jsonl", "--detections-only"});
  EXPECT_EQ(nowhere.code, kFailure);
  EXPECT_EQ(nowhere.err, "premura: " + folder_.Path("nowhere") +
                             ": No such file or directory\n");
}

TEST_F(CliTest, StopAllIsThrownLiftedAndShown) {
  const std::string config = folder_.Path("premura.yaml");
  Ran ran = Premura({"stop-all", "status", "-c", config});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.err, "there is no such ledger")) << ran.err;
  ran = Premura({"stop-all", "on", "-c", config});
  EXPECT_EQ(ran.code, kOk) << "before the first start: " << ran.err;
  EXPECT_EQ(Premura({"run", "--once", "-c", config}).code, kOk);
  EXPECT_TRUE(folder_.List("out").empty());
  ran = Premura({"stop-all", "on", "-c", config});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("stop-all is on: nothing is sent (since "));
  const std::string first = ran.out;
  ran = Premura({"stop-all", "status", "-c", config});
  EXPECT_EQ(ran.out, first);
  ran = Premura({"stop-all", "on", "-c", config});
  EXPECT_EQ(ran.out, first) << "thrown again: the first time is what counts";
  ran = Premura({"stop-all", "off", "-c", config});
  EXPECT_TRUE(ran.out.starts_with("stop-all is off (since ")) << ran.out;
}

// A delivery in the ledger as `state` says.
Delivery Unknown(const std::string& key, DeliveryState state) {
  Delivery delivery;
  delivery.key = key;
  delivery.detection = "d";
  delivery.rule = "r";
  delivery.customer = "a";
  delivery.channel = delivery.lane = "email";
  delivery.state = state;
  delivery.reason = Reason::kTimeout;
  delivery.detail = "silent";
  delivery.changed_at = Timestamp(std::chrono::hours(1));
  return delivery;
}

TEST_F(CliTest, APersonSeesWhatWaitsForOneAndSaysWhatBecomesOfIt) {
  const std::string config = folder_.Path("premura.yaml");
  folder_.Write("state/.keep", "");
  auto ledger = Ledger::Open("sqlite:" + folder_.Path("state/ledger.db"),
                             Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok()) << ledger.error().message;
  EXPECT_EQ(Premura({"held", "-c", config}).out,
            "Nothing waits for a person.\n");
  EXPECT_EQ(Premura({"held", "--output", "json", "-c", config}).out, "[]\n");
  CaseRecord record;
  record.detection_id = "d";
  record.rule_id = "r";
  record.customer = "a";
  ASSERT_TRUE(ledger.value()->AddDetection(record, true, {}).ok());
  Outbox outbox(ledger.value()->database());
  Message message;
  message.to = "marta@example.com";
  message.subject = "Can we help?";
  for (const char* key : {"k1", "k2", "k3", "k4"}) {
    Delivery unknown = Unknown(key, DeliveryState::kUnknown);
    unknown.message = ToJson(message);
    ASSERT_TRUE(outbox.Add(unknown).ok());
  }
  Delivery held = Unknown("k5", DeliveryState::kHeld);
  held.reason = Reason::kTimezoneMissing;
  held.detail.clear();
  held.template_name = "help";
  ASSERT_TRUE(outbox.Add(held).ok());

  const std::string table = Premura({"held", "-c", config}).out;
  EXPECT_TRUE(table.starts_with(
      "key  channel  since                    why                        rule  "
      "customer  what\n"
      "k1   email    1970-01-01 01:00:00 UTC  unknown: timeout (silent)  r     "
      "a         Can we help?\n"))
      << table;
  EXPECT_TRUE(Contains(table,
                       "k5   email    1970-01-01 01:00:00 UTC  held: "
                       "timezone_missing     r     a         template help\n"))
      << table;
  EXPECT_TRUE(Contains(Premura({"held", "--most", "2", "-c", config}).out,
                       "There are more: see --most.\n"));
  const std::string json =
      Premura({"held", "--output", "json", "-c", config}).out;
  EXPECT_TRUE(
      Contains(json, R"({"key":"k1","customer":"a","channel":"email",)"))
      << json;
  EXPECT_TRUE(Contains(json, R"("to":"marta@example.com")")) << json;

  const auto say = [&config](std::vector<std::string> words) {
    words.insert(words.end(), {"-c", config});
    return Premura(std::move(words));
  };
  EXPECT_EQ(say({"settle", "k1", "arrived"}).out, "delivery k1: arrived\n");
  EXPECT_EQ(say({"settle", "k2", "lost"}).out, "delivery k2: lost\n");
  EXPECT_EQ(say({"drop", "k3", "k5"}).out,
            "delivery k3: dropped\ndelivery k5: dropped\n");
  const Ran released = say({"release", "k4"});
  EXPECT_EQ(released.out, "delivery k4: released\n");
  EXPECT_EQ(released.err,
            "no daemon answers: what is released goes when one runs\n");
  const Delivery arrived = *outbox.Find("k1").value();
  EXPECT_EQ(arrived.state, DeliveryState::kSent);
  EXPECT_EQ(arrived.changed_at, Timestamp(std::chrono::hours(1)));
  EXPECT_EQ(outbox.Find("k2").value()->state, DeliveryState::kFailed);
  EXPECT_EQ(outbox.Find("k3").value()->state, DeliveryState::kSuppressed);
  EXPECT_TRUE(outbox.Find("k4").value()->due_at);
  EXPECT_EQ(Premura({"held", "-c", config}).out,
            "Nothing waits for a person.\n");
  // What counts for caps.
  EXPECT_EQ(outbox.Contacts("a", {}).value().size(), 2U);

  const Ran refused = say({"release", "k1", "k9"});
  EXPECT_EQ(refused.code, kFailure);
  EXPECT_EQ(refused.err,
            "premura: delivery k1 is sent: only what `premura held` lists can "
            "be released\nthere is no delivery k9\n");
  EXPECT_EQ(say({"settle", "k4", "perhaps"}).code, kUsage);
  EXPECT_EQ(say({"drop"}).code, kUsage);
  EXPECT_EQ(say({"drop"}).err, "premura: drop needs KEY.. or --rule ID\n");
  EXPECT_EQ(say({"drop", "k4", "--rule", "r"}).code, kUsage);

  for (const char* key : {"k6", "k7"}) {
    Delivery waits = Unknown(key, DeliveryState::kHeld);
    waits.due_at = Timestamp::max();
    ASSERT_TRUE(outbox.Add(waits).ok());
  }
  EXPECT_EQ(say({"drop", "--rule", "r"}).out, "rule r: 2 dropped\n");
  EXPECT_EQ(outbox.Find("k6").value()->state, DeliveryState::kSuppressed);
  EXPECT_EQ(say({"drop", "--rule", "r"}).err,
            "premura: nothing of a rule `r` is waiting\n");
}

TEST_F(CliTest, ExplainWithoutALedgerFails) {
  const Ran ran = Premura({"explain", "a", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(ran.err.starts_with("premura: ")) << ran.err;
}

TEST_F(CliTest, RunOnceDeliversAndExplainTellsIt) {
  const std::string config = folder_.Path("premura.yaml");
  const Ran ran = Premura({"run", "--once", "--show-decisions", "-c", config});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("a  many-failures (")) << ran.out;
  EXPECT_TRUE(Contains(ran.out, "ticket failures  sent\n")) << ran.out;
  EXPECT_EQ(folder_.List("out").size(), 1U);
  const Ran why = Premura({"explain", "a", "-c", config});
  EXPECT_EQ(why.code, kOk) << why.err;
  EXPECT_TRUE(Contains(why.out, "many-failures")) << why.out;
  const Ran json = Premura({"explain", "a", "--rule", "many-failures",
                            "--format", "json", "-c", config});
  EXPECT_TRUE(json.out.starts_with("{")) << json.out;
  // The same events again change nothing.
  EXPECT_EQ(Premura({"run", "--once", "--show-decisions", "-c", config}).out,
            "");
  EXPECT_EQ(folder_.List("out").size(), 1U);
}

TEST_F(CliTest, ExplainWithoutADaemonSaysThatItReadsTheLedger) {
  const std::string config = folder_.Path("premura.yaml");
  ASSERT_EQ(Premura({"run", "--once", "-c", config}).code, kOk);
  const Ran why = Premura({"explain", "a", "-c", config});
  EXPECT_EQ(why.code, kOk);
  EXPECT_EQ(why.err,
            "note: no daemon answers: http.admin.listen leaves the port "
            "open: nobody knows it; this is what the ledger remembers\n");
  const Ran then =
      Premura({"explain", "a", "--at", "2026-01-01T00:01:00Z", "-c", config});
  EXPECT_TRUE(then.out.starts_with("a: 0 detections\n")) << then.out;
  EXPECT_TRUE(Contains(then.err,
                       "how far rules were then is not kept: replay "
                       "the events with --events"))
      << then.err;
}

TEST_F(CliTest, ExplainOfAFileTellsHowFarRulesWereAtAnyInstant) {
  const auto explain = [this](const std::string& at,
                              std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "explain",  "a",
        "--rules",  folder_.Path("rules"),
        "--events", folder_.Path("events.jsonl")};
    if (!at.empty()) arguments.insert(arguments.end(), {"--at", at});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  };
  const Ran before = explain("2026-01-01T00:02:00Z");
  EXPECT_EQ(before.code, kOk) << before.err;
  EXPECT_TRUE(Contains(before.out, "many-failures: ")) << before.out;
  EXPECT_TRUE(Contains(before.out, "  now: 2 of 3 failed within "))
      << before.out;
  EXPECT_FALSE(Contains(before.out, "fired")) << before.out;
  const Ran after = explain("2026-01-01T00:03:00Z");
  EXPECT_TRUE(Contains(after.out, "  now: 0 of 3 failed within ")) << after.out;
  EXPECT_TRUE(Contains(after.out, "  fired 2026-01-01 00:03")) << after.out;
  EXPECT_TRUE(Contains(after.out, "ticket  failures")) << after.out;
  const Ran json = explain("", {"--format", "json", "--rule", "many-failures"});
  EXPECT_TRUE(Contains(json.out, R"("standings":{"customer":"a")")) << json.out;

  const Ran unknown = explain("", {"--rule", "many"});
  EXPECT_EQ(unknown.code, kFailure);
  EXPECT_EQ(unknown.err, "premura: there is no rule `many`\n");
  EXPECT_EQ(explain("yesterday").code, kUsage);
  const Ran alone = Premura({"explain", "a", "--rules", folder_.Path("rules")});
  EXPECT_EQ(alone.code, kUsage);
  EXPECT_EQ(alone.err, "premura: `--rules` goes with `--events`\n");
  const Ran without = Premura({"explain", "a", "--events", "e"});
  EXPECT_EQ(without.code, kUsage);
  EXPECT_EQ(
      without.err,
      "premura: explain --events needs --rules, or -c with rules in it\n");
}

// However long ago: who replays a file means all of it. A day is its midnight.
TEST_F(CliTest, ExplainOfAFileForgetsNothing) {
  folder_.Write("events.jsonl",
                Event("a", 0) + Event("a", 2) + Event("a", 3) +
                    R"({"customer":"b","event":"failed","ts":1861920000000})"
                    "\n");
  const std::vector<std::string> arguments = {
      "explain",  "a",
      "--rules",  folder_.Path("rules"),
      "--events", folder_.Path("events.jsonl")};
  const Ran all = Premura(arguments);
  EXPECT_TRUE(Contains(all.out, "a: 1 detection;")) << all.out << all.err;
  std::vector<std::string> before = arguments;
  before.insert(before.end(), {"--at", "2026-01-01"});
  EXPECT_TRUE(Contains(Premura(before).out, "a: 0 detections;"))
      << Premura(before).out;
}

TEST_F(CliTest, WhatRunWritesIsNotForEverybody) {
  const mode_t before = umask(0);
  const Ran ran =
      Premura({"run", "--once", "-c", folder_.Path("premura.yaml")});
  umask(before);
  EXPECT_EQ(ran.code, kOk) << ran.err;
  using std::filesystem::perms;
  for (const char* name : {"out", "state", "state/ledger.db"}) {
    const auto mode = std::filesystem::status(folder_.Path(name)).permissions();
    EXPECT_EQ(mode & (perms::others_all | perms::group_write), perms::none)
        << name;
  }
}

TEST_F(CliTest, CheckReadsWhatAShellHandsOver) {
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

TEST_F(CliTest, RunOnceNeedsSourcesThatEndAndStartsNothingElse) {
  folder_.Write("premura.yaml",
                "sources: [{kafka: {brokers: [\"127.0.0.1:1\"], topics: [t], "
                "group: g}}]\n"
                "rules: [rules]\ntemplates: [rules/templates]\n"
                "state: {dir: state}\n"
                "tickets: {desk: {type: file, directory: out}}\n"
                "http: {admin: {listen: \"127.0.0.1:0\"}}\n");
  const Ran ran =
      Premura({"run", "--once", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_TRUE(Contains(ran.err, "--once needs sources that end: files"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("state")));
}

TEST_F(CliTest, RunRefusesWhatCheckRefuses) {
  folder_.Write("premura.yaml", "sources: []\nrules: [rules]\n");
  const Ran ran = Premura({"run", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.err, "`sources` is an empty list"));
  EXPECT_TRUE(Contains(ran.err, "the configuration has mistakes"));
  EXPECT_EQ(Premura({"run", "-c", "x", "--drain", "soon"}).code, kUsage);
}

}  // namespace
}  // namespace premura
