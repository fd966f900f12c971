// SPDX-License-Identifier: Apache-2.0

#include "signals/seen_event.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace premura {
namespace {

std::string Json(const Value& value) {
  std::string json;
  AppendJson(value, &json);
  return json;
}

TEST(SeenEvent, KeepsEveryKindOfValueAsItWas) {
  const Value inner[] = {Value::Text("a"), Value::Null(),
                         Value::Integer(1, "1")};
  const Value outer[] = {Value::List(inner), Value::Boolean(true)};
  const Value values[] = {
      Value::Boolean(true),
      Value::Boolean(false),
      Value::Integer(0, "0"),
      Value::Integer(-17, "-17"),
      Value::Integer(std::numeric_limits<std::int64_t>::min(),
                     "-9223372036854775808"),
      Value::Integer(100, "1e2"),
      Value::Integer(7, "7.0"),
      Value::Real(0.1, "0.1"),
      Value::Real(1e300, "1e300"),
      Value::Text(""),
      Value::Text("perch\xc3\xa9"),
      Value::Text(std::string_view("nul\0within", 10)),
      Value::List({}),
      Value::List(outer),
      Value::Object(R"({"a":1})"),
      Value::Null(),
  };
  for (const Value& value : values) {
    std::string bytes;
    AppendPacked(value, &bytes);
    bytes += "rest";
    std::string_view view = bytes;
    ValueArena arena;
    const Value back = Unpack(&view, &arena);
    EXPECT_EQ(view, "rest") << Json(value);
    EXPECT_EQ(back.kind(), value.kind()) << Json(value);
    EXPECT_EQ(Json(back), Json(value));
    std::string identity;
    std::string identity_back;
    AppendIdentity(value, &identity);
    AppendIdentity(back, &identity_back);
    EXPECT_EQ(identity_back, identity) << Json(value);
  }
}

TEST(SeenEvent, KeepsWhatTheEventHadAndCountsItsHolders) {
  const std::string long_id(300, 'i');
  SeenRef first;
  {
    const EventField fields[] = {{300, Value::Text("/home")},
                                 {2, Value::Null()},
                                 {1, Value::Integer(5, "5")}};
    Event event;
    event.name = "strange";  // No symbol: the name itself is kept.
    event.id = long_id;
    event.time = Timestamp(Duration(42));
    event.fields = fields;
    first = SeenRef::New(event, 9);
  }
  SeenRef second = first;
  first = SeenRef();
  const Symbols symbols;
  ValueArena arena;
  EXPECT_EQ(second->name(symbols), "strange");
  EXPECT_EQ(second->id(), long_id);
  EXPECT_EQ(second->time(), Timestamp(Duration(42)));
  EXPECT_EQ(second->arrival(), 9U);
  EXPECT_EQ(second->Field(300, &arena).text(), "/home");
  EXPECT_EQ(second->Field(1, &arena).integer(), 5);
  EXPECT_EQ(second->Field(2, &arena).kind(), Value::Kind::kAbsent)
      << "null is not worth keeping";
  ASSERT_EQ(second->Fields(&arena).size(), 2U);
  EXPECT_EQ(second->Fields(&arena)[0].property, 300U);
}

TEST(SeenEvent, StandInOrderOfTimeThenArrival) {
  SeenEvents events;
  std::uint32_t arrival = 0;
  for (const int time : {5, 3, 5, 4, 3}) {
    Event event;
    event.time = Timestamp(Duration(time));
    InsertInOrder(SeenRef::New(event, ++arrival), &events);
  }
  std::string order;
  for (const Seen& seen : events) {
    order += std::to_string(seen.event->arrival());
  }
  EXPECT_EQ(order, "25413");
  DropUpTo(Timestamp(Duration(4)), &events);
  EXPECT_EQ(events.size(), 2U);
}

}  // namespace
}  // namespace premura
