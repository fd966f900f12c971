// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "daemon/config/yaml_writer.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string Line(int minute, const std::string& customer,
                 const std::string& name, const std::string& more) {
  std::ostringstream line;
  line << R"({"customer":")" << customer << R"(","event":")" << name
       << R"(","ts":)" << 1767225600 + minute * 60 << more << "}\n";
  return line.str();
}

class InferTest : public ::testing::Test {
 protected:
  Ran Infer(const std::string& events, std::vector<std::string> more = {}) {
    folder_.Write("events.jsonl", events);
    std::vector<std::string> arguments = {"infer", "--events",
                                          folder_.Path("events.jsonl")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }

  // What follows the last empty line is the rules to begin with.
  static std::string Starter(const std::string& out) {
    const std::size_t at = out.find("version: 1");
    return at == out.npos ? "" : out.substr(at);
  }

  // What `premura check` says of these rules.
  std::string Checked(const Ran& ran) {
    folder_.Write("rules/a.yaml", Starter(ran.out));
    return Premura({"check", folder_.Path("rules")}).out;
  }

  TempFolder folder_;
};

TEST_F(InferTest, TellsWhatThereIs) {
  const Ran ran = Infer(Line(0, "a", "page_viewed", R"(,"page":"/x","n":1)") +
                        Line(3 * 1440, "a", "page_viewed", R"(,"n":3)") +
                        Line(1, "b", "signed_in", "") + "nonsense\n");
  EXPECT_EQ(ran.code, kOk) << ran.err;
  for (const char* part :
       {"3 events of 2 customers in 4 records (preset plain)\n",
        "from 2026-01-01T00:00:00.000Z to 2026-01-04T00:00:00.000Z (3.0 days, "
        "1.0 events a day)\n",
        "events per customer: median 1, 90% have at most 2, most 2\n",
        "without an id: 3\n",
        "older than one before them: 1, by up to 2d 23h 59m: the lines are not "
        "in "
        "order of time; what is told here does not depend on it, `backtest` "
        "takes them in order with --sort\n",
        "cannot be used, broken_json: 1, first in line 4: ",
        "page_viewed           2    67%        0.7          1\n",
        "\n  n     whole number  100%  1 to 3, 2 values: 1 (1), 3 (1)\n",
        "\n  page  text           50%  1 value: /x (1)\n"}) {
    EXPECT_TRUE(Contains(ran.out, part)) << part << "\n" << ran.out;
  }
}

TEST_F(InferTest, ShowsFormsForWhatIsNotForEverybody) {
  const std::string events = Line(
      0, "a", "x",
      R"(,"email":"marta@acme.example","password":"hunter2","order_id":"K7")");
  for (const char* format : {"text", "json"}) {
    const Ran ran = Infer(events, {"--format", format});
    EXPECT_FALSE(Contains(ran.out, "marta")) << ran.out;
    EXPECT_FALSE(Contains(ran.out, "hunter2")) << ran.out;
    EXPECT_FALSE(Contains(ran.out, "K7")) << ran.out;
    EXPECT_TRUE(Contains(ran.out, "aaaaa@aaaa.aaaaaaa")) << ran.out;
  }
}

TEST_F(InferTest, WhatATerminalWouldObeyIsEscaped) {
  const Ran ran =
      Infer(Line(0, "a", "x\\u001b[2J", R"(,"f":"\u001b[31m\u009b")"));
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(ran.out.find("\u009b"), std::string::npos);
}

TEST_F(InferTest, JsonHasTheSameFigures) {
  const Ran ran =
      Infer(Line(0, "a", "x", R"(,"n":1)") + Line(1, "a", "x", R"(,"n":2.5)"),
            {"--format", "json"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(Contains(ran.out, R"({"preset":"plain","records":2,"events":2,)"
                                R"("first":"2026-01-01T00:00:00.000Z",)"))
      << ran.out;
  EXPECT_TRUE(Contains(
      ran.out, R"({"field":"n","types":["number"],"present":2,"null":0,)"
               R"("distinct":2,"distinct_exact":true,"looks":"ordinary",)"
               R"("min":1,"max":2.5,"values":[)"))
      << ran.out;
}

TEST_F(InferTest, TheRulesToBeginWithPassTheCheckAndFire) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Line(0, "a", "payment_failed", R"(,"method":"card")") +
           Line(0, "a", "payment_failed", R"(,"method":"card")") +
           Line(0, "a", "payment_failed", R"(,"method":"card")") +
           Line(1, "b", "payment_failed", R"(,"method":"sepa")") +
           Line(2, "a", "payment_succeeded", ""),
       "group_by: method\n        gte: 3\n        within: 15m\n"
       "        unless:\n          event: [payment_succeeded]\n"},
      {Line(0, "a", "Export Started", R"(,"export_id":"1")") +
           Line(1, "a", "Export Finished", R"(,"export_id":"1")") +
           Line(2, "b", "Export Started", R"(,"export_id":"2")") +
           Line(90, "a", "Export Started", R"(,"export_id":"3")"),
       "absence:\n        after: \"Export Started\"\n"
       "        without: [\"Export Finished\"]\n"
       "        group_by: export_id\n        for: 1h\n"},
      {Line(0, "a", "odd: \\\"name\\\" #1", "") +
           Line(1, "a", "odd: \\\"name\\\" #1", "") +
           Line(20 * 1440, "b", "odd: \\\"name\\\" #1", ""),
       "silence:\n        event: \"odd: \\\"name\\\" #1\"\n"
       "        for: 14d\n        min_events: 2\n"}};
  for (const auto& [events, expected] : cases) {
    const Ran ran = Infer(events);
    const std::string starter = Starter(ran.out);
    EXPECT_TRUE(Contains(starter, expected)) << ran.out;
    EXPECT_EQ(Checked(ran), "No mistakes found.\n") << starter;
  }
}

// To group by them changes nothing, or shows a person's name.
TEST_F(InferTest, TheCustomerIsNoGroup) {
  const auto failed = [](int minute, const char* customer, const char* method) {
    return Line(minute, customer, "payment_failed",
                fmt::format(R"(,"account":"{}","customerName":"{} B")"
                            R"(,"method":"{}")",
                            customer, customer, method));
  };
  const Ran counted = Infer(failed(0, "a", "card") + failed(1, "a", "card") +
                            failed(2, "a", "card") + failed(3, "b", "sepa"));
  EXPECT_TRUE(Contains(Starter(counted.out), "group_by: method\n"))
      << counted.out;
  const auto step = [](int minute, const char* name, const char* id) {
    return Line(minute, "a", name,
                fmt::format(R"(,"context":{{"groupId":"g1"}},"doc_id":"a")"
                            R"(,"export_id":"{}")",
                            id));
  };
  const Ran absent =
      Infer(step(0, "Export Started", "1") + step(1, "Export Finished", "1") +
            step(90, "Export Started", "2") + Line(180, "b", "other", ""));
  EXPECT_TRUE(Contains(Starter(absent.out), "group_by: export_id\n"))
      << absent.out;
}

TEST_F(InferTest, APropertyIsWrittenSoThatNothingElseIsMeant) {
  for (const auto& [property, written] :
       {std::pair(R"("customer":{"plan":"%"})", "properties.customer.plan"),
        {R"("event":"%")", "properties.event"},
        {R"("time":"%")", "properties.time"},
        {R"("$a":"%")", "properties.$a"},
        {R"("plan":"%")", "plan"}}) {
    std::string events;
    for (int i = 0; i < 4; ++i) {
      events += R"({"type":"track","userId":"u","messageId":"m)" +
                std::to_string(i) + R"(","event":"failed","timestamp":)" +
                R"("2026-01-01T00:00:00Z","properties":{)" + property + "}}\n";
      events[events.find('%')] = i % 2 == 0 ? 'x' : 'y';
    }
    const Ran ran = Infer(events);
    EXPECT_TRUE(Contains(ran.out, "group_by: " + YamlScalar(written) + "\n"))
        << ran.out;
    EXPECT_EQ(Checked(ran), "No mistakes found.\n") << ran.out;
  }
}

