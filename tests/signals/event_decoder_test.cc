// SPDX-License-Identifier: Apache-2.0
#include "signals/event_decoder.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/signals/decoding.h"

namespace premura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

DecoderOptions Of(Preset preset) { return {.preset = preset}; }
DecoderOptions UserOf(Preset preset) {
  return {.preset = preset, .customer_is_user = true};
}

// --- Plain -------------------------------------------------------------------

struct Case {
  const char* what;
  std::string json;
  std::string expected;
};

TEST(PlainEventsTest, ReadWhatIsWritten) {
  Decoding decoding(Of(Preset::kPlain),
                    {"page", "d.ip", "d", "n", "list", "type", "customer"});
  const std::string at = " at 2024-01-02T03:04:05.000Z";
  const Case cases[] = {
      {"seconds", R"({"customer":"a","event":"e","ts":1704164645})",
       "a e" + at},
      {"milliseconds", R"({"customer":"a","event":"e","ts":1704164645678})",
       "a e at 2024-01-02T03:04:05.678Z"},
      {"fractions of seconds",
       R"({"customer":"a","event":"e","ts":1704164645.678})",
       "a e at 2024-01-02T03:04:05.678Z"},
      {"digits", R"({"customer":"a","event":"e","ts":"1704164645"})",
       "a e" + at},
      {"RFC 3339", R"({"customer":"a","event":"e",
       "time":"2024-01-02T04:04:05+01:00"})",
       "a e" + at},
      {"type for event", R"({"customer":"a","type":"e","ts":1704164645})",
       "a e" + at},
      {"event before type",
       R"({"customer":"a","type":"t","event":"e","ts":1704164645})",
       "a e" + at + " type=\"t\""},
      {"null event, then type",
       R"({"customer":"a","event":null,"type":"t","ts":1704164645})",
       "a t" + at},
      {"numeric customer", R"({"customer":42,"event":"e","ts":1704164645})",
       "42 e" + at},
      {"large customer",
       R"({"customer":12345678901234567890123,"event":"e","ts":1704164645})",
       "12345678901234567890123 e" + at},
      {"id", R"({"customer":"a","event":"e","ts":1704164645,"id":"x"})",
       "a e" + at + " id x"},
      {"numeric id", R"({"customer":"a","event":"e","ts":1704164645,"id":7})",
       "a e" + at + " id 7"},
      {"properties", R"({"customer":"a","event":"e","ts":1704164645,
       "page":"/x","n":5,"unwanted":1,"d":{"ip":"1.2.3.4","x":[1]}})",
       "a e" + at +
           R"( page="/x" n=5 d={"ip":"1.2.3.4","x":[1]} d.ip="1.2.3.4")"},
      {"null is kept", R"({"customer":"a","event":"e","ts":1704164645,
       "page":null})",
       "a e" + at + " page=null"},
      {"lists", R"({"customer":"a","event":"e","ts":1704164645,
       "list":[1,"x",null,true,[2.5],{"a":1}]})",
       "a e" + at + R"( list=[1,"x",null,true,[2.5],{"a":1}])"},
      {"spellings", R"({"customer":"a","event":"e","ts":1704164645,
       "list":[1.0,-0.5,1e400,18446744073709551615,-9223372036854775808,
       0.0,-0.0,17.25,-3.125,1e-7,0.0005,0.1234,1e21,123456789012.125,2e3]})",
       "a e" + at +
           " list=[1.0,-0.5,1e400,18446744073709551615,-9223372036854775808,"
           "0.0,-0.0,17.25,-3.125,1e-07,0.0005,0.1234,1e+21,"
           "123456789012.125,2000.0]"},
      {"the last of a name counts", R"({"customer":"b","customer":"a",
       "event":"e","ts":1704164645,"d":{"ip":"old"},"d":{"x":1}})",
       "a e" + at + R"( d={"x":1})"},
      {"escapes", R"({"customer":"\u00e9","event":"e","ts":1704164645})",
       "é e" + at},
      {"several", R"([{"customer":"a","event":"e","ts":1704164645},
       {"customer":"b","event":"f","ts":1704164645}])",
       "a e" + at + " | b f" + at},
      {"none", "[]", ""},
      {"byte order mark",
       "\xEF\xBB\xBF{\"customer\":\"a\",\"event\":\"e\",\"ts\":1704164645}",
       "a e" + at},
      {"schema registry",
       std::string("\0\0\0\1\2", 5) +
           R"({"customer":"a","event":"e","ts":1704164645})",
       "a e" + at},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(decoding.One(c.json), c.expected) << c.what;
  }
}

