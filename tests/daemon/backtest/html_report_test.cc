// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/backtest/html_chart.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HtmlReportTest : public ::testing::Test {
 protected:
  void Write(const std::string& title, const std::string& events) {
    folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: ')" + title + R"('
    detect: {event_count: {event: failed, gte: 1, within: 10m}}
    actions:
      - ticket: {template: a}
      - email: {template: a}
)");
    folder_.Write("events.jsonl", events);
  }

  Ran Backtest(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--output",
                                          "html"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  }

  TempFolder folder_;
};

std::string Failed(const std::string& customer_in_json, int minute = 0) {
  return R"({"ts":"2026-01-01T10:)" + std::to_string(10 + minute % 50) +
         R"(:00Z","event":"failed","customer":)" + customer_in_json + "}\n";
}

TEST_F(HtmlReportTest, IsOnePageThatNeedsNothingElse) {
  Write("Fails", Failed("\"anna\""));
  const std::string page = Backtest().out;
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  // But for the name of the namespace of SVG, which nobody fetches.
  for (const char* outside : {"https://", "src=", "href=", "url(", "@import",
                              "unsafe-inline", " style=", "onclick"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(page, HasSubstr("All times are UTC"));
  EXPECT_THAT(page, HasSubstr("<dt>Messages and tickets</dt><dd>1</dd>"));
  EXPECT_THAT(page, HasSubstr("No address or number is known"));
  EXPECT_THAT(page, HasSubstr("so this cannot be told"));
}

TEST_F(HtmlReportTest, WhatComesFromEventsAndRulesIsTextOnly) {
  Write("<script>alert(1)</script>",
        Failed(R"("</script><img src=x onerror=alert(2)>&\u2028\u202e\"'")"));
  const std::string page = Backtest().out;
  EXPECT_THAT(page, Not(HasSubstr("<script>alert(1)")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, HasSubstr("\\u003c/script\\u003e\\u003cimg src=x"));
  EXPECT_THAT(page, Not(HasSubstr("\xe2\x80\xa8")));
  EXPECT_THAT(page, Not(HasSubstr("\xe2\x80\xae")));
}

TEST_F(HtmlReportTest, SaysWhenThereIsNothing) {
  Write("Fails", "");
  const std::string page = Backtest().out;
  for (const char* words :
       {"No event in this period", "There is no event to show.",
        "Nothing was held or left unsent.", "No rule found anybody."}) {
    EXPECT_THAT(page, HasSubstr(words));
  }
  Write("Fails", R"({"ts":1767261600,"event":"x","customer":"a"})");
  EXPECT_THAT(Backtest().out, HasSubstr("Nothing would have been sent."));
}

TEST_F(HtmlReportTest, ShowsSoManyCustomersAndSaysHowManyItDoesNot) {
  std::string events;
  for (int i = 0; i < 301; ++i) {
    events += Failed('"' + std::to_string(1000 + i) + '"');
  }
  Write("Fails", events);
  const std::string page = Backtest().out;
  EXPECT_THAT(page, HasSubstr("The 300 customers who got most, of 301"));
  EXPECT_THAT(page, HasSubstr(R"({"id":"1299",)"));
  EXPECT_THAT(page, Not(HasSubstr(R"({"id":"1300",)")));
}

// 400 events and 200 of the detections and of the contacts are kept. Later
// events are, where a rule fired on them.
TEST_F(HtmlReportTest, WhatIsLeftOutOfATimelineIsCounted) {
  std::string events;
  for (int i = 0; i < 400; ++i) events += Failed("\"anna\"");
  for (int i = 1; i <= 3; ++i) events += Failed("\"anna\"", i);
  events += R"({"ts":"2026-01-01T10:20:00Z","event":"other",)"
            R"("customer":"anna"})"
            "\n";
  Write("Fails", events);
  const std::string page = Backtest().out;
  // 203 detections; a ticket and an unsent email of each; `other`.
  EXPECT_THAT(page, HasSubstr(R"({"id":"anna","sent":403,"left_out":810,)"));
  EXPECT_THAT(page, HasSubstr(R"(,0],[1767262260000,0],[1767262320000,0],)"
                              R"([1767262380000,0]],"detections")"));
}

TEST_F(HtmlReportTest, GoesToAFile) {
  Write("Fails", Failed("\"anna\""));
  const Ran ran = Backtest({"--out", folder_.Path("page.html")});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(folder_.Read("page.html").starts_with("<!DOCTYPE html>"));
  const Ran nowhere = Backtest({"--out", folder_.Path("no/page.html")});
  EXPECT_EQ(nowhere.code, kFailure);
  EXPECT_THAT(nowhere.err, HasSubstr("page.html cannot be written"));
}

TEST_F(HtmlReportTest, AFileIsReplacedByAWholeReportOrNotAtAll) {
  Write("Fails", Failed("\"anna\""));
  folder_.Write("page.html", "yesterday's");
  Ran ran = Backtest({"--out", folder_.Path("page.html"), "-c", "/nowhere"});
  EXPECT_EQ(ran.code, kFailure) << ran.err;
  EXPECT_EQ(folder_.Read("page.html"), "yesterday's");
  ran = Backtest({"--out", folder_.Path("page.html")});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(folder_.Read("page.html").starts_with("<!DOCTYPE html>"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("page.html.tmp")));
  EXPECT_EQ(Backtest({"--out", "/dev/null"}).code, kOk);
}

TEST_F(HtmlReportTest, NoFileThatIsReadIsWritten) {
  Write("Fails", Failed("\"anna\""));
  folder_.Write("people.csv", "customer\nanna\n");
  folder_.Write("premura.yaml",
                "sources: [{file: {path: events.jsonl}}]\nrules: [rules]\n"
                "profiles: {files: [people.csv]}\nstate: {dir: state}\n");
  const std::string config = folder_.Path("premura.yaml");
  const struct {
    const char* file;
    std::vector<std::string> more;
  } cases[] = {
      {"events.jsonl", {}},
      {"rules/a.yaml", {}},
      {"people.csv", {"--profiles", folder_.Path("people.csv")}},
      {"people.csv", {"-c", config}},
      {"premura.yaml", {"-c", config}},
  };
  for (const auto& c : cases) {
    const std::string before = folder_.Read(c.file);
    std::vector<std::string> arguments = {"--out", folder_.Path(c.file)};
    arguments.insert(arguments.end(), c.more.begin(), c.more.end());
    const Ran ran = Backtest(arguments);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_THAT(ran.err, HasSubstr("`--out` is a file that is read: " +
                                   folder_.Path(c.file)));
    EXPECT_EQ(folder_.Read(c.file), before);
  }
}

TEST(TimeAxisTest, BarsAreOfAWidthThatPeopleThinkIn) {
  struct Case {
    const char* first;
    const char* last;
    const char* unit;
    const char* from;
  };
  const Case cases[] = {
      {"2026-01-01T10:03:20Z", "2026-01-01T10:03:20Z", "per minute",
       "1 Jan 2026 10:03"},
      {"2026-01-01T10:03:00Z", "2026-01-01T11:42:59Z", "per minute",
       "1 Jan 2026 10:03"},
      {"2026-01-01T10:03:00Z", "2026-01-01T11:43:00Z", "per 5 minutes",
       "1 Jan 2026 10:00"},
      {"2026-01-01T10:03:00Z", "2026-01-31T10:00:00Z", "per 12 hours",
       "1 Jan 2026 00:00"},
      {"2026-01-01T10:03:00Z", "2026-12-31T10:00:00Z", "per week",
       "29 Dec 2025"},
      {"1990-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "per 520 weeks",
       "4 Dec 1989"},
  };
  for (const Case& one : cases) {
    const TimeAxis axis =
        TimeAxis::Over(*ParseInstant(one.first), *ParseInstant(one.last));
    EXPECT_EQ(axis.Unit(), one.unit) << one.last;
    EXPECT_EQ(axis.Label(0), one.from) << one.last;
    EXPECT_LE(axis.At(0), *ParseInstant(one.first));
    EXPECT_GT(axis.At(axis.count), *ParseInstant(one.last));
    EXPECT_LE(axis.count, TimeAxis::kMostBars) << one.last;
  }
}

TEST(BarChartTest, HasItsNumbersAsATable) {
  const TimeAxis axis = TimeAxis::Over(*ParseInstant("2026-01-01T10:00:00Z"),
                                       *ParseInstant("2026-01-01T10:02:00Z"));
  const std::string chart = BarChart(
      "Contacts", axis, {{"emails", {0, 1'234, 1}}, {"SMS", {0, 0, 2}}});
  EXPECT_THAT(chart, HasSubstr("<figcaption>Contacts per minute</figcaption>"));
  EXPECT_THAT(chart, HasSubstr("<title>1 Jan 2026 10:02: emails 1, SMS 2"));
  EXPECT_THAT(chart, HasSubstr("<th scope=\"row\">1 Jan 2026 10:01</th>"
                               "<td class=\"n\">1,234</td>"));
  EXPECT_THAT(chart, Not(HasSubstr("10:00</th>")));  // Nothing was there.
}

TEST(BarChartTest, DatesHaveRoom) {
  for (int minutes = 0; minutes < 100; ++minutes) {
    const Timestamp first = *ParseInstant("2026-01-01T10:00:00Z");
    const TimeAxis axis =
        TimeAxis::Over(first, first + std::chrono::minutes(minutes));
    const std::string chart =
        BarChart("Events", axis,
                 {{"events", std::vector<std::uint64_t>(axis.count, 1)}});
    std::size_t dates = 0;
    for (std::size_t at = 0;
         (at = chart.find("class=\"tick\"", at)) != chart.npos; ++at) {
      ++dates;
    }
    EXPECT_GE(dates, 1U) << minutes;
    EXPECT_LE(dates, 6U) << minutes;
  }
}

}  // namespace
}  // namespace premura