TEST_F(InferTest, WhatNoRuleCanSayIsPassedOver) {
  const std::string odd = Line(0, "a", "detection:failed", "") +
                          Line(1, "a", std::string(201, 'x') + "_failed", "");
  EXPECT_EQ(Starter(Infer(odd).out), "");
  for (const char* more : {R"(,"a..b":"1")", R"(,".":"1")", R"(,"":"1")"}) {
    std::string events = odd;
    for (int i = 0; i < 4; ++i) {
      std::string other = more;
      other[other.size() - 2] = static_cast<char>('1' + i % 2);
      events += Line(i, "a", "payment_failed", other);
    }
    const Ran ran = Infer(events);
    EXPECT_TRUE(Contains(Starter(ran.out), "event: payment_failed")) << ran.out;
    EXPECT_FALSE(Contains(Starter(ran.out), "group_by")) << ran.out;
    EXPECT_EQ(Checked(ran), "No mistakes found.\n") << ran.out;
  }
  for (const char* name : {"\\u001b[2J failed", "\\u00e9chou\\u00e9 failed"}) {
    const Ran ran = Infer(Line(0, "a", name, "") + Line(1, "a", name, ""));
    EXPECT_TRUE(Contains(ran.out, "gte: 2")) << ran.out;
    EXPECT_EQ(Checked(ran), "No mistakes found.\n") << ran.out;
  }
}

