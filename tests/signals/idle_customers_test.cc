// SPDX-License-Identifier: Apache-2.0
// Of whom nothing is left but what must not be forgotten is put away in a few
// bytes, and comes back as if nothing had been. (Random streams with days
// between their events: engine_records_test.cc.)

#include "signals/idle_customers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "signals/customer.h"
#include "tests/signals/stream.h"

namespace premura {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kFew[] =
    "  - {id: few, title: F, detect: {event_count: {event: x, lt: 2, within: "
    "10m}}}\n";
constexpr char kFlip[] =
    "  - {id: flip, title: G, detect: {flapping: {turned_on: p, turned_off: q, "
    "gte: 1, within: 10m, group_by: [g]}}}\n";

std::shared_ptr<const RuleSet> Both(const RuleSet* before = nullptr) {
  return RuleList(std::string(kFew) + kFlip, before);
}

// Two that have been idle for long.
void MakeIdle(Rig* rig) {
  rig->Play(
      "ann x 10s\n ann p 10s g=1\n bob p 20s g=1\n bob p 30s g=2\n clock 90d");
  EXPECT_THAT(rig->Told(), ElementsAre("few ann @610s:"));
}

void ExpectCustomers(Rig* rig, std::size_t active, std::size_t idle) {
  EXPECT_EQ(rig->engine().Stats().customers, active);
  EXPECT_EQ(rig->engine().Stats().idle, idle);
}

std::string JsonOf(Rig* rig, const std::string& customer) {
  std::string all;
  for (const RuleStanding& rule : rig->engine().Explain(customer).standings) {
    for (const TrackStanding& track : rule.tracks) {
      all += fmt::format("{} {} {};", rule.rule->id,
                         static_cast<int>(track.standing.phase),
                         track.standing.more);
    }
  }
  return all;
}

TEST(IdleCustomers, ComeBackWithWhatMustNotBeForgotten) {
  Rig rig(Both());
  MakeIdle(&rig);
  ExpectCustomers(&rig, 0, 2);
  rig.Play("ann x 90d #3\n ann q 90d g=1 #4\n bob q 90d g=2 #5\n clock 90d");
  ExpectCustomers(&rig, 2, 0);
  EXPECT_THAT(rig.Told(),
              ElementsAre("flip ann{g=1} @90d: 4", "flip bob{g=2} @90d: 5"));
  rig.Play("clock 95d");
  EXPECT_THAT(rig.Told(), IsEmpty()) << "one x is too few to arm `few` again";
  ExpectCustomers(&rig, 0, 2);
}

TEST(IdleCustomers, AreExplainedWithoutBeingTakenUp) {
  Rig rig(Both());
  rig.Play("ann x 10s\n ann p 10s g=1\n clock 15m");
  const std::string before = JsonOf(&rig, "ann");
  rig.Play("clock 90d");
  EXPECT_EQ(JsonOf(&rig, "ann"), before);
  EXPECT_NE(JsonOf(&rig, "nobody"), before);
  ExpectCustomers(&rig, 0, 1);
}

TEST(IdleCustomers, LoseWhatIsOfARuleThatGoes) {
  const auto both = Both();
  Rig rig(both);
  MakeIdle(&rig);
  rig.Use(RuleList(kFlip, both.get()));
  rig.Use(Both(both.get()));
  ExpectCustomers(&rig, 1, 1);  // Only ann had something of `few`.
  rig.Play("ann x 90d #3\n clock 91d");
  EXPECT_THAT(rig.Told(), ElementsAre("few ann @129610m:"))
      << "what it knew went with it";
}

TEST(IdleCustomers, GoWithTheirOrigin) {
  Rig rig(Both());
  MakeIdle(&rig);
  rig.engine().Forget(7);
  ExpectCustomers(&rig, 0, 2);
  rig.engine().Forget(0);
  rig.Play("clock 92d");
  ExpectCustomers(&rig, 0, 0);
  rig.Play("ann q 92d g=1 #4");
  EXPECT_THAT(rig.Told(), IsEmpty()) << "no flip: it is the first state seen";
}

TEST(IdleCustomers, AreWrittenDownOnce) {
  Rig rig(Both());
  MakeIdle(&rig);
  rig.Save();
  EXPECT_THAT(rig.records().told, UnorderedElementsAre("ann", "bob"));
  rig.Restart(Both());
  ExpectCustomers(&rig, 0, 2);
  rig.Save();
  EXPECT_THAT(rig.records().told, IsEmpty());
  rig.Play("bob q 90d g=2 #5\n clock 92d");
  EXPECT_THAT(rig.Told(), ElementsAre("flip bob{g=2} @90d: 5"));
  ExpectCustomers(&rig, 1, 1);
  rig.Save();
  EXPECT_THAT(rig.records().told, ElementsAre("bob"));
  ExpectCustomers(&rig, 0, 2);
  rig.engine().Forget(0);
  rig.Save();
  EXPECT_THAT(rig.records().told, UnorderedElementsAre("ann gone", "bob gone"));
}

// --- On their own ------------------------------------------------------------

TEST(IdleCustomers, AreFoundByNameWhateverTheHash) {
  IdleCustomers idle;
  idle.Add({"ann", "one", 3, true}, 7);
  idle.Add({"bob", std::string_view("t\0o", 3), 4, false}, 7);
  EXPECT_EQ(idle.size(), 2U);
  EXPECT_EQ(idle.Find("ann", 7)->record, "one");
  EXPECT_EQ(idle.Find("ann", 7)->origin, 3U);
  EXPECT_EQ(idle.Find("bob", 7)->record, std::string_view("t\0o", 3));
  EXPECT_FALSE(idle.Find("cid", 7));
  EXPECT_FALSE(idle.Find("ann", 8));
  idle.SetRecorded();
  EXPECT_TRUE(idle.Find("bob", 7)->recorded);
  idle.Remove("ann", 7);
  idle.Remove("nobody", 7);
  EXPECT_FALSE(idle.Find("ann", 7));
  EXPECT_EQ(idle.size(), 1U);
}

// As many come and go as need their memory several times over.
TEST(IdleCustomers, KeepTheirRecordsWhoeverElseComesAndGoes) {
  constexpr int kCustomers = 2000;
  IdleCustomers idle;
  std::map<std::string, std::string> records;
  Dice dice(1);
  for (int i = 0; i < 20 * kCustomers; ++i) {
    const std::string name = fmt::format("c{}", dice.Roll(kCustomers));
    const std::uint64_t hash = CustomerTable::HashOf(name);
    if (records.erase(name) > 0) {
      idle.Remove(name, hash);
    } else {
      const auto size = static_cast<std::size_t>(dice.Roll(1000));
      records[name] = name + std::string(size, 'r');
      idle.Add({name, records[name], 1, false}, hash);
    }
  }
  ASSERT_EQ(idle.size(), records.size());
  idle.ForEach([&records](const IdleCustomers::View& view) {
    EXPECT_EQ(records[std::string(view.name)], view.record);
  });
  for (const auto& [name, record] : records) {
    EXPECT_EQ(idle.Find(name, CustomerTable::HashOf(name))->record, record);
  }
}

}  // namespace
}  // namespace premura
