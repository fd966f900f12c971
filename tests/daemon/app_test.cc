// SPDX-License-Identifier: Apache-2.0
// The whole daemon in this process: events from a file, messages to files, the
// admin server on a free port.

#include "daemon/app.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <sstream>
#include <thread>

#include "notifiers/database.h"
#include "notifiers/ledger.h"
#include "tests/daemon/admin/http_client.h"
#include "tests/daemon/command_line.h"
#include "tests/daemon/locked_text.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

constexpr const char* kRule = R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 2, within: 10m}
    actions:
      - ticket: {template: failures}
)";

constexpr const char* kAnotherRule =
    "version: 1\nrules:\n  - id: another\n    title: B\n"
    "    detect: {event_count: {event: x, gte: 2, within: 1m}}\n";

constexpr const char* kTemplate = R"(ticket:
  subject: "{{rule.title}}"
  text: |
    Who: {{customer.id}}
)";

class AppTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("rules/a.yaml", kRule);
    folder_.Write("templates/failures.en.yaml", kTemplate);
    folder_.Write("events.jsonl",
                  R"({"customer":"a","event":"failed","ts":1767225600})"
                  "\n{]\n"
                  R"({"customer":"a","event":"failed","ts":1767225660})"
                  "\n");
    WriteConfig("");
  }

  void WriteConfig(const std::string& more,
                   const std::string& rules = "rules") {
    folder_.Write("premura.yaml", "rules: [" + rules + R"(]
sources: [{id: replay, file: {path: events.jsonl}}]
templates: [templates]
state: {dir: state}
tickets: {desk: {type: file, directory: out}}
http: {admin: {listen: "127.0.0.1:0"}}
log: {format: text}
)" + more);
  }

  void Start() {
    AppOptions options;
    options.config_path = folder_.Path("premura.yaml");
    options.config.environment = environment_;
    options.clock = &clock_;
    options.log = log_.stream();
    options.decisions = &decisions_;
    Diagnostics diagnostics;
    auto app = NewApp(options, &diagnostics);
    ASSERT_TRUE(app.ok()) << app.error().message << RenderText(diagnostics);
    app_ = std::move(app).value();
  }

  // Ticks until it holds; a minute at most.
  void Await(const std::function<bool()>& holds) {
    const auto limit =
        std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << log_.str();
      app_->Tick();
      std::this_thread::yield();
    }
  }

  std::string Metrics() { return HttpGet(app_->admin_port(), "/metrics"); }
  bool HasMetric(const std::string& line) {
    return Metrics().find("\n" + line + "\n") != std::string::npos;
  }
  bool Logged(const std::string& text) const {
    return log_.str().find(text) != std::string::npos;
  }

  TempFolder folder_;
  SystemClock clock_;
  LockedText log_;
  std::ostringstream decisions_;
  decltype(ConfigOptions::environment) environment_;
  std::unique_ptr<App> app_;
};

TEST_F(AppTest, EventsBecomeTicketsMetricsAndDecisions) {
  Start();
  Await([this] { return app_->Settled(); });
  EXPECT_EQ(folder_.List("out").size(), 1U);
  EXPECT_TRUE(HasMetric(R"(premura_records_total{source="replay"} 3)"));
  EXPECT_TRUE(HasMetric(R"(premura_detections_total{rule="many-failures"} 1)"));
  EXPECT_TRUE(HasMetric(
      R"(premura_refused_total{reason="broken_json",source="replay"} 1)"));
  EXPECT_TRUE(HasMetric(
      R"(premura_delivery_changes_total{channel="ticket",reason="delivered",state="sent"} 1)"));
  EXPECT_NE(folder_.Read("state/dead-letters.jsonl").find("broken_json"),
            std::string::npos);
  EXPECT_EQ(HttpStatus(HttpGet(app_->admin_port(), "/readyz")), 200);
  EXPECT_TRUE(app_->SourcesEnded());
  EXPECT_EQ(app_->Failure(), std::nullopt);
  EXPECT_TRUE(app_->Stop(std::chrono::seconds(10)));
  EXPECT_FALSE(Logged("undone")) << log_.str();
  EXPECT_NE(decisions_.str().find("ticket failures  sent"), std::string::npos);
  EXPECT_TRUE(Logged("stopped: premura ends"));
}