TEST(PlainEventsTest, KeysThatHoldDotsAreReadAsIfNested) {
  Decoding decoding(Of(Preset::kPlain), {"a", "a.b", "a.b.c", "d.e"});
  const Case cases[] = {
      {"one key", R"("a.b.c":1)", "a.b.c=1"},
      {"at the end", R"("a":{"b.c":1})", R"(a={"b.c":1} a.b.c=1)"},
      {"in front", R"("a.b":{"c":1})", R"(a.b={"c":1} a.b.c=1)"},
      {"of both the last", R"("a.b":1,"a":{"b":2})", R"(a.b=2 a={"b":2})"},
      {"the other way round", R"("a":{"b":2},"a.b":1)", R"(a={"b":2} a.b=1)"},
      {"another", R"("d":{"e":2},"d.e.f":1,"d.":1,".e":1)", "d.e=2"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(decoding.One(R"({"customer":"a","event":"e","ts":1704164645,)" +
                           c.json + "}"),
              "a e at 2024-01-02T03:04:05.000Z " + c.expected)
        << c.what;
  }
  std::string path = "n1";
  for (const char* more : {"n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"}) {
    Decoding deep(Of(Preset::kPlain), {path});
    EXPECT_EQ(deep.One(R"({"customer":"a","event":"e","ts":1704164645,")" +
                       path + "\":1}"),
              "a e at 2024-01-02T03:04:05.000Z " + path + "=1");
    path += "." + std::string(more);
  }
}

