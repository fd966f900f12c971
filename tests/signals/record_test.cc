// SPDX-License-Identifier: Apache-2.0
// Records: what is written is read again, and whatever the bytes, reading them
// is safe.

#include <gtest/gtest.h>

#include <limits>

#include "signals/instants.h"
#include "signals/record_fields.h"
#include "signals/record_reader.h"
#include "signals/record_writer.h"
#include "tests/signals/every_kind.h"
#include "tests/signals/stream.h"

namespace premura {
namespace {

Timestamp At(std::int64_t ms) { return Timestamp(Duration(ms)); }

TEST(Record, GivesBackWhatWasPutIn) {
  const Symbols symbols;
  RecordWriter writer(symbols);
  const std::uint64_t numbers[] = {0, 127, 128, ~std::uint64_t{0}};
  const double reals[] = {0, -1.5, std::numeric_limits<double>::max()};
  const Timestamp times[] = {kNever, At(1767225600000), kUnseen,
                             At(-1), At(1767225600001), At((1L << 62) - 1)};
  for (const auto number : numbers) writer.Number(number);
  for (const double real : reals) writer.Real(real);
  for (const Timestamp time : times) writer.Time(time);
  writer.Time(At(1L << 62));  // Farther than anybody counts.
  writer.Text("");
  writer.Text(std::string("a\0b", 3));
  writer.Flag(true);
  const std::string record(writer.Finish());

  RecordReader reader(record, symbols);
  for (const auto number : numbers) EXPECT_EQ(reader.Number(), number);
  for (const double real : reals) EXPECT_EQ(reader.Real(), real);
  for (const Timestamp time : times) EXPECT_EQ(reader.Time(), time);
  EXPECT_EQ(reader.Time(), kNever);
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.Text(), std::string_view("a\0b", 3));
  EXPECT_TRUE(reader.Flag());
  EXPECT_TRUE(reader.Close().ok());
}

TEST(Record, AnEventIsInItOnceAndSharedAgain) {
  const auto rules = RuleList(
      "  - {id: r, title: R, detect: {event_count: {event: x, where: {v: 1, w: "
      "2}, gte: 3, within: 1h}}}\n");
  const Symbols& symbols = rules->symbols();
  const Value list[] = {Value::Integer(1, "1"), Value::Text("two")};
  const EventField fields[] = {
      {symbols.properties.Find("w"), Value::Real(1.5, "1.50")},
      {symbols.properties.Find("v"), Value::List(list)}};
  Event event;
  event.name = "x";
  event.name_id = symbols.names.Find("x");
  event.id = "e1";
  event.time = kStart;
  event.fields = fields;
  const SeenRef known = SeenRef::New(event, 7);
  event.name = "never heard of";
  event.name_id = 0;
  const SeenRef unknown = SeenRef::New(event, 9);

  RecordWriter writer(symbols);
  for (const SeenRef& seen : {known, unknown, known, SeenRef()}) {
    writer.Event(seen);
  }
  const std::string record(writer.Finish());

  // Where names and properties have other numbers, and one is not asked for.
  const auto others = RuleList(
      "  - {id: s, title: S, detect: {event_count: {event: [y, x], where: {u: "
      "1, v: 1}, gte: 3, within: 1h}}}\n");
  RecordReader reader(record, others->symbols());
  const SeenRef first = reader.Event();
  const SeenRef second = reader.Event();
  EXPECT_EQ(&*reader.Event(), &*first);
  EXPECT_FALSE(reader.Event());
  ASSERT_TRUE(reader.Close().ok());
  EXPECT_EQ(first->name(others->symbols()), "x");
  EXPECT_EQ(second->name(others->symbols()), "never heard of");
  EXPECT_EQ(first->id(), "e1");
  EXPECT_EQ(first->time(), kStart);
  EXPECT_EQ(first->arrival(), 7U);
  EXPECT_EQ(second->arrival(), 9U);
  ValueArena arena;
  const std::vector<EventField> kept = first->Fields(&arena);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].property, others->symbols().properties.Find("v"));
  std::string json;
  AppendJson(kept[0].value, &json);
  EXPECT_EQ(json, R"([1,"two"])");
}