// So many of one customer in all are not so many at one time.
TEST_F(InferTest, HowManyInHowLongIsTriedOut) {
  std::string slow, busy;
  for (int i = 0; i < 3; ++i) slow += Line(i * 300, "a", "payment_failed", "");
  for (int i = 0; i < 12; ++i) {
    for (const char* customer : {"a", "b", "c"}) {
      if (i < 6 || *customer == 'a') busy += Line(i, customer, "viewed", "");
    }
  }
  const struct {
    std::string events;
    const char* rule;
    const char* found;
  } cases[] = {
      {slow, "gte: 3\n        within: 1d\n",
       "In these events it finds 1 customer."},
      {Line(0, "a", "failed", "") + Line(30, "a", "failed", ""),
       "gte: 2\n        within: 1h\n", "In these events it finds 1 customer."},
      {busy, "gte: 10\n        within: 15m\n",
       "In these events it finds 1 customer."},
  };
  for (const auto& c : cases) {
    const Ran ran = Infer(c.events);
    EXPECT_TRUE(Contains(ran.out, c.rule)) << ran.out;
    EXPECT_TRUE(Contains(ran.out, c.found)) << ran.out;
    EXPECT_EQ(Checked(ran), "No mistakes found.\n");
  }
}

TEST_F(InferTest, SaysHowCsvBecomesLines) {
  const std::string path = folder_.Path("events.jsonl");
  const struct {
    const char* events;
    const char* how;  // nullptr: nothing is said.
  } cases[] = {
      {"customer,event,ts\na,failed,2026-01-01T00:00:00Z\n", "--icsv"},
      {"\"customer\", \"event\"\r\n\"a\",\"failed\"\r\n", "--icsv"},
      {"customer;event\na;b\n", "--icsv --ifs ';'"},
      {"customer\tevent\na\tb\n", "--itsv"},
      {"2026-01-01 00:00:00 INFO first, second\n", nullptr},
      {"customer\na\n", nullptr},
      {"customer,,event\na,,b\n", nullptr},
      {"event={a}, customer=b\n", nullptr},
  };
  for (const auto& c : cases) {
    const std::string advice =
        c.how == nullptr ? ""
                         : path +
                               " looks like CSV, and events are JSON Lines, "
                               "one object a line: `mlr " +
                               c.how + " --ojsonl cat " + path +
                               "` (package miller) writes it so\n";
    EXPECT_EQ(Infer(c.events).err, advice) << c.events;
    folder_.Write("rules/a.yaml",
                  "version: 1\nrules:\n  - id: a\n    title: A\n    detect: "
                  "{event_count: {event: x, gte: 2, within: 1h}}\n");
    const std::string hint =
        c.how == nullptr ? "`premura infer` tells why\n" : advice;
    EXPECT_TRUE(Contains(
        Premura({"check", folder_.Path("rules"), "--events", path}).out,
        "error: no event in it can be used\n      = " + hint))
        << c.events;
    folder_.Write("premura.yaml",
                  "sources: [{file: {path: events.jsonl}}]\nrules: [rules]\n");
    const Ran checked = Premura({"check", "-c", folder_.Path("premura.yaml")});
    EXPECT_EQ(checked.code, kOk) << checked.out;
    EXPECT_EQ(Contains(checked.out, "warning: " + path + " looks like CSV"),
              c.how != nullptr)
        << checked.out;
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"backtest"}, {"explain", "a"}}) {
      std::vector<std::string> arguments = command;
      arguments.insert(arguments.end(),
                       {"--events", path, "--rules", folder_.Path("rules")});
      const Ran ran = Premura(arguments);
      EXPECT_EQ(ran.code, kFailure) << c.events;
      EXPECT_TRUE(Contains(ran.err, c.how == nullptr
                                        ? "no event in it can be used"
                                        : "premura: " + advice))
          << ran.err;
    }
  }
}