TEST(PlainEventsTest, AreRefusedWithTheReason) {
  Decoding decoding(
      {.preset = Preset::kPlain, .max_bytes = 400, .max_depth = 8});
  std::string deep = R"({"customer":"a","event":"e","ts":1704164645,"x":)";
  deep += std::string(8, '[') + std::string(8, ']') + "}";
  const Case cases[] = {
      {"empty", "", "broken_json: the record is empty"},
      {"spaces", "  ", "broken_json: the record is empty"},
      {"no JSON", "hello", "broken_json: "},
      {"two documents", R"({"a":1} {"a":2})", "broken_json: "},
      {"bad number", R"({"customer":"a","event":"e","ts":01})",
       "broken_json: "},
      {"a huge number as a name", R"({12345678901234567890123:1})",
       "broken_json: "},
      {"not UTF-8", "{\"customer\":\"\xff\"}",
       "invalid_utf8: the record is not UTF-8"},
      {"too large", std::string(401, ' '), "too_large: more than 400 bytes"},
      {"too deep", deep, "too_deep: objects and lists are nested too deeply"},
      {"a number", "5",
       "wrong_type: an event should be an object, not a number"},
      {"a text", "\"x\"",
       "wrong_type: an event should be an object, not a text"},
      {"null", "null", "wrong_type: an event should be an object, not null"},
      {"true", "true",
       "wrong_type: an event should be an object, not true or false"},
      {"a list in a list", "[[]]",
       "wrong_type: an event should be an object, not a list"},
      {"no customer", R"({"event":"e","ts":1704164645})",
       "no_customer: no customer at customer"},
      {"empty customer", R"({"customer":"","event":"e","ts":1704164645})",
       "no_customer: no customer at customer"},
      {"null customer", R"({"customer":null,"event":"e","ts":1704164645})",
       "no_customer: no customer at customer"},
      {"customer is a list",
       R"({"customer":["a"],"event":"e","ts":1704164645})",
       "wrong_type: the customer is a list"},
      {"customer is an object",
       R"({"customer":{},"event":"e","ts":1704164645})",
       "wrong_type: the customer is an object"},
      {"customer is true", R"({"customer":true,"event":"e","ts":1704164645})",
       "wrong_type: the customer is true or false"},
      {"blank customer", R"({"customer":" \t","event":"e","ts":1704164645})",
       "no_customer: the customer is blank"},
      {"long customer",
       R"({"event":"e","ts":1704164645,"customer":")" + std::string(257, 'a') +
           "\"}",
       "long_customer: a customer of more than 256 bytes"},
      {"NUL", R"({"customer":"a\u0000b","event":"e","ts":1704164645})",
       "control_character: the customer has a NUL in it"},
      {"NUL in name", R"({"customer":"a","event":"\u0000","ts":1704164645})",
       "control_character: the name has a NUL in it"},
      {"NUL in id",
       R"({"customer":"a","event":"e","ts":1704164645,"id":"\u0000"})",
       "control_character: the id has a NUL in it"},
      {"id is a list",
       R"({"customer":"a","event":"e","ts":1704164645,"id":[]})",
       "wrong_type: the id is a list"},
      {"no name", R"({"customer":"a","ts":1704164645})",
       "no_name: no name at event, type"},
      {"no time", R"({"customer":"a","event":"e"})",
       "no_time: no time at ts, time"},
      {"time is true", R"({"customer":"a","event":"e","ts":true})",
       "wrong_type: the time is true or false"},
      {"not a time", R"({"customer":"a","event":"e","ts":"yesterday"})",
       "absurd_time: 'yesterday' is not a time"},
      {"1989", R"({"customer":"a","event":"e","ts":631151999})",
       "absurd_time: 1989-12-31T23:59:59.000Z ('631151999') is not between "
       "1990 and 2200"},
      {"2201", R"({"customer":"a","event":"e","ts":7289654400000})",
       "absurd_time: 2201-01-01T00:00:00.000Z ('7289654400000') is not between "
       "1990 and 2200"},
      {"nanoseconds",
       R"({"customer":"a","event":"e","ts":1704164645000000000})",
       "absurd_time: '1704164645000000000' is not a time"},
      {"far beyond", R"({"customer":"a","event":"e","ts":1e300})",
       "absurd_time: '1e+300' is not a time"},
  };
  for (const Case& c : cases) {
    const std::vector<std::string> lines = decoding.Of(c.json);
    ASSERT_EQ(lines.size(), 1u) << c.what;
    EXPECT_THAT(lines[0], ::testing::StartsWith(c.expected)) << c.what;
  }
}

TEST(PlainEventsTest, GoOnBesideRefusedOnesInAList) {
  Decoding decoding(Of(Preset::kPlain));
  EXPECT_THAT(
      decoding.Of(R"([{"customer":"a","event":"e","ts":1704164645}, 5,
                     {"event":"e","ts":1704164645},
                     {"customer":"b","event":"f","ts":1704164645}])"),
      ElementsAre("a e at 2024-01-02T03:04:05.000Z",
                  "wrong_type: an event should be an object, not a number",
                  "no_customer: no customer at customer",
                  "b f at 2024-01-02T03:04:05.000Z"));
}

TEST(PlainEventsTest, MayBeOfTheFirstAndLastAllowedMoment) {
  Decoding decoding(Of(Preset::kPlain));
  EXPECT_EQ(decoding.One(R"({"customer":"a","event":"e","ts":631152000})"),
            "a e at 1990-01-01T00:00:00.000Z");
  EXPECT_EQ(decoding.One(R"({"customer":"a","event":"e","ts":7289654399999})"),
            "a e at 2200-12-31T23:59:59.999Z");
}

// Every beginning of a good record, and every byte of it damaged.
TEST(HostileInputTest, IsAnsweredOnceWhateverIsCutOrDamaged) {
  Decoding decoding(Of(Preset::kSegment), {"page", "n", "list"});
  const std::string good =
      R"({"type":"track","event":"x","userId":"u","messageId":"m",)"
      R"("timestamp":"2024-01-02T03:04:05.678Z","properties":)"
      R"({"page":"\u00e9\"","n":-1.5e3,"list":[1,[2],{"a":null}]}})";
  ASSERT_THAT(decoding.One(good), HasSubstr("u x at 2024"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::vector<std::string> lines = decoding.Of(good.substr(0, size));
    ASSERT_EQ(lines.size(), 1u);
    ASSERT_THAT(lines[0], ::testing::StartsWith("broken_json: ")) << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char c : {'\0', '"', '\\', '{', ']', '9', '\xff'}) {
      std::string damaged = good;
      damaged[at] = c;
      ASSERT_EQ(decoding.Of(damaged).size(), 1u) << at;
    }
  }
}