TEST_F(AppTest, ASecondDaemonDoesNotTakeTheSameState) {
  Start();
  AppOptions options;
  options.config_path = folder_.Path("premura.yaml");
  options.clock = &clock_;
  options.log = log_.stream();
  Diagnostics diagnostics;
  const auto second = NewApp(options, &diagnostics);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another premura runs with it"),
            std::string::npos);
}

TEST_F(AppTest, ReloadTakesOverGoodRules) {
  Start();
  folder_.Write("rules/b.yaml", kAnotherRule);
  EXPECT_TRUE(app_->Reload());
  EXPECT_TRUE(HasMetric(R"(premura_detections_total{rule="another"} 0)"));
  EXPECT_TRUE(HasMetric("premura_last_reload_success 1"));
  EXPECT_TRUE(Logged("taken over; added: another")) << log_.str();
  std::string changed = kAnotherRule;
  changed.replace(changed.find("title: "), 7, "title: Now ");
  folder_.Write("rules/b.yaml", changed);
  EXPECT_TRUE(app_->Reload());
  EXPECT_TRUE(Logged("taken over; changed: another")) << log_.str();
  folder_.Write("rules/b.yaml", "version: 1\nrules: []\n");
  EXPECT_TRUE(app_->Reload());
  EXPECT_TRUE(Logged("taken over; gone: another")) << log_.str();
}

TEST_F(AppTest, ReloadOfAMistakeChangesNothing) {
  Start();
  const std::string before = HttpGet(app_->admin_port(), "/metrics");
  const std::string info = "premura_rules_info{fingerprint=";
  const std::string fingerprint =
      before.substr(before.find(info), info.size() + 66);
  folder_.Write("rules/a.yaml", "version: 1\nrules:\n  - id: a\n");
  EXPECT_FALSE(app_->Reload());
  EXPECT_TRUE(HasMetric("premura_last_reload_success 0"));
  EXPECT_NE(Metrics().find(fingerprint), std::string::npos);
  EXPECT_TRUE(Logged("reload_mistake: `title` is missing")) << log_.str();
  EXPECT_TRUE(Logged("nothing was taken over; what ran before goes on"));
  folder_.Write("rules/a.yaml", kRule);
  EXPECT_TRUE(app_->Reload());
  EXPECT_TRUE(HasMetric("premura_last_reload_success 1"));
}

TEST_F(AppTest, ReloadSaysWhatNeedsARestart) {
  Start();
  WriteConfig(
      "name: another\ncustomer: user\nshards: 3\n"
      "ledger: {url: \"sqlite:state/ledger.db\", lease: 30s}\n");
  EXPECT_TRUE(app_->Reload());
  for (const char* key : {"name", "customer", "ledger", "shards"}) {
    EXPECT_TRUE(Logged(std::string("at the next start key=") + key)) << key;
  }
  EXPECT_FALSE(Logged("key=sources"));
  EXPECT_TRUE(
      Logged("reloaded: rules and settings were taken over; name, "
             "customer, ledger, shards not before a restart"))
      << log_.str();
  EXPECT_TRUE(HasMetric("premura_restart_needed 1"));
  WriteConfig("");
  EXPECT_TRUE(app_->Reload());
  EXPECT_TRUE(HasMetric("premura_restart_needed 0"));
}

TEST_F(AppTest, ReloadOfABrokenCertificateChangesNothing) {
  Start();
  folder_.Write("ca.pem", "not one");
  WriteConfig("email: {smtp: {host: h, ca: ca.pem}, from: {address: a@b.c}}\n");
  EXPECT_FALSE(app_->Reload());
  EXPECT_TRUE(Logged("reload_mistake: `ca` holds no certificate"))
      << log_.str();
  EXPECT_TRUE(HasMetric("premura_last_reload_success 0"));
}