// A file by customer, or newest first, is not in order of time: rates, first
// and last, and whom the rules find, are as if it were.
TEST_F(InferTest, TheOrderOfTheLinesDoesNotMatter) {
  std::vector<std::string> lines;
  for (int i = 0; i < 9; ++i) {
    lines.push_back(Line(i * 450, i % 2 == 0 ? "a" : "b", "viewed", ""));
    lines.push_back(Line(i * 450 + 1, "a", "payment_failed", ""));
  }
  const auto told = [this, &lines](const std::string& format) {
    std::string events;
    for (const std::string& line : lines) events += line;
    const Ran ran = Infer(events, {"--format", format});
    std::string out = ran.out;
    const std::string count = R"("out_of_order":)";
    if (const auto at = out.find(count); at != out.npos) {
      out.erase(at, out.find(',', at) - at);
    }
    if (const auto at = out.find("older than"); at != out.npos) {
      out.erase(at, out.find('\n', at) + 1 - at);
    }
    return out;
  };
  const std::string text = told("text"), json = told("json");
  ASSERT_TRUE(Contains(text, "In these events it finds 1 customer.")) << text;
  ASSERT_TRUE(Contains(text, "(2.5 days, 7.2 events a day)")) << text;
  std::reverse(lines.begin(), lines.end());
  EXPECT_EQ(told("text"), text);
  EXPECT_EQ(told("json"), json);
  std::stable_sort(lines.begin(), lines.end());  // By customer.
  EXPECT_EQ(told("text"), text);
  EXPECT_EQ(told("json"), json);
}