TEST(HostileInputTest, DoesNotOutgrowItsBounds) {
  Decoding decoding(Of(Preset::kPlain));
  const std::string ten_megabytes =
      R"({"customer":")" + std::string(10 << 20, 'x') + "\"}";
  EXPECT_EQ(decoding.One(ten_megabytes), "too_large: more than 1048576 bytes");
  EXPECT_THAT(decoding.One(std::string(50000, '[') + std::string(50000, ']')),
              ::testing::StartsWith("too_deep: "));
  const std::string long_time = R"({"customer":"a","event":"e","ts":")" +
                                std::string(5000, '\x7f') + "\"}";
  EXPECT_EQ(decoding.One(long_time),
            "absurd_time: '" + std::string(199, '?') + "...");
}

// --- Segment -----------------------------------------------------------------

// As analytics.js sends it, after Segment's own servers.
constexpr const char* kTrack = R"({
  "anonymousId": "23adfd82-aa0f-45a7-a756-24f2a7a4c895",
  "channel": "browser",
  "context": {"ip": "8.8.8.8", "library": {"name": "analytics.js",
    "version": "2.11.1"}, "page": {"path": "/academy/", "referrer": "",
    "title": "Analytics Academy"}, "userAgent": "Mozilla/5.0",
    "locale": "en-US", "timezone": "Europe/Rome", "groupId": "acme",
    "traits": {"plan": "pro"}},
  "event": "Export Failed",
  "integrations": {"All": true},
  "messageId": "ajs-f8ca1e4de5024d9430b3928bd8ac6b96",
  "originalTimestamp": "2015-12-12T19:11:01.249Z",
  "properties": {"format": "pdf", "error": {"code": 500}},
  "receivedAt": "2015-12-12T19:11:01.266Z",
  "sentAt": "2015-12-12T19:11:01.258Z",
  "timestamp": "2015-12-12T19:11:01.257Z",
  "type": "track", "userId": "AiUGstSDIg", "version": 2})";

// Each path of a profile would carry the name again.
TEST(HostileInputTest, ALongNameBeforeManyTraitsIsCut) {
  std::string members;
  for (int i = 0; i < 1000; ++i) members += i == 0 ? R"("":1)" : R"(,"":1)";
  const std::string identify =
      R"({"type":"identify","userId":"u","timestamp":"2026-01-01T00:00:00Z",)"
      R"("traits":{")" +
      std::string(100'000, 'n') + R"(":{)" + members + "}}}";
  const std::string line = Decoding(UserOf(Preset::kSegment)).One(identify);
  EXPECT_GT(line.size(), 1000U * 257);
  EXPECT_LT(line.size(), 1000U * 270);
}

TEST(SegmentEventsTest, AreOfTheAccountOrTheUser) {
  const std::string rest =
      " Export Failed at 2015-12-12T19:11:01.257Z id "
      "ajs-f8ca1e4de5024d9430b3928bd8ac6b96 context.page.path=\"/academy/\" "
      "format=\"pdf\" error.code=500";
  for (const Preset preset : {Preset::kSegment, Preset::kRudderstack}) {
    const std::vector<std::string> wanted = {"format", "error.code",
                                             "context.page.path", "plan"};
    EXPECT_EQ(Decoding(Of(preset), wanted).One(kTrack), "acme" + rest);
    EXPECT_EQ(Decoding(UserOf(preset), wanted).One(kTrack),
              "AiUGstSDIg" + rest);
  }
}

