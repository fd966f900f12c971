// SPDX-License-Identifier: Apache-2.0
#include "signals/event.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace premura {
namespace {

// An event whose bytes die with the call.
void AddShortLived(EventBatch* batch, int number) {
  const std::string name = "name-" + std::to_string(number);
  const std::string id = "id-" + std::to_string(number);
  const std::string customer = "customer-" + std::to_string(number);
  const std::string text(static_cast<std::size_t>(number % 3000), 'x');
  const std::array<Value, 2> elements = {Value::Integer(number, name),
                                         Value::Text(text)};
  const std::array<EventField, 5> fields = {
      EventField{1, Value::Text(text)}, EventField{2, Value::List(elements)},
      EventField{3, Value::Null()}, EventField{4, Value::Real(0.5, id)},
      EventField{5, Value::Object(customer)}};
  batch->Add(Event{.name = name,
                   .name_id = 7,
                   .id = id,
                   .customer = customer,
                   .time = Timestamp(Duration(number)),
                   .clock = Timestamp(Duration(number + 1)),
                   .fields = fields});
}

TEST(EventBatchTest, OwnsAllThatItsEventsPointTo) {
  EventBatch batch;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) AddShortLived(&batch, i);
    EventBatch moved = std::move(batch);
    ASSERT_EQ(moved.size(), 5000u);
    for (int i = 0; i < 5000; ++i) {
      const Event& event = moved.event(static_cast<std::uint32_t>(i));
      ASSERT_EQ(event.name, "name-" + std::to_string(i));
      ASSERT_EQ(event.id, "id-" + std::to_string(i));
      ASSERT_EQ(event.customer, "customer-" + std::to_string(i));
      ASSERT_EQ(event.time, Timestamp(Duration(i)));
      ASSERT_EQ(event.Field(1).text().size(), std::size_t(i % 3000));
      ASSERT_EQ(event.Field(2).elements()[0].integer(), i);
      ASSERT_EQ(event.Field(2).elements()[1].text().size(),
                std::size_t(i % 3000));
      ASSERT_EQ(event.Field(3).kind(), Value::Kind::kNull);
      ASSERT_EQ(event.Field(4).text(), "id-" + std::to_string(i));
      ASSERT_EQ(event.Field(5).text(), "customer-" + std::to_string(i));
      ASSERT_EQ(event.Field(6).kind(), Value::Kind::kAbsent);
    }
    const std::size_t bytes = moved.bytes();
    EXPECT_GT(bytes, 5000u * 1500u);
    ProfileChange change;
    change.entries.push_back({"name", std::string(1000, 'x')});
    moved.Add(std::move(change));
    EXPECT_GT(moved.bytes(), bytes + 1000);
    moved.Clear();
    EXPECT_TRUE(moved.empty());
    EXPECT_EQ(moved.bytes(), 0u);
    batch = std::move(moved);
  }
}

TEST(EventBatchTest, KeepsTheOrderOfEventsProfilesAndClocks) {
  EventBatch batch;
  AddShortLived(&batch, 1);
  batch.AddClock(Timestamp(Duration(5)));
  batch.Add(
      ProfileChange{.customer = "ada", .entries = {{"tier", "\"gold\""}}});
  AddShortLived(&batch, 2);
  ASSERT_EQ(batch.items().size(), 4u);
  EXPECT_EQ(batch.items()[0].what, EventBatch::Item::What::kEvent);
  EXPECT_EQ(batch.items()[1].what, EventBatch::Item::What::kClock);
  EXPECT_EQ(batch.items()[1].clock, Timestamp(Duration(5)));
  EXPECT_EQ(batch.items()[2].what, EventBatch::Item::What::kProfile);
  EXPECT_EQ(batch.profile(batch.items()[2].index).customer, "ada");
  EXPECT_EQ(batch.event(batch.items()[3].index).name, "name-2");
}

}  // namespace
}  // namespace premura
