// SPDX-License-Identifier: Apache-2.0
#include "signals/event_survey.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace premura {
namespace {

class EventSurveyTest : public ::testing::Test {
 protected:
  Survey Take(const std::string& lines,
              std::optional<Preset> preset = std::nullopt) {
    const std::string path = folder_.Path("events.jsonl");
    std::ofstream(path) << lines;
    SurveyOptions options;
    options.events = path;
    options.preset = preset;
    auto survey = SurveyEvents(options);
    EXPECT_TRUE(survey.ok()) << (survey.ok() ? "" : survey.error().message);
    return std::move(survey).value();
  }

  static std::string Line(int minute, const std::string& customer,
                          const std::string& name,
                          const std::string& more = "") {
    return fmt::format(R"({{"ts":{},"customer":"{}","event":"{}"{}{}}})"
                       "\n",
                       1767225600 + minute * 60, customer, name,
                       more.empty() ? "" : ",", more);
  }

  TempFolder folder_;
};

TEST_F(EventSurveyTest, CountsNamesCustomersAndTimes) {
  const Survey survey =
      Take(Line(0, "a", "x") + Line(2, "a", "y") + Line(1, "b", "x") + "\n");

  EXPECT_EQ(survey.preset, Preset::kPlain);
  EXPECT_EQ(survey.records, 3U);
  EXPECT_EQ(survey.events, 3U);
  EXPECT_EQ(survey.customers.Counts(), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(survey.last - survey.first, std::chrono::minutes(2));
  EXPECT_EQ(survey.unordered, 1U);
  EXPECT_EQ(survey.most_behind, std::chrono::minutes(1));
  EXPECT_EQ(survey.without_id, 3U);
  ASSERT_EQ(survey.names.size(), 2U);
  EXPECT_EQ(survey.names.at("x").count, 2U);
  EXPECT_EQ(survey.names.at("x").customers.Count(), 2U);
  EXPECT_TRUE(survey.names_complete);
}

TEST_F(EventSurveyTest, TheSameIdTwiceIsOneTooMuchForOneCustomerOnly) {
  const Survey survey =
      Take(Line(0, "a", "x", R"("id":"1")") + Line(1, "a", "x", R"("id":"1")") +
           Line(1, "b", "x", R"("id":"1")"));

  EXPECT_EQ(survey.ids.Repeats(), 1U);
  EXPECT_TRUE(survey.names.at("x").fields.empty()) << "the event's own";
}

TEST_F(EventSurveyTest, FieldsHaveKindsRangesAndValues) {
  const Survey survey = Take(
      Line(0, "a", "x", R"("d":{"n":1,"deep":{"t":"one"}},"list":["p","q"])") +
      Line(1, "a", "x", R"("d":{"n":2.5},"list":["p"],"late":true)") +
      Line(2, "a", "x", R"("d":{"n":null})"));

  const FieldSurveys& fields = survey.names.at("x").fields;
  ASSERT_EQ(fields.size(), 4U);
  const FieldSurvey& number = fields.at("d.n");
  EXPECT_EQ(number.present, 2U);
  EXPECT_EQ(number.nulls, 1U);
  EXPECT_EQ(number.least, 1);
  EXPECT_EQ(number.most, 2.5);
  EXPECT_EQ(fields.at("d.deep.t").values,
            (std::map<std::string, std::uint64_t>{{"one", 1}}));
  EXPECT_EQ(fields.at("list").values,
            (std::map<std::string, std::uint64_t>{{"p", 2}, {"q", 1}}));
  EXPECT_EQ(fields.at("late").present, 1U);
  EXPECT_TRUE(number.values_complete);
}

TEST_F(EventSurveyTest, WhatLooksPersonalOrSecretIsNotKept) {
  const Survey survey = Take(
      Line(
          0, "a", "x",
          R"("api_token":"t0p","email":"marta@acme.example","order_id":"A-17",)"
          R"("note":"free","ip":"10.0.0.1")") +
      Line(1, "a", "x", R"("note":"tom@bolt.example")"));

  const FieldSurveys& fields = survey.names.at("x").fields;
  EXPECT_TRUE(fields.at("api_token").values.empty());
  EXPECT_EQ(fields.at("email").values.count("aaaaa@aaaa.aaaaaaa"), 1U);
  EXPECT_EQ(fields.at("order_id").values.count("a-99"), 1U);
  EXPECT_EQ(fields.at("ip").values.count("99.9.9.9"), 1U);
  EXPECT_EQ(fields.at("note").nature, FieldNature::kPersonal);
  EXPECT_EQ(fields.at("note").values.count("free"), 0U)
      << "one address is enough";
  for (const auto& [path, field] : fields) {
    EXPECT_FALSE(field.values_complete) << path;
  }
}

TEST_F(EventSurveyTest, NamesOfPeopleAreNotKept) {
  const Survey survey = Take(
      Line(0, "a", "x",
           R"("customerName":"Marta Bianchi","name":"Billing",)"
           R"("who":{"name":"Tom Rossi","firstName":"Tom","planName":"Pro"})") +
      Line(1, "a", "y", R"("email":"m@acme.example","name":"Marta B")"));

  const FieldSurveys& x = survey.names.at("x").fields;
  EXPECT_EQ(x.at("name").nature, FieldNature::kOrdinary) << "of a page";
  EXPECT_EQ(x.at("name").values.count("Billing"), 1U);
  for (const auto& [field, form] :
       {std::pair(&x.at("customerName"), "aaaaa aaaaaaa"),
        {&x.at("who.name"), "aaa aaaaa"},
        {&x.at("who.planName"), "aaa"},
        {&survey.names.at("y").fields.at("name"), "aaaaa a"}}) {
    EXPECT_EQ(field->nature, FieldNature::kPersonal) << form;
    EXPECT_EQ(field->values, (std::map<std::string, std::uint64_t>{{form, 1}}));
    EXPECT_FALSE(field->values_complete) << form;
  }
}

TEST_F(EventSurveyTest, AProfilesNameIsAPersons) {
  const Survey survey =
      Take(R"({"type":"identify","userId":"a","messageId":"1",)"
           R"("timestamp":"2026-01-01T00:00:00Z",)"
           R"("traits":{"name":"Marta Bianchi","plan":"pro"}})"
           "\n",
           Preset::kSegment);
  EXPECT_EQ(survey.profile.at("name").values,
            (std::map<std::string, std::uint64_t>{{"aaaaa aaaaaaa", 1}}));
  EXPECT_EQ(survey.profile.at("name").nature, FieldNature::kPersonal);
  EXPECT_EQ(survey.profile.at("plan").nature, FieldNature::kOrdinary);
}

TEST_F(EventSurveyTest, FieldsThatAreTheCustomerAreKnown) {
  const Survey survey = Take(Line(0, "a", "x", R"("shop":"a","page":"a")") +
                             Line(1, "b", "x", R"("shop":"b","page":"a")"));
  EXPECT_EQ(survey.names.at("x").fields.at("shop").own, 2U);
  EXPECT_EQ(survey.names.at("x").fields.at("page").own, 1U);
}

TEST_F(EventSurveyTest, PropertiesAreThoseOfThePreset) {
  const Survey survey = Take(
      R"({"type":"track","event":"E","userId":"u","messageId":"1","timestamp":"2026-01-01T00:00:00Z","properties":{"a":1},"context":{"page":{"path":"/x"}}})"
      "\n"
      R"({"type":"identify","userId":"u","messageId":"2","timestamp":"2026-01-01T00:00:00Z","traits":{"tier":"pro"}})"
      "\n");

  EXPECT_EQ(survey.preset, Preset::kSegment);
  EXPECT_EQ(survey.names.at("E").fields.count("a"), 1U);
  EXPECT_EQ(survey.names.at("E").fields.count("context.page.path"), 1U);
  EXPECT_EQ(survey.profile_changes, 1U);
  EXPECT_EQ(survey.profile.at("tier").values.count("pro"), 1U);
}

// Each line has a property that none had before.
TEST_F(EventSurveyTest, NewPropertiesAreCountedFromTheirFirstLineOn) {
  constexpr std::size_t kLines = 1500;
  std::string lines;
  for (std::size_t i = 0; i < kLines; ++i) {
    lines += Line(0, "a", "n", "\"p" + std::to_string(i) + "\":1");
  }
  const Survey survey = Take(lines);

  EXPECT_EQ(survey.events, kLines);
  EXPECT_EQ(survey.names.at("n").fields.size(), kLines);
  EXPECT_EQ(survey.names.at("n").fields.at("p1499").present, 1U);
}

TEST_F(EventSurveyTest, WhatIsRefusedIsCountedWithItsFirstLine) {
  const Survey survey =
      Take("\n{\n{\n" + Line(0, "a", "x") + "{\"event\":\"x\",\"ts\":1}\n");

  ASSERT_EQ(survey.refused.size(), 2U);
  EXPECT_EQ(survey.refused.at(Refusal::kBrokenJson).count, 2U);
  EXPECT_EQ(survey.refused.at(Refusal::kBrokenJson).line, 2);
  EXPECT_EQ(survey.refused.at(Refusal::kNoCustomer).line, 5);
}

TEST_F(EventSurveyTest, MemoryIsBoundedAndItIsSaid) {
  std::string lines;
  for (std::size_t i = 0; i < Survey::kMostNames + 1; ++i) {
    lines += Line(0, "a", "n" + std::to_string(i),
                  R"("value":"v)" + std::to_string(i) + '"');
  }
  for (std::size_t i = 0; i < FieldSurvey::kMostKept + 1; ++i) {
    lines += Line(0, "a", "n0", R"("value":"w)" + std::to_string(i) + '"');
  }
  const Survey survey = Take(lines);

  EXPECT_EQ(survey.names.size(), Survey::kMostNames);
  EXPECT_FALSE(survey.names_complete);
  const FieldSurvey& field = survey.names.at("n0").fields.at("value");
  EXPECT_EQ(field.values.size(), FieldSurvey::kMostKept);
  EXPECT_FALSE(field.values_complete);
  EXPECT_EQ(field.different.Count(), FieldSurvey::kMostKept + 2);
}

TEST_F(EventSurveyTest, AFileThatIsNotThereIsAnError) {
  SurveyOptions options;
  options.events = folder_.Path("none");
  EXPECT_FALSE(SurveyEvents(options).ok());
}

TEST(DistinctCounterTest, IsExactUpToItsMostAndNearBeyond) {
  DistinctCounter counter(1000);
  for (int i = 0; i < 1000; ++i) counter.Add(std::to_string(i));
  EXPECT_TRUE(counter.exact());
  EXPECT_EQ(counter.Count(), 1000U);
  for (int i = 0; i < 100'000; ++i) counter.Add(std::to_string(i));
  EXPECT_FALSE(counter.exact());
  EXPECT_NEAR(static_cast<double>(counter.Count()), 100'000, 15'000);
  EXPECT_LE(counter.Counts().size(), 1000U);
  EXPECT_NEAR(static_cast<double>(counter.Repeats()), 1000, 600);
}

// A few that happen to be kept stand for more than there can be.
TEST(DistinctCounterTest, SaysNoMoreThanCame) {
  for (int most = 1; most < 64; ++most) {
    DistinctCounter counter(most);
    for (int i = 0; i < 200; ++i) {
      counter.Add(std::to_string(i));
      ASSERT_LE(counter.Count(), static_cast<std::uint64_t>(i) + 1) << most;
    }
  }
}

TEST(FieldNatureTest, IsGuessedByNameAndValue) {
  const auto by_name = [](const char* name) {
    return std::string(ToString(NatureOfName(name)));
  };
  for (const char* name : {"order_id", "userId", "d.uuid", "token_id"}) {
    EXPECT_EQ(by_name(name), "id") << name;
  }
  for (const char* name : {"email", "user.emailAddress", "IP", "firstName",
                           "lastname", "customerName"}) {
    EXPECT_EQ(by_name(name), "personal") << name;
  }
  for (const char* name : {"api_key", "password", "card_number", "iban"}) {
    EXPECT_EQ(by_name(name), "secret") << name;
  }
  for (const char* name :
       {"page", "tips", "key", "name", "planName", "hidden", ""}) {
    EXPECT_EQ(by_name(name), "ordinary") << name;
  }
  const auto by_value = [](const char* text) {
    return std::string(ToString(NatureOfValue(text)));
  };
  EXPECT_EQ(by_value("+39 333 1234501"), "personal");
  EXPECT_EQ(by_value("2001:db8::8:800:200c:417a"), "personal");
  EXPECT_EQ(by_value("/reset?token=abc"), "secret");
  EXPECT_EQ(by_value("4111 1111 1111 1111"), "secret");
  EXPECT_EQ(by_value("4111 1111 1111 1112"), "ordinary");
  EXPECT_EQ(by_value("123e4567-e89b-12d3-a456-426614174000"), "id");
  EXPECT_EQ(by_value("/billing/card"), "ordinary");
  EXPECT_EQ(by_value("10:30"), "ordinary");
  EXPECT_EQ(by_value("1.2.3"), "ordinary");
}

}  // namespace
}  // namespace premura