TEST(SegmentEventsTest, FindCustomerNameAndTimeWhereTheyStand) {
  Decoding account(Of(Preset::kSegment), {"context.ip"});
  Decoding user(UserOf(Preset::kSegment));
  const std::string t = R"("timestamp":"2024-01-02T03:04:05Z")";
  const std::string at = " at 2024-01-02T03:04:05.000Z";
  EXPECT_EQ(account.One(R"({"type":"track","event":"e","userId":"u",)" + t +
                        R"(,"properties":{"account_id":"x"}})"),
            "x e" + at);
  EXPECT_EQ(
      account.One(R"({"type":"track","event":"e","userId":"u",)" + t + "}"),
      "u e" + at)
      << "no account: the user";
  EXPECT_EQ(user.One(R"({"type":"track","event":"e","userId":null,)"
                     R"("anonymousId":"an",)" +
                     t + "}"),
            "an e" + at);
  EXPECT_EQ(
      user.One(R"({"type":"page","name":"Pricing","userId":"u",)" + t + "}"),
      "u page:Pricing" + at);
  EXPECT_EQ(user.One(R"({"type":"page","userId":"u",)" + t +
                     R"(,"properties":{"name":"Home"}})"),
            "u page:Home" + at);
  EXPECT_EQ(user.One(R"({"type":"page","userId":"u",)" + t + "}"),
            "u page" + at);
  EXPECT_EQ(
      user.One(R"({"type":"screen","name":"Cart","userId":"u",)" + t + "}"),
      "u screen:Cart" + at);
  EXPECT_EQ(user.One(R"({"type":"alias","userId":"u",)" + t + "}"),
            "u alias" + at);
  EXPECT_EQ(user.One(R"({"event":"e","userId":"u",)" + t + "}"), "u e" + at);
  EXPECT_EQ(user.One(R"({"type":"track","userId":"u",)" + t + "}"),
            "no_name: no name at event, name, type");
  EXPECT_EQ(user.One(R"({"type":"track","event":"e",)" + t + "}"),
            "no_customer: no customer at userId, anonymousId");
  EXPECT_EQ(
      user.One(R"({"type":["track"],"event":"e","userId":"u",)" + t + "}"),
      "wrong_type: the name is a list");
  EXPECT_EQ(account.One(R"({"type":"track","event":"e","userId":"u",)" + t +
                        R"(,"context":{"ip":"1.1.1.1"},)"
                        R"("properties":{"context":{"ip":"2.2.2.2"}}})"),
            "u e" + at + " context.ip=\"2.2.2.2\"")
      << "a property that is called context comes first";
}

TEST(SegmentEventsTest, CorrectTheClockOfTheSender) {
  Decoding user(UserOf(Preset::kSegment));
  const std::string event = R"({"type":"track","event":"e","userId":"u")";
  // The sender's clock is an hour behind.
  EXPECT_EQ(user.One(event + R"(,"originalTimestamp":"2024-01-02T02:00:00Z",
                     "sentAt":"2024-01-02T02:00:10Z",
                     "receivedAt":"2024-01-02T03:00:10.5Z"})"),
            "u e at 2024-01-02T03:00:00.500Z");
  EXPECT_EQ(user.One(event + R"(,"originalTimestamp":"2024-01-02T02:00:00Z"})"),
            "u e at 2024-01-02T02:00:00.000Z");
  EXPECT_EQ(user.One(event + R"(,"sentAt":"2024-01-02T02:00:00Z"})"),
            "no_time: no time at timestamp, originalTimestamp");
}