// Who tries a rule that nobody of the sample meets learns nothing.
TEST_F(InferTest, NoRuleIsWrittenThatCouldFireForNobody) {
  EXPECT_FALSE(Contains(Infer(Line(0, "a", "payment_failed", "") +
                              Line(9 * 1440, "a", "payment_failed", ""))
                            .out,
                        "payment-failed-again"));
  for (const char* name : {"viewed", "payment_failed"}) {
    EXPECT_EQ(
        Starter(Infer(Line(0, "a", name, "") + Line(1, "b", name, "")).out),
        "");
  }
  std::string events;
  for (int i = 0; i < 5; ++i) events += Line(i, "a", "viewed", "");
  EXPECT_FALSE(Contains(Starter(Infer(events).out), "silence")) << "too short";
  events += Line(20 * 1440, "a", "viewed", "");
  EXPECT_TRUE(Contains(Starter(Infer(events).out),
                       "two weeks. In these events it finds 1 customer."));
  events.clear();
  for (int day = 0; day < 20; ++day) {
    events += Line(day * 1440, "a", "viewed", "");
  }
  EXPECT_FALSE(Contains(Starter(Infer(events).out), "silence")) << "all along";
  EXPECT_FALSE(Contains(Starter(Infer(Line(0, "a", "Export Started", "") +
                                      Line(1, "a", "Export Finished", "") +
                                      Line(90, "b", "Export Started", ""))
                                    .out),
                        "absence"));
}

TEST_F(InferTest, SaysWhereCustomersMayBe) {
  const auto said = [this](const std::string& fields) {
    return Infer("{\"event\":\"x\",\"ts\":1767225600," + fields + "}\n").err;
  };
  EXPECT_EQ(said(R"("user_name":"u","customer_id":"c")"),
            "`customer_id` looks like the customer: write it in a "
            "configuration, and pass that with -c\n\n  sources:\n    - file: "
            "{path: \"" +
                folder_.Path("events.jsonl") +
                "\"}\n      mapping: {customer: [customer_id]}\n");
  EXPECT_TRUE(Contains(said(R"("who":{"clientId":7})"), "`who.clientId`"));
  EXPECT_EQ(said(R"("page":"/")"), "");
}

TEST_F(InferTest, SaysWhatIsSpelledOtherwise) {
  const struct {
    const char* event;
    const char* there;  // nullptr: nothing is said.
    const char* known;
    const char* key;
  } cases[] = {
      {R"({"Customer":"a","event":"x","ts":1767225600})", "Customer",
       "customer", "customer"},
      {R"({"customer":"a","Event":"x","ts":1767225600})", "Event", "event",
       "event"},
      {R"({"customer":"a","event":"x","Time":1767225600})", "Time", "time",
       "time"},
      {R"({"user_id":"a","type":"track","event":"x","messageId":"1",)"
       R"("timestamp":"2026-01-01T00:00:00Z"})",
       "user_id", "userId", "customer"},
      {R"({"customer":"a","event":"x","when":1767225600})", nullptr, "", ""},
      {R"({"customer":"","Customer":"a","event":"x","ts":1767225600})", nullptr,
       "", ""},
  };
  folder_.Write("r.yaml", "version: 1\nrules: []\n");
  for (const auto& c : cases) {
    SCOPED_TRACE(c.event);
    const std::string advice =
        c.there == nullptr
            ? ""
            : fmt::format(
                  "there is `{0}`, and no `{1}`: write `{1}`, or in a "
                  "configuration, passed with -c, `mapping: "
                  "{{{2}: [{0}]}}`",
                  c.there, c.known, c.key);
    EXPECT_EQ(Infer(std::string(c.event) + "\n").err,
              advice.empty() ? "" : advice + "\n");
    const std::string path = folder_.Path("events.jsonl");
    EXPECT_EQ(Premura({"check", folder_.Path("r.yaml"), "--events", path}).out,
              path + ": error: no event in it can be used\n      = " +
                  (advice.empty() ? "`premura infer` tells why" : advice) +
                  "\n1 error in 1 file.\n");
    EXPECT_TRUE(Contains(
        Premura(
            {"backtest", "--rules", folder_.Path("r.yaml"), "--events", path})
            .err,
        "premura: " + path + ": no event in it can be used; " +
            (advice.empty() ? "`premura infer` tells why" : advice) + "\n"));
  }
}

