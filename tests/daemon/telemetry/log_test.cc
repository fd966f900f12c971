// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "daemon/app_parts.h"
#include "tests/daemon/manual_clock.h"

namespace premura {
namespace {

class LogTest : public ::testing::Test {
 protected:
  std::unique_ptr<Log> Open(const std::string& level, bool json) {
    return NewLog({level, json}, &clock_, &out_);
  }
  std::size_t Lines() const {
    const std::string text = out_.str();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  ManualClock clock_;
  std::ostringstream out_;
};

TEST_F(LogTest, JsonLinesHaveTimeLevelEventMessageAndFields) {
  Open("info", true)
      ->Write(Log::Level::kWarning, "event_word", "a \"b\"\n",
              {{"source", "x"}, {"count", 2}, {"digits", "2"}});
  EXPECT_EQ(
      out_.str(),
      R"({"time":"2026-01-01T00:00:00.000Z","level":"warning",)"
      R"("event":"event_word","message":"a \"b\"\n","source":"x","count":2,"digits":"2"})"
      "\n");
}

TEST_F(LogTest, TellsWhichSourcesCannotBeReadTwice) {
  const struct {
    std::variant<KafkaConfig, ReplayConfig> from;
    const char* told;
  } cases[] = {
      {ReplayConfig{.path = "-"},
       "2026-01-01T00:00:00.000Z info standard_input: it cannot be read twice: "
       "open windows, and all else that rules know of its customers, end with "
       "this run source=s\n"},
      {ReplayConfig{.path = "/a.jsonl"}, ""},
      {KafkaConfig{}, ""},
  };
  for (const auto& test : cases) {
    Config config;
    config.sources.emplace_back();
    config.sources[0].id = "s";
    config.sources[0].from = test.from;
    out_.str("");
    TellWhatIsKeptByNobody(config, Open("info", false).get());
    EXPECT_EQ(out_.str(), test.told);
  }
}

TEST_F(LogTest, TextLinesStayLines) {
  Open("info", false)
      ->Write(Log::Level::kError, "word", "Type:\n  a\nb\x1b[2J\r\u009b",
              {{"k", "v"}, {"why", "a \u009b"}, {"how", "a\nb"}});
  EXPECT_EQ(out_.str(),
            "2026-01-01T00:00:00.000Z error word: Type: a b?[2J?? k=v "
            "why=\"a ?\" how=\"a\\nb\"\n");
}

TEST_F(LogTest, WhatIsBelowTheLevelIsLeftOut) {
  const auto log = Open("warning", false);
  log->Write(Log::Level::kInfo, "w", "no");
  log->WriteLimited(Log::Level::kDebug, "w", "no");
  log->Write(Log::Level::kWarning, "w", "yes");
  EXPECT_EQ(Lines(), 1U);
}

TEST_F(LogTest, AddressesAreMaskedEverywhere) {
  for (const bool json : {true, false}) {
    Open("info", json)
        ->Write(Log::Level::kInfo, "w", "to marta@example.com +390212345678",
                {{"customer", "marta@example.com"}});
  }
  EXPECT_EQ(out_.str().find("marta"), std::string::npos) << out_.str();
  EXPECT_EQ(out_.str().find("12345"), std::string::npos) << out_.str();
}

TEST_F(LogTest, FloodsAreLimitedAndCounted) {
  const auto log = Open("info", false);
  for (int i = 0; i < 25; ++i) log->WriteLimited(Log::Level::kInfo, "a", "x");
  EXPECT_EQ(Lines(), 10U);
  log->WriteLimited(Log::Level::kInfo, "b", "another event is not concerned");
  EXPECT_EQ(Lines(), 11U);
  clock_.Advance(std::chrono::seconds(10));
  log->WriteLimited(Log::Level::kInfo, "a", "x");
  EXPECT_TRUE(out_.str().ends_with("a: x left_out_before=15\n")) << out_.str();
}

}  // namespace
}  // namespace premura
