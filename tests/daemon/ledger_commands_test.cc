// SPDX-License-Identifier: Apache-2.0
// What people ask of the ledger and say to it: stop-all, held, release, drop,
// settle, explain.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "tests/daemon/cli_fixture.h"

namespace premura {
namespace {

class LedgerCommandsTest : public CliTest {};

TEST_F(LedgerCommandsTest, StopAllIsThrownLiftedAndShown) {
  const std::string config = folder_.Path("premura.yaml");
  Ran ran = Premura({"stop-all", "status", "-c", config});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_EQ(ran.out, "stop-all is off: there is no ledger yet (sqlite:" +
                         folder_.Path("state/ledger.db") + ")\n");
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
  const std::string stopped = Premura({"held", "-c", config}).out;
  EXPECT_TRUE(Contains(stopped,
                       "\nHeld by stop_all: `premura stop-all off` "
                       "lets them go; never: premura drop KEY..\n"))
      << stopped;
  EXPECT_FALSE(Contains(stopped, "premura release")) << "would be refused";
  ran = Premura({"stop-all", "off", "-c", config});
  EXPECT_TRUE(ran.out.starts_with("stop-all is off (since ")) << ran.out;
  ran = Premura({"held", "-c", config});
  EXPECT_EQ(ran.out, "Nothing waits for a person.\n") << "it goes by itself";
}

TEST_F(LedgerCommandsTest, TheBrakeNeedsNoMoreThanTheLedger) {
  const std::string config = folder_.Path("premura.yaml");
  EXPECT_EQ(Premura({"run", "--once", "-c", config}).code, kOk);
  std::ifstream file(config);
  const std::string good((std::istreambuf_iterator<char>(file)), {});
  folder_.Write("premura.yaml", good + "nonsense: 1\n");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"stop-all", "on"}, {"held"}}) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {"-c", config});
    const Ran ran = Premura(words);
    EXPECT_EQ(ran.code, kOk) << ran.err;
    EXPECT_TRUE(Contains(ran.err, "unknown key `nonsense`")) << ran.err;
    EXPECT_TRUE(Contains(ran.err, "the ledger can be found all the same:"))
        << ran.err;
  }
  folder_.Write("premura.yaml", good + "ledger: redis:6379\n");
  EXPECT_EQ(Premura({"stop-all", "on", "-c", config}).code, kFailure);
  folder_.Write("premura.yaml", "{");
  Ran ran = Premura({"stop-all", "on", "-c", config});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(
      ran.err.ends_with("where the ledger is can be said without it: "
                        "--ledger sqlite:PATH or postgresql://..\n"))
      << ran.err;
  const std::string ledger = "sqlite:" + folder_.Path("state/ledger.db");
  ran = Premura({"stop-all", "off", "--ledger", ledger});
  EXPECT_TRUE(ran.out.starts_with("stop-all is off")) << ran.err;
  ran = Premura({"stop-all", "on", "--ledger", ledger + ".other"});
  EXPECT_TRUE(Contains(ran.err, "there is no such ledger")) << ran.err;
  EXPECT_FALSE(Contains(ran.err, "PGPASSWORD")) << ran.err;
  ran = Premura(
      {"stop-all", "on", "--ledger", "postgresql://me:hunter2@db/premura"});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.err, "ledger: it holds a password")) << ran.err;
  EXPECT_TRUE(
      ran.err.ends_with("the ledger's password is taken from PGPASSWORD or "
                        "~/.pgpass, not from its address\n"))
      << ran.err;
  EXPECT_FALSE(Contains(ran.err, "hunter2")) << ran.err;
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

TEST_F(LedgerCommandsTest, APersonSeesWhatWaitsForOneAndSaysWhatBecomesOfIt) {
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
  EXPECT_TRUE(Contains(table, "\nSend after all: premura release KEY..;"));
  EXPECT_FALSE(Contains(table, "stop-all"));
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
  EXPECT_EQ(outbox.Contacts("a", ContactScope::kOutside, {}).value().size(),
            2U);

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

TEST_F(LedgerCommandsTest, ExplainWithoutALedgerFails) {
  const Ran ran = Premura({"explain", "a", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(ran.err.starts_with("premura: ")) << ran.err;
}

TEST_F(LedgerCommandsTest, RunOnceDeliversAndExplainTellsIt) {
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

TEST_F(LedgerCommandsTest, ExplainWithoutADaemonSaysThatItReadsTheLedger) {
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

TEST_F(LedgerCommandsTest, ExplainOfAFileTellsHowFarRulesWereAtAnyInstant) {
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

// Whoever asks of an instant means what a daemon would have said then.
TEST_F(LedgerCommandsTest, ExplainOfAFileKnowsWhatHadNotCome) {
  const char* const kNote =
      "note: 1 event of that time or before, behind a later one in the file, "
      "had not come yet; --sort puts the file in order of time\n";
  const std::string in_order =
      Event("a", 0) + Event("a", 2) + Event("a", 3) + Event("b", 10);
  const std::string late =
      Event("a", 0) + Event("a", 2) + Event("b", 10) + Event("a", 3);
  const struct {
    std::string events;
    const char* at;
    std::vector<std::string> more;
    const char* clock;
    const char* says;
    const char* note;
  } cases[] = {
      {in_order, "00:02", {}, "00:02", "now: 2 of 3", ""},
      {in_order, "00:05", {}, "00:05", "fired 2026-01-01 00:03", ""},
      {late, "00:05", {}, "00:05", "now: 2 of 3", kNote},
      {late, "00:02", {}, "00:02", "now: 2 of 3", ""},
      {late, "00:05", {"--sort"}, "00:05", "fired 2026-01-01 00:03", ""},
      {late, "00:10", {}, "00:10", "fired 2026-01-01 00:03", ""},
      {in_order, "00:03", {"--reorder", "2m"}, "00:01", "now: 1 of 3", ""},
      {in_order, "00:05", {"--reorder", "2m"}, "00:03", "fired 2026-01-01", ""},
      {late,
       "00:12",
       {"--reorder", "9m", "--sort"},
       "00:03",
       "fired 2026-01-01",
       ""},
      {in_order,
       "00:05",
       {"--allowed-lateness", "1m"},
       "00:04",
       "fired 2026-01-01 00:03",
       ""},
  };
  for (const auto& test : cases) {
    folder_.Write("events.jsonl", test.events);
    std::vector<std::string> arguments = {
        "explain",  "a",
        "--rules",  folder_.Path("rules"),
        "--events", folder_.Path("events.jsonl"),
        "--at",     std::string("2026-01-01T") + test.at + ":00Z"};
    arguments.insert(arguments.end(), test.more.begin(), test.more.end());
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, kOk) << ran.err;
    EXPECT_TRUE(Contains(ran.out, test.says)) << test.at << '\n' << ran.out;
    EXPECT_TRUE(Contains(ran.out, std::string("the rules as of 2026-01-01 ") +
                                      test.clock + ":00 UTC\n"))
        << test.at << '\n'
        << ran.out;
    EXPECT_EQ(Contains(ran.err, kNote), *test.note != 0) << test.at << '\n'
                                                         << ran.err;
    EXPECT_EQ(Contains(ran.err, "note:"), *test.note != 0) << ran.err;
  }
}

// However long ago: who replays a file means all of it. A day is its midnight.
TEST_F(LedgerCommandsTest, ExplainOfAFileForgetsNothing) {
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

}  // namespace
}  // namespace premura