TEST(SegmentEventsTest, IdentifyAndGroupChangeProfiles) {
  const std::string identify = R"({"type":"identify","userId":"u",
    "timestamp":"2024-01-02T03:04:05Z",
    "context":{"timezone":"Europe/Rome","locale":"it-IT","groupId":"acme",
      "traits":{"plan":"old"}},
    "traits":{"plan":"pro","firstName":"Ada","email":null,"tags":["a"],
      "address":{"country":"IT"},"seats":12345678901234567890123}})";
  EXPECT_EQ(Decoding(UserOf(Preset::kSegment)).One(identify),
            "profile of u at 2024-01-02T03:04:05.000Z timezone=\"Europe/Rome\" "
            "locale=\"it-IT\" plan=\"old\" plan=\"pro\" firstName=\"Ada\" "
            "email=null tags=[\"a\"] address.country=\"IT\" "
            "seats=12345678901234567890123 first_name=\"Ada\" country=\"IT\"");
  const std::string group = R"({"type":"group","userId":"u","groupId":"acme",
    "timestamp":"2024-01-02T03:04:05Z","context":{"groupId":"other"},
    "traits":{"tier":"gold"}})";
  EXPECT_EQ(Decoding(Of(Preset::kSegment)).One(group),
            "profile of acme at 2024-01-02T03:04:05.000Z tier=\"gold\"");
  EXPECT_EQ(Decoding(UserOf(Preset::kSegment)).One(group),
            "profile of u at 2024-01-02T03:04:05.000Z account.tier=\"gold\" "
            "account=\"acme\"");
  DecoderOptions mapped = UserOf(Preset::kSegment);
  mapped.mapping.profile = {{"phone", {"traits.mobile", "traits.phone"}},
                            {"via", {"header:app"}}};
  const Header header{"App", "web"};
  EXPECT_EQ(Decoding(mapped).One(
                {.value = R"({"type":"identify","userId":"u","timestamp":
                 "2024-01-02T03:04:05Z","traits":{"phone":"+39"}})",
                 .headers = {&header, 1}}),
            "profile of u at 2024-01-02T03:04:05.000Z phone=\"+39\" "
            "phone=\"+39\" via=\"web\"");
}

TEST(SegmentEventsTest, IdentifyIsAnEventWhereProfilesAreNotTakenFromEvents) {
  Decoding decoding({.preset = Preset::kSegment, .profiles_from_events = false},
                    {"plan"});
  EXPECT_EQ(decoding.One(R"({"type":"identify","userId":"u",
      "timestamp":"2024-01-02T03:04:05Z","traits":{"plan":"pro"}})"),
            "u identify at 2024-01-02T03:04:05.000Z plan=\"pro\"");
}

TEST(SegmentEventsTest, ComeOutOfABatch) {
  DecoderOptions options = UserOf(Preset::kSegment);
  options.mapping.explode = "batch";
  Decoding decoding(options);
  const std::string one = R"({"type":"track","event":"e","userId":"u",
      "timestamp":"2024-01-02T03:04:05Z"})";
  EXPECT_THAT(
      decoding.Of(R"({"batch":[)" + one + "," + one + "],\"sentAt\":1}"),
      ElementsAre("u e at 2024-01-02T03:04:05.000Z",
                  "u e at 2024-01-02T03:04:05.000Z"));
  EXPECT_THAT(decoding.Of(R"({"batch":[]})"), IsEmpty());
  EXPECT_EQ(decoding.One(one),
            "wrong_type: an event should be an object, not a record without "
            "the list of events");
  EXPECT_EQ(decoding.One(R"({"batch":{}})"),
            "wrong_type: an event should be an object, not an object");
}

// --- CloudEvents -------------------------------------------------------------

TEST(CloudEventsTest, AreReadStructured) {
  Decoding decoding(UserOf(Preset::kCloudEvents), {"amount", "source"});
  EXPECT_EQ(decoding.One(R"({"specversion":"1.0","type":"com.example.paid",
      "source":"/billing","id":"A234","subject":"user-7",
      "time":"2018-04-05T17:31:00Z","datacontenttype":"application/json",
      "data":{"amount":12,"user_id":"other"}})"),
            "user-7 com.example.paid at 2018-04-05T17:31:00.000Z id /billing "
            "A234 amount=12");
  Decoding account(Of(Preset::kCloudEvents));
  EXPECT_EQ(account.One(R"({"specversion":"1.0","type":"t","source":"s",
      "id":5,"time":"2018-04-05T17:31:00Z","subject":"u",
      "data":{"account_id":"acme"}})"),
            "acme t at 2018-04-05T17:31:00.000Z id s 5");
  EXPECT_EQ(account.One(R"({"specversion":"1.0","type":"t","source":[],
      "id":"5","time":"2018-04-05T17:31:00Z","subject":"u"})"),
            "wrong_type: the source is a list");
}

