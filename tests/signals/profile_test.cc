// SPDX-License-Identifier: Apache-2.0
#include "signals/profile.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ProfileTest, FileWinsOverEvents) {
  const Profile profile({{"tier", "\"gold\""}},
                        {{"tier", {"\"free\""}}, {"seats", {"5"}}});
  EXPECT_EQ(profile.Get("tier").text(), "gold");
  EXPECT_EQ(profile.Get("seats").kind(), Value::Kind::kInteger);
  EXPECT_EQ(profile.Get("seats").integer(), 5);
  EXPECT_EQ(profile.Get("none").kind(), Value::Kind::kAbsent);
  EXPECT_THAT(profile.Texts(),
              ElementsAre(Pair("seats", "5"), Pair("tier", "gold")));
}

TEST(ProfileTest, ReadsEveryKindOfValue) {
  const Profile profile({{"b", "true"},
                         {"huge", "12345678901234567890123"},
                         {"l", R"(["a",1])"},
                         {"n", "1.5"},
                         {"t", R"("\u00e9\n")"}},
                        {});
  EXPECT_EQ(profile.Text("b"), "true");
  EXPECT_EQ(profile.Text("huge"), "12345678901234567890123");
  EXPECT_EQ(profile.Get("l").elements()[0].text(), "a");
  EXPECT_EQ(profile.Text("l"), "");
  EXPECT_EQ(profile.Get("n").number(), 1.5);
  EXPECT_EQ(profile.Text("t"), "é\n");
  EXPECT_EQ(profile.Texts().at("l"), R"(["a",1])");
}

TEST(ProfileStoreTest, MergesWhatEventsSay) {
  ProfileStore store;
  EXPECT_EQ(store.Get("ada")->Get("tier").kind(), Value::Kind::kAbsent);
  store.Merge(
      {.customer = "ada", .entries = {{"tier", "\"free\""}, {"x", "1"}}});
  const auto before = store.Get("ada");
  store.Merge(
      {.customer = "ada", .entries = {{"tier", "\"gold\""}, {"x", "null"}}});
  EXPECT_EQ(before->Text("tier"), "free") << "what was handed out stays";
  EXPECT_EQ(store.Get("ada")->Text("tier"), "gold");
  EXPECT_EQ(store.Get("ada")->Get("x").kind(), Value::Kind::kAbsent);
  EXPECT_THAT(store.Get("ada")->Texts(), ElementsAre(Pair("tier", "gold")));
  EXPECT_EQ(store.size(), 1u);
}

TEST(ProfileStoreTest, ReplacesTheFileLayerOfEverybody) {
  ProfileStore store;
  store.Merge({.customer = "ada", .entries = {{"tier", "\"free\""}}});
  std::map<std::string, Profile::Values> customers;
  for (int i = 0; i < 1000; ++i) {
    customers["c" + std::to_string(i)] = {{"n", std::to_string(i)}};
  }
  customers["ada"] = {{"tier", "\"gold\""}};
  store.ReplaceFileLayer(customers);
  EXPECT_EQ(store.size(), 1001u);
  EXPECT_EQ(store.Get("ada")->Text("tier"), "gold");
  EXPECT_EQ(store.Get("c7")->Text("n"), "7");
  EXPECT_EQ(store.ReplaceFileLayer(customers), std::vector<std::string>{});
  EXPECT_EQ(store.ReplaceFileLayer({{"bob", {{"tier", "\"pro\""}}}}).size(),
            1002u);
  EXPECT_EQ(store.size(), 2u);
  const auto is_ada = [](std::string_view name) { return name == "ada"; };
  EXPECT_EQ(store.Customers(is_ada), std::vector<std::string>{"ada"});
  EXPECT_EQ(store.Get("ada")->Text("tier"), "free");
  EXPECT_EQ(store.Get("c7")->Text("n"), "");
  store.Restore("ada", {{"tier", {"\"old\""}}});
  EXPECT_EQ(store.Get("ada")->Text("tier"), "old");
  store.ForgetSaid([](std::string_view name) { return name == "bob"; });
  EXPECT_EQ(store.Get("ada")->Text("tier"), "old");
  store.ForgetSaid(is_ada);
  EXPECT_EQ(store.Get("ada")->Text("tier"), "");
  EXPECT_EQ(store.Get("bob")->Text("tier"), "pro") << "the file's word";
}

TEST(ProfileFileTest, ReadsCsv) {
  const TempFolder dir;
  const std::string path =
      dir.Write("customers.csv",
                "\xEF\xBB\xBF"
                "name,customer,phone,note\r\n"
                "\"Rossi, Ada\",ada,+39,\"said \"\"no\"\"\r\ntwice\"\r\n"
                "\n"
                "Bob,bob,007,\r\n"
                "C\rD,\"c\rd\",1\r2,\r");
  const auto customers = ReadProfileFile(path);
  ASSERT_TRUE(customers.ok()) << customers.error().message;
  EXPECT_THAT(
      customers.value(),
      ElementsAre(
          Pair("ada", ElementsAre(Pair("name", "\"Rossi, Ada\""),
                                  Pair("note", R"("said \"no\"\r\ntwice")"),
                                  Pair("phone", "\"+39\""))),
          Pair("bob",
               ElementsAre(Pair("name", "\"Bob\""), Pair("phone", "\"007\""))),
          // A CR within a line ends nothing.
          Pair("c\rd", ElementsAre(Pair("name", R"("C\rD")"),
                                   Pair("phone", R"("1\r2")")))));
}