TEST(Record, APartCanBePassedOver) {
  const Symbols symbols;
  RecordWriter writer(symbols);
  writer.Time(At(1000));
  writer.BeginPart();
  writer.Time(At(5000));
  writer.EndPart();
  writer.Time(At(1001));
  const std::string record(writer.Finish());
  for (const bool skips : {false, true}) {
    RecordReader reader(record, symbols);
    EXPECT_EQ(reader.Time(), At(1000));
    if (skips) {
      reader.SkipPart();
    } else {
      reader.BeginPart();
      EXPECT_EQ(reader.Time(), At(5000));
      reader.EndPart();
    }
    EXPECT_EQ(reader.Time(), At(1001));
    EXPECT_TRUE(reader.Close().ok());
  }
}

// --- Damage -----------------------------------------------------------------

std::string WhyNot(const std::string& record) {
  Rig rig(RuleList(kEveryKind));
  const Status of_customer = rig.engine().Load("ann", record);
  EXPECT_EQ(rig.engine().Stats().customers, 0U);
  const Status own = rig.engine().LoadOwn(record);
  EXPECT_EQ(rig.engine().Stats().clock, kUnseen);
  EXPECT_FALSE(of_customer.ok() || own.ok());
  if (of_customer.ok() || own.ok()) return "";
  EXPECT_EQ(of_customer.error().message, own.error().message);
  return own.error().message;
}

TEST(RecordDamage, SaysWhatIsWrong) {
  EXPECT_EQ(WhyNot(""), "the record is damaged");
  EXPECT_EQ(WhyNot("\x01"), "the record is damaged");
  EXPECT_EQ(WhyNot("\x02"), "the record is of version 2, not 1");
}

Stream AStream(Dice* dice) {
  StreamShape shape;
  shape.events = 60;
  shape.customers = {"ann", "bob"};
  shape.groups = {"x", "y"};
  return RandomStream(shape, dice);
}

void Damage(Dice* dice, std::string* bytes) {
  const int times = 1 + dice->Roll(3);
  for (int i = 0; i < times && !bytes->empty(); ++i) {
    const auto at =
        static_cast<std::size_t>(dice->Roll(static_cast<int>(bytes->size())));
    switch (dice->Roll(4)) {
      case 0:
        (*bytes)[at] = static_cast<char>(dice->Roll(256));
        break;
      case 1:
        (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << dice->Roll(8)));
        break;
      case 2:
        bytes->erase(at, 1 + static_cast<std::size_t>(dice->Roll(4)));
        break;
      default:
        bytes->resize(at);
    }
  }
}

// Refused and without a trace; or taken, and then safe to go on with.
TEST(RecordDamage, IsRefusedOrHarmless) {
  const auto rules = RuleList(kEveryKind);
  std::size_t refused = 0;
  std::size_t taken = 0;
  ForSeeds(1.0, [&](std::uint64_t seed) {
    Dice dice(seed);
    Rig whole(rules);
    whole.Play(AStream(&dice));
    whole.Save();
    Rig rig(rules);
    for (auto& [name, record] : whole.records().customers) {
      const std::size_t before = rig.engine().Stats().customers;
      Damage(&dice, &record);
      if (rig.engine().Load(name, record).ok()) {
        ++taken;
        continue;
      }
      ++refused;
      EXPECT_EQ(rig.engine().Stats().customers, before);
    }
    Damage(&dice, &whole.records().own);
    rig.engine().LoadOwn(whole.records().own).ok() ? ++taken : ++refused;
    rig.engine().Explain("ann");
    rig.Play(AStream(&dice));
    rig.engine().Advance(kStart + std::chrono::hours(100));
    rig.Save();
    rig.engine().Explain("bob");
  });
  ExpectMore(refused, 20);
  ExpectMore(taken, 5);
}

}  // namespace
}  // namespace premura