TEST_F(AppTest, AMistakeWithoutALineIsToldWithoutOne) {
  Start();
  std::filesystem::remove(folder_.Path("rules/a.yaml"));
  EXPECT_FALSE(app_->Reload());
  EXPECT_TRUE(Logged("reload_mistake: ")) << log_.str();
  EXPECT_FALSE(Logged(":0:0")) << log_.str();
}

TEST_F(AppTest, AFloodOfMistakesIsToldInPart) {
  Start();
  std::string many = "version: 1\nrules: [";
  for (int i = 0; i < 5000; ++i) many += "{id: R, titel: T},";
  folder_.Write("rules/a.yaml", many + "]\n");
  EXPECT_FALSE(app_->Reload());
  const std::string log = log_.str();
  std::size_t told = 0;
  for (std::size_t at = 0; (at = log.find("reload_mistake", at)) != log.npos;) {
    ++at;
    ++told;
  }
  EXPECT_EQ(told, 21U);
  EXPECT_TRUE(Logged(" more: `premura check` shows them")) << log;
  folder_.Write("rules/a.yaml", kRule);
  EXPECT_TRUE(app_->Reload());
}

TEST_F(AppTest, APipeAmongTheRulesIsAMistakeAndNotWaitedFor) {
  Start();
  ASSERT_EQ(mkfifo(folder_.Path("rules/pipe.yaml").c_str(), 0600), 0);
  EXPECT_FALSE(app_->Reload());
  EXPECT_TRUE(Logged("reload_mistake: is no regular file")) << log_.str();
}

TEST_F(AppTest, WhatWasReadAndNotWrittenIsToldAtTheEnd) {
  folder_.Write("events.jsonl", "");
  ASSERT_EQ(mkfifo(folder_.Path("events").c_str(), 0600), 0);
  folder_.Write("premura.yaml", R"(rules: [rules]
sources: [{id: replay, file: {path: events}}]
templates: [templates]
state: {dir: state}
tickets: {desk: {type: file, directory: out}}
http: {admin: {listen: "127.0.0.1:0"}}
log: {format: text}
)");
  const int events = open(folder_.Path("events").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(events, 0);
  Start();
  // Who else writes to the ledger keeps the daemon from it.
  const auto other =
      OpenDatabase("sqlite:" + folder_.Path("state/ledger.db"), false);
  ASSERT_TRUE(other.ok()) << other.error().message;
  ASSERT_TRUE(other.value()->Script("begin immediate").ok());
  const std::string lines =
      R"({"customer":"a","event":"failed","ts":1767225600})"
      "\n"
      R"({"customer":"a","event":"failed","ts":1767225660})"
      "\n";
  ASSERT_EQ(write(events, lines.data(), lines.size()),
            static_cast<ssize_t>(lines.size()));
  Await([this] {
    return HasMetric(R"(premura_detections_total{rule="many-failures"} 1)");
  });
  EXPECT_FALSE(app_->Stop(std::chrono::milliseconds(500)));
  EXPECT_TRUE(
      Logged("undone: what was read last is not written; it is read again at "
             "the next start source=replay detections_not_written=1"))
      << log_.str();
  close(events);
}

TEST_F(AppTest, ChangedFilesAreTakenOverByThemselves) {
  Start();
  folder_.Write("templates/failures.it.yaml", kTemplate);
  Await([this] { return Logged("reloaded: "); });
  EXPECT_TRUE(Logged("files_changed: "));
}

// The configuration is saved at the moment at which `${env:NAME}` is looked up:
// its text has been read then.
TEST_F(AppTest, WhatIsSavedWhileItIsReadIsTakenOver) {
  folder_.Write("more/b.yaml", kAnotherRule);
  const std::string sender = "sender: {name: \"${env:NAME}\"}\n";
  for (const int save_at : {1, 2, 3}) {
    SCOPED_TRACE(save_at);
    WriteConfig(sender);
    int read = 0;
    environment_ = [&](const std::string&) {
      if (++read == save_at) WriteConfig(sender, "rules, more");
      return std::optional<std::string>("Anna");
    };
    Start();
    if (save_at > read) app_->Reload();
    ASSERT_GE(read, save_at);
    Await([this] {
      return HasMetric(R"(premura_detections_total{rule="another"} 0)");
    });
    app_.reset();
  }
}

class MailAppTest : public AppTest {
 protected:
  void SetUp() override {
    AppTest::SetUp();
    folder_.Write("rules/a.yaml",
                  std::string(kRule) + "      - email: {template: failures}\n");
    folder_.Write("templates/failures.en.yaml", std::string(kTemplate) + R"(
why: Something failed.
email:
  subject: Can we help?
  text: Just answer.
sms: "Call {{sender.phone}}. STOP to opt out"
)");
    folder_.Write("templates/_standard.en.yaml",
                  "signature: \"{{sender.name}}\"\n"
                  "footer: \"{{why}} Answer STOP.\"\n");
    folder_.Write("customers.csv",
                  "customer,email\na,a@example.com\nb,b@example.com\n");
    std::string events;
    for (const char* customer : {"a", "a", "b", "b"}) {
      events += std::string(R"({"customer":")") + customer +
                R"(","event":"failed","ts":1767225600})" + "\n";
    }
    folder_.Write("events.jsonl", events);
    WriteConfig(R"(
email:
  file: {directory: mail}
  from: {name: Anna, address: anna@example.com}
  limit: 1/4s
sender: {name: Anna, phone: "+39 02 1234567"}
profiles: {files: [customers.csv]}
)");
  }
};