TEST(ProfileFileTest, ReadsJsonLines) {
  const TempFolder dir;
  const std::string path = dir.Write(
      "customers.jsonl",
      "{\"customer\":\"ada\",\"consent\":{\"email\":true},\"seats\":5,"
      "\"tags\":[\"a\"],\"gone\":null}\r\n\n{\"customer\":7}");
  const auto customers = ReadProfileFile(path);
  ASSERT_TRUE(customers.ok()) << customers.error().message;
  EXPECT_THAT(customers.value(),
              ElementsAre(Pair("7", IsEmpty()),
                          Pair("ada", ElementsAre(Pair("consent.email", "true"),
                                                  Pair("seats", "5"),
                                                  Pair("tags", "[\"a\"]")))));
}

TEST(ProfileFileTest, BlanksAroundCellsDoNotCount) {
  const TempFolder dir;
  const auto customers =
      ReadProfileFile(dir.Write("a.csv",
                                " customer, consent.email ,\tname\n"
                                "ada , no,\" Ada B. \"\n"));
  ASSERT_TRUE(customers.ok()) << customers.error().message;
  EXPECT_THAT(
      customers.value(),
      ElementsAre(Pair("ada", ElementsAre(Pair("consent.email", "\"no\""),
                                          Pair("name", "\"Ada B.\"")))));
}

TEST(ProfileFileTest, TellsAllMistakesAtOnce) {
  const TempFolder dir;
  struct Case {
    const char* name;
    std::string text;
    std::vector<std::string> mistakes;
  };
  const Case cases[] = {
      {"a.csv", "", {"1: no line with column names"}},
      {"a.csv", std::string(1000, ',') + "\n", {"1: more than 1000 columns"}},
      {"a.csv",
       "customer,n\na," + std::string((1 << 20) + 1, 'x') + "\nb,1\n",
       {"2: a cell of more than 1 MiB"}},
      {"a.csv",
       "name,,name\nx,y,z\n",
       {"1: column 2 has no name", "1: two columns are called 'name'",
        "1: no column is called 'customer'"}},
      {"a.csv",
       "Customer ID,n\na,1\n",
       {"1: no column is called 'customer'; if 'Customer ID' is it, call that "
        "'customer'"}},
      {"a.csv",
       "customer;n\na;1,5\n",
       {"1: cells seem to be separated by `;`: separate them by commas"}},
      {"a.csv",
       "\"customer\"\t\"n\"\r\na\t1\r\n",
       {"1: cells seem to be separated by tabs: separate them by commas"}},
      {"a.csv",
       "customer,n\na,1,2\n,1\nb\"x,1\nc,\"1\n2\nd,1\n",
       {"2: 3 cells where the first line has 2", "3: no customer",
        "4: a quote inside a cell that does not begin with one",
        "5: a quoted cell without its end",
        "6: 1 cells where the first line has 2"}},
      {"a.csv",
       "customer,n\na,\"1\n2\"x\nb,1\nb,2\nc,\xff\n",
       {"2: text behind the end of a quoted cell",
        "5: customer 'b' is already on line 4", "6: a cell is not UTF-8"}},
      {"a.csv",
       "customer,Consent.email,consent,consent.sms.service\n" +
           std::string(257, 'a') + ",,,\n \t,,,\nada,yes,yes,yes\n",
       {"1: 'Consent.email': a consent is consent.<email, sms or ticket>, or "
        "that with .<category>",
        "1: 'consent': a consent is consent.<email, sms or ticket>, or that "
        "with .<category>",
        "2: a customer of more than 256 bytes", "3: no customer"}},
      {"a.jsonl",
       "{\"customer\":\"a\",\"consent\":{\"email\":{\"service\":true,"
       "\"on\":{\"x\":1}},\"any\":1}}\n",
       {"1: 'consent.any': a consent is consent.<email, sms or ticket>, or "
        "that with .<category>",
        "1: 'consent.email.on.x': a consent is consent.<email, sms or ticket>, "
        "or that with .<category>"}},
      {"a.jsonl",
       "{\n5\n{\"customer\":\"\"}\n{\"customer\":{}}\n{\"customer\":\"a\"}\n"
       "{\"customer\":\"a\"}\n{\"customer\":\"\\u0000\"}\n",
       {"1: The JSON document has an improper structure: missing or "
        "superfluous commas, braces, missing keys, etc.",
        "2: not an object", "3: no customer", "4: no customer",
        "6: customer 'a' is already on line 5",
        "7: the customer has a NUL in it"}},
  };
  for (const Case& c : cases) {
    const std::string path = dir.Write(c.name, c.text);
    std::string expected;
    for (const std::string& mistake : c.mistakes) {
      expected += (expected.empty() ? "" : "\n") + path + ":" + mistake;
    }
    const auto customers = ReadProfileFile(path);
    ASSERT_FALSE(customers.ok()) << c.text;
    EXPECT_EQ(customers.error().message, expected);
  }
  EXPECT_EQ(ReadProfileFile("a.xml").error().message,
            "a.xml: profiles are read from .csv and .jsonl");
  EXPECT_EQ(ReadProfileFile(dir.Path("b.csv")).error().message,
            dir.Path("b.csv") + ": No such file or directory");
}

}  // namespace
}  // namespace premura