std::vector<Header> BinaryHeaders() {
  return {{"ce_specversion", "1.0"},
          {"ce_type", "com.example.paid"},
          {"ce_source", "/billing"},
          {"ce_id", "A234"},
          {"ce_subject", "user-7"},
          {"CE_Time", "2018-04-05T17:31:00Z"},
          {"content-type", "application/json; charset=utf-8"}};
}

TEST(CloudEventsTest, AreReadBinary) {
  Decoding decoding(UserOf(Preset::kCloudEvents), {"amount", "d.ip"});
  std::vector<Header> headers = BinaryHeaders();
  const std::string expected =
      "user-7 com.example.paid at 2018-04-05T17:31:00.000Z id /billing A234";
  const std::string json = R"({"amount":12,"d":{"ip":"::1"},"type":"no"})";
  EXPECT_EQ(decoding.One({.value = json, .headers = headers}),
            expected + " amount=12 d.ip=\"::1\"");
  EXPECT_EQ(decoding.One({.headers = headers}), expected) << "without data";
  EXPECT_EQ(decoding.One({.value = "[1]", .headers = headers}), expected);
  EXPECT_THAT(decoding.One({.value = "{", .headers = headers}),
              ::testing::StartsWith("broken_json: "));
  headers.back().value = "text/plain";
  EXPECT_EQ(decoding.One({.value = "{", .headers = headers}), expected);
  headers[4].value = "\xff";
  EXPECT_THAT(decoding.One({.value = "{}", .headers = headers}),
              ::testing::StartsWith("no_customer: "));
  Decoding account(Of(Preset::kCloudEvents));
  headers.push_back({"ce_accountid", "acme"});
  EXPECT_THAT(account.One({.headers = headers}),
              ::testing::StartsWith("acme com.example.paid"));
}

// --- Mappings ----------------------------------------------------------------

TEST(MappingTest, TakesTheFirstPathThatHoldsSomething) {
  DecoderOptions options = Of(Preset::kPlain);
  options.mapping.customer = {"org.id", "header:org", "key", "$.key"};
  options.mapping.name = {"what"};
  options.mapping.time = {"when", "broker_time"};
  options.mapping.id = {"uid"};
  options.mapping.properties = {"attributes", "$"};
  Decoding decoding(options, {"colour", "what"});
  const Header header{"org", "from-header"};
  const Timestamp broker{std::chrono::seconds(1704164645)};
  EXPECT_EQ(
      decoding.One({.value = R"({"org":{"id":"o"},"what":"w","when":1704164646,
                    "uid":"u","colour":"red","attributes":{"colour":"blue"}})",
                    .key = "from-key",
                    .headers = {&header, 1},
                    .broker_time = broker}),
      "o w at 2024-01-02T03:04:06.000Z id u what=\"w\" colour=\"blue\"");
  EXPECT_EQ(decoding.One({.value = R"({"org":{"id":""},"what":"w"})",
                          .key = "from-key",
                          .headers = {&header, 1},
                          .broker_time = broker}),
            "from-header w at 2024-01-02T03:04:05.000Z what=\"w\"");
  EXPECT_EQ(decoding.One({.value = R"({"what":"w"})",
                          .key = "from-key",
                          .broker_time = broker}),
            "from-key w at 2024-01-02T03:04:05.000Z what=\"w\"");
  EXPECT_EQ(decoding.One(R"({"what":"w","key":"k","when":1704164646})"),
            "k w at 2024-01-02T03:04:06.000Z what=\"w\"");
}

TEST(MappingTest, OfAccountAndUserKeepsTheOther) {
  DecoderOptions options = Of(Preset::kSegment);
  options.mapping.account = {"properties.org"};
  const std::string event = R"({"type":"track","event":"e","userId":"u",
      "timestamp":"2024-01-02T03:04:05Z","context":{"groupId":"g"})";
  EXPECT_EQ(Decoding(options).One(event + R"(,"properties":{"org":"o"}})"),
            "o e at 2024-01-02T03:04:05.000Z");
  EXPECT_EQ(Decoding(options).One(event + "}"),
            "u e at 2024-01-02T03:04:05.000Z");
}