TEST_F(MailAppTest, MailsThatWaitForTheirTurnAreNotSettled) {
  Start();
  Await([this] { return app_->Settled(); });
  EXPECT_EQ(folder_.List("out").size(), 2U);
  EXPECT_EQ(folder_.List("mail").size(), 2U) << log_.str();
}

TEST_F(MailAppTest, WhatHasNoChannelDoesNotKeepItFromBeingSettled) {
  folder_.Write("rules/a.yaml",
                std::string(kRule) + "      - sms: {template: failures}\n");
  Start();
  Await([this] { return app_->Settled(); });
  EXPECT_EQ(folder_.List("out").size(), 2U);
}

TEST_F(AppTest, StopAllHoldsAndIsShown) {
  auto ledger = [this] {
    std::filesystem::create_directories(folder_.Path("state"));
    return Ledger::Open("sqlite:" + folder_.Path("state/ledger.db"),
                        Ledger::Access::kWrite);
  }();
  ASSERT_TRUE(ledger.ok()) << ledger.error().message;
  StopAll on;
  on.on = true;
  on.by = "test";
  ASSERT_TRUE(ledger.value()->SetStopAll(on).ok());
  Start();
  Await([this] { return app_->Settled(); });
  EXPECT_TRUE(folder_.List("out").empty());
  EXPECT_TRUE(HasMetric("premura_stop_all 1"));
  EXPECT_TRUE(
      Logged("stop_all: nothing is sent any more by=test "
             "since=1970-01-01T00:00:00.000Z"))
      << log_.str();
  on.on = false;
  ASSERT_TRUE(ledger.value()->SetStopAll(on).ok());
  Await([this] { return folder_.List("out").size() == 1; });
  Await([this] { return Logged("stop_all: sending goes on by=test"); });
}

TEST_F(AppTest, ALedgerThatCannotBeOpenedIsSaid) {
  WriteConfig("ledger: sqlite:/proc/nowhere/ledger.db\n");
  AppOptions options;
  options.config_path = folder_.Path("premura.yaml");
  options.clock = &clock_;
  options.log = log_.stream();
  Diagnostics diagnostics;
  const auto app = NewApp(options, &diagnostics);
  ASSERT_FALSE(app.ok());
  EXPECT_NE(app.error().message.find("/proc/nowhere"), std::string::npos)
      << app.error().message;
}

