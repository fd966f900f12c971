// SPDX-License-Identifier: Apache-2.0
#include "signals/consent_word.h"

#include <gtest/gtest.h>

#include "signals/arena.h"
#include "signals/json_reader.h"

namespace premura {
namespace {

TEST(ConsentWord, WhatIsNotAClearYesIsANo) {
  struct {
    const char* json;
    ConsentWord word;
  } const cases[] = {
      {"true", ConsentWord::kYes},
      {"1", ConsentWord::kYes},
      {R"(" Yes\n")", ConsentWord::kYes},
      {R"("TRUE")", ConsentWord::kYes},
      {"false", ConsentWord::kNo},
      {"0", ConsentWord::kNo},
      {"2", ConsentWord::kNo},
      {R"("no")", ConsentWord::kNo},
      {R"("perhaps")", ConsentWord::kNo},
      {R"(["yes"])", ConsentWord::kNo},
      {"null", ConsentWord::kNothing},
      {R"(" ")", ConsentWord::kNothing},
      {R"({"granted":true})", ConsentWord::kNothing},
  };
  for (const auto& each : cases) {
    Arena arena(64);
    EXPECT_EQ(ReadConsent(ParseJsonValue(each.json, &arena)), each.word)
        << each.json;
  }
  EXPECT_LT(ConsentWord::kNo, ConsentWord::kNothing);
  EXPECT_LT(ConsentWord::kNothing, ConsentWord::kYes);
}

}  // namespace
}  // namespace premura