TEST_F(InferTest, SaysNothingOfCustomersWhereTheyAreRead) {
  const std::string nobody =
      "{\"event\":\"x\",\"ts\":1767225600,\"user_name\":\"u\"}\n";
  const std::string somebody = Line(0, "a", "x", "");
  EXPECT_EQ(Infer(nobody + somebody + somebody).err, "");
  EXPECT_EQ(Infer(somebody + nobody + nobody).err, "");
  EXPECT_TRUE(Contains(Infer(nobody).err, "`user_name` looks like"));
  folder_.Write("premura.yaml", R"(
sources: [{file: {path: events.jsonl}, mapping: {customer: user_name}}]
rules: [rules]
state: {dir: state}
)");
  folder_.Write("rules/.keep", "");
  EXPECT_EQ(Infer("{\"event\":\"x\",\"ts\":1767225600,\"user_name\":\"\"}\n",
                  {"-c", folder_.Path("premura.yaml")})
                .err,
            "");
}

TEST_F(InferTest, KeysThatHoldDotsAreFields) {
  const Ran ran = Infer(Line(0, "a", "x", R"(,"http.status_code":500)"));
  EXPECT_TRUE(Contains(ran.out, "http.status_code  whole number  100%"))
      << ran.out;
}

TEST_F(InferTest, SaysHowJsonOverLinesBecomesLines) {
  const std::string path = folder_.Path("events.jsonl");
  const struct {
    const char* events;
    const char* filter;  // nullptr: nothing is said.
  } cases[] = {
      {"[\n  {\"customer\": \"a\"}\n]\n", "'.[]'"},
      {"[{\"customer\": \"a\"},\n {\"customer\": \"b\"}]\n", "'.[]'"},
      {"{\n  \"customer\": \"a\"\n}\n", "."},
      {"{\"customer\":\n \"a\"}\n", "."},
      {"nonsense\n", nullptr},
      {"{\"customer\":}\n", nullptr},
      {"[1,,2]\n", nullptr},
  };
  for (const auto& c : cases) {
    const std::string advice =
        c.filter == nullptr
            ? ""
            : path +
                  " looks like JSON over several lines, and one object a line "
                  "is wanted: `jq -c " +
                  c.filter + " " + path + "` writes it so\n";
    EXPECT_EQ(Infer(c.events).err, advice) << c.events;
  }
}

TEST_F(InferTest, AnEmptyFileIsNoMistake) {
  const Ran ran = Infer("");
  EXPECT_EQ(ran.code, kOk);
  EXPECT_EQ(ran.out, "0 events of 0 customers in 0 records (preset plain)\n");
}

TEST_F(InferTest, TheConfigurationSaysHowEventsAreRead) {
  folder_.Write("premura.yaml", R"(
sources: [{file: {path: events.jsonl}, mapping: {customer: who}}]
rules: [rules]
state: {dir: state}
)");
  folder_.Write("rules/.keep", "");
  const std::string events =
      "{\"who\":\"w\",\"event\":\"x\",\"ts\":1767225600}\n";
  EXPECT_TRUE(Contains(Infer(events).out, "no_customer"));
  const Ran ran = Infer(events, {"-c", folder_.Path("premura.yaml")});
  EXPECT_TRUE(Contains(ran.out, "1 event of 1 customer in 1 record ("))
      << ran.out << ran.err;
}

TEST_F(InferTest, MistakesOfTheCommandLineAreSaid) {
  EXPECT_EQ(Premura({"infer"}).code, kUsage);
  const Ran preset = Infer("", {"--preset", "pain"});
  EXPECT_EQ(preset.code, kUsage);
  EXPECT_TRUE(Contains(preset.err, "there is no preset `pain`")) << preset.err;
  const Ran missing = Premura({"infer", "--events", folder_.Path("none")});
  EXPECT_EQ(missing.code, kFailure);
  EXPECT_TRUE(Contains(missing.err, "No such file")) << missing.err;
}

}  // namespace
}  // namespace premura