TEST(MappingTest, ThatIsNoneIsRefused) {
  struct Mistake {
    std::vector<std::string> EventMapping::*part;
    const char* path;
    const char* expected;
  };
  const Mistake mistakes[] = {
      {&EventMapping::customer, "a..b", "path 'a..b': a name is empty"},
      {&EventMapping::id, "", "path '': a name is empty"},
      {&EventMapping::name, "a[0]",
       "path 'a[0]': elements of a list cannot be named"},
      {&EventMapping::user,
       "header:", "path 'header:': the header has no name"},
      {&EventMapping::account, "broker_time",
       "path 'broker_time': is a time, and nothing else"},
      {&EventMapping::properties, "x.", "path 'x.': a name is empty"},
  };
  for (const Mistake& mistake : mistakes) {
    DecoderOptions options = Of(Preset::kPlain);
    options.mapping.*mistake.part = {mistake.path};
    const auto decoder = NewEventDecoder(options);
    ASSERT_FALSE(decoder.ok()) << mistake.path;
    EXPECT_EQ(decoder.error().message, mistake.expected);
  }
  DecoderOptions options = Of(Preset::kPlain);
  options.mapping.explode = "a.";
  EXPECT_EQ(NewEventDecoder(options).error().message,
            "explode: path 'a.': a name is empty");
  options.mapping.explode = "";
  options.mapping.profile = {{"", {"a"}}};
  EXPECT_EQ(NewEventDecoder(options).error().message,
            "a path of the profile is empty");
}

// --- The rest ----------------------------------------------------------------

TEST(EventDecoderTest, FollowsTheSymbolsOfEachUse) {
  Decoding decoding(Of(Preset::kPlain), {"a"});
  const std::string json =
      R"({"customer":"c","event":"e","ts":1704164645,"a":1,"b":2})";
  const std::string event = "c e at 2024-01-02T03:04:05.000Z";
  EXPECT_EQ(decoding.One(json), event + " a=1");
  Symbols more;
  more.properties.Intern("b");
  more.properties.Intern("a");
  const SymbolId name = more.names.Intern("e");
  decoding.decoder->Use(&more);
  RememberingSink sink(&more);
  decoding.decoder->Decode({.value = json}, &sink);
  EXPECT_THAT(sink.lines, ElementsAre(event + " a=1 b=2"));
  EXPECT_THAT(sink.name_ids, ElementsAre(name));
}

TEST(EventDecoderTest, RefusesATombstone) {
  EXPECT_EQ(Decoding(Of(Preset::kPlain)).One(Record{}),
            "wrong_type: a record without a value (a tombstone)");
}

TEST(EventDecoderTest, MovesTimesOfAReplayedFile) {
  Decoding decoding(Of(Preset::kPlain));
  EXPECT_EQ(
      decoding.One({.value = R"({"customer":"c","event":"e","ts":1704164645})",
                    .time_shift = std::chrono::hours(24)}),
      "c e at 2024-01-03T03:04:05.000Z");
}

TEST(PresetTest, IsRecognisedFromTheFirstRecords) {
  const std::string plain = R"({"customer":"a","event":"e","ts":1})";
  const std::string cloud =
      R"({"specversion":"1.0","type":"t","source":"s","id":"1"})";
  const std::pair<std::vector<std::string>, Preset> cases[] = {
      {{}, Preset::kPlain},
      {{"", "{", "5"}, Preset::kPlain},
      {{plain, plain}, Preset::kPlain},
      {{kTrack}, Preset::kSegment},
      {{"broken", kTrack}, Preset::kSegment},
      {{"[" + cloud + "]"}, Preset::kCloudEvents},
      {{R"({"type":"opened","userId":"u"})"}, Preset::kPlain}};
  for (const auto& [records, preset] : cases) {
    EXPECT_EQ(RecognisePreset(records), preset);
  }
  EXPECT_EQ(ParsePreset("segment"), Preset::kSegment);
  EXPECT_EQ(ParsePreset("rudderstack"), Preset::kRudderstack);
  EXPECT_EQ(ParsePreset("cloudevents"), Preset::kCloudEvents);
  EXPECT_EQ(ParsePreset("plain"), Preset::kPlain);
  EXPECT_EQ(ParsePreset("Plain"), std::nullopt);
}

}  // namespace
}  // namespace premura