TEST_F(AppTest, AFileThatIsNotThereIsSaid) {
  std::filesystem::remove(folder_.Path("events.jsonl"));
  AppOptions options;
  options.config_path = folder_.Path("premura.yaml");
  options.clock = &clock_;
  options.log = log_.stream();
  Diagnostics diagnostics;
  const auto app = NewApp(options, &diagnostics);
  ASSERT_FALSE(app.ok());
  EXPECT_EQ(app.error().message, "the configuration has mistakes");
  EXPECT_NE(RenderText(diagnostics).find("there is no such file"),
            std::string::npos);
}

TEST_F(AppTest, ExplainAsksTheDaemonThatRuns) {
  folder_.Write("token", "a-token-of-some-length-0123456789\n");
  WriteConfig("", "rules");
  std::string config = folder_.Read("premura.yaml");
  const std::string open = "{listen: \"127.0.0.1:0\"}";
  config.replace(config.find(open), open.size(),
                 "{listen: \"127.0.0.1:0\", token_file: token}");
  folder_.Write("premura.yaml", config);
  Start();
  Await([this] { return app_->Settled(); });
  EXPECT_EQ(
      HttpStatus(HttpGet(app_->admin_port(), "/api/v1/explain?customer=a")),
      401);
  // The same configuration, with the port that it got.
  const std::string port = std::to_string(app_->admin_port());
  config.replace(config.find("127.0.0.1:0"), 11, "127.0.0.1:" + port);
  folder_.Write("look.yaml", config);
  const auto explain = [this](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "explain");
    arguments.insert(arguments.end(), {"-c", folder_.Path("look.yaml")});
    return Premura(arguments);
  };
  const Ran told = explain({"a", "--rule", "many-failures"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
  EXPECT_NE(told.out.find("; times in UTC, the rules as of "),
            std::string::npos)
      << told.out;
  EXPECT_NE(told.out.find("\n  now: "), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("\n  fired "), std::string::npos) << told.out;
  EXPECT_EQ(explain({"no/body & all"}).out,
            "no/body & all: nothing is known of this customer\n");
  EXPECT_EQ(explain({"a", "--rule", "x"}).err,
            "note: the daemon answers 404: there is no rule `x`; this is "
            "what the ledger remembers\n");
  folder_.Write("token", "another-token-0123456789-0123456789\n");
  EXPECT_NE(explain({"a"}).err.find("the daemon answers 401: a token is "),
            std::string::npos);
  app_.reset();
  EXPECT_NE(explain({"a"}).err.find(
                "note: no daemon answers: 127.0.0.1:" + port + ": "),
            std::string::npos);
}

TEST_F(AppTest, ThePageOfExplainNeedsACustomer) {
  Start();
  const std::string path = "/api/v1/explain";
  for (const std::string& query :
       {std::string(), std::string("?customer="), std::string("?rule=x"),
        "?customer=" + std::string(257, 'x')}) {
    const std::string answer = HttpGet(app_->admin_port(), path + query);
    EXPECT_EQ(HttpStatus(answer), 400) << query;
    EXPECT_TRUE(answer.ends_with("say ?customer=.., of at most 256 bytes\n"));
  }
  const std::string json = HttpGet(app_->admin_port(), path + "?customer=a");
  EXPECT_EQ(HttpStatus(json), 200);
  EXPECT_NE(json.find("Content-Type: application/json"), std::string::npos);
}

TEST_F(AppTest, AnAddressThatIsTakenIsInTheLogToo) {
  Start();
  const std::string port = std::to_string(app_->admin_port());
  folder_.Write("other.yaml",
                "rules: [rules]\ntemplates: [templates]\n"
                "sources: [{file: {path: events.jsonl}}]\n"
                "state: {dir: other}\n"
                "http: {admin: {listen: \"127.0.0.1:" +
                    port + "\"}}\n");
  AppOptions options;
  options.config_path = folder_.Path("other.yaml");
  options.clock = &clock_;
  options.log = log_.stream();
  Diagnostics diagnostics;
  const auto app = NewApp(options, &diagnostics);
  ASSERT_FALSE(app.ok());
  EXPECT_TRUE(Logged(R"("event":"start_failed","message":"http.admin: cannot )"
                     "listen on 127.0.0.1:" +
                     port + ": "))
      << log_.str();
}

}  // namespace
}  // namespace premura
