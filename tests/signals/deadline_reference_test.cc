// SPDX-License-Identifier: Apache-2.0
// deadline against an evaluator that goes through time hour by hour, with no
// timer, over random streams of dates and zones that are told, moved and taken
// back. All that happens, happens on the hour.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/signals/stream.h"

namespace premura {
namespace {

using Found = std::map<std::string, std::vector<long>>;

constexpr Duration kHour = std::chrono::hours(1);

struct Zone {
  const char* name;
  long ahead;  // Hours, in January.
};
const std::vector<Zone> kZones = {
    {"Asia/Tokyo", 9}, {"Europe/Rome", 1}, {"America/New_York", -5}};

struct Plan {
  bool before = false;
  long distance = 1;
  bool unless = false;
  Stream stream;
};

// What one customer's profile and events say, from the rule's words.
class Reference {
 public:
  Reference(const Plan& plan, std::string customer)
      : plan_(plan), customer_(std::move(customer)) {}

  std::vector<long> Run() {
    for (const StreamEvent& event : plan_.stream) {
      const long time = event.time / kHour;
      const long clock = event.clock / kHour;
      PassUpTo(clock);
      if (event.customer != customer_) continue;
      if (event.name == "profile") {
        PassUpTo(time);
        Say(event, std::max(time, clock));
      } else if (event.name == "paid" && plan_.unless) {
        PassUpTo(time);
        over_ = true;
      }
      PassUpTo(clock);
    }
    return found_;
  }

 private:
  void PassUpTo(long end) {
    for (; next_ <= end; ++next_) {
      if (!Open() || ahead_ != next_) continue;
      found_.push_back(next_);
      over_ = true;
    }
  }

  void Say(const StreamEvent& event, long now) {
    const std::string* const zone = Newest(event, "timezone");
    if (zone != nullptr) zone_ = *zone;
    if (const std::string* const date = Newest(event, "end")) {
      there_ = *date != "null";
      if (there_ && *date != date_) {
        date_ = *date;
        over_ = false;
        ahead_.reset();
        told_.reset();
      }
    }
    const std::optional<long> due =
        there_ ? std::optional(Due()) : std::nullopt;
    if (due == told_) return;  // Neither the date nor the zone has moved it.
    told_ = due;
    if (!Open()) {
      ahead_.reset();
    } else if (*due >= now) {
      ahead_ = due;
      next_ = now;  // What is due now is not past yet.
    } else if (ahead_) {
      ahead_ = now;
      next_ = now;
    }
  }

  // What the event says of it, unless a later one has spoken.
  const std::string* Newest(const StreamEvent& event, const char* path) {
    const std::string* const said = event.Field(path);
    if (said == nullptr) return nullptr;
    const auto [told, first] = told_at_.emplace(path, event.time);
    if (event.time < told->second) return nullptr;
    told->second = event.time;
    return said;
  }

  bool Open() const { return there_ && !over_; }

  long Due() const {
    return Date() + (plan_.before ? -plan_.distance : plan_.distance);
  }

  long Date() const {
    if (date_.find('T') != std::string::npos) return HourOf(date_);
    long ahead = plan_.before ? 14 : -12;
    for (const Zone& zone : kZones) {
      if (zone_ == zone.name) ahead = zone.ahead;
    }
    return HourOf(date_ + "T00:00:00Z") - ahead;
  }
  static long HourOf(const std::string& instant) {
    return (ParseInstant(instant).value() - kStart) / kHour;
  }

  const Plan& plan_;
  const std::string customer_;
  std::string date_;  // The last that was told.
  std::string zone_;
  std::map<std::string, Duration> told_at_;
  bool there_ = false;         // The profile has it now.
  bool over_ = false;          // Found, or done with.
  std::optional<long> told_;   // When it was due, as told last.
  std::optional<long> ahead_;  // When it will be found.
  long next_ = 0;
  std::vector<long> found_;
};

void SayDate(Dice* dice, StreamEvent* event) {
  // A few that are near, so that dates meet each other, and events.
  const long near = event->time / kHour + 5 * (dice->Roll(16) - 5);
  std::string date = FormatInstant(kStart + std::max(0L, near) * kHour);
  if (dice->Chance(0.6)) date.resize(10);
  event->fields.emplace_back("end", date);
}

void SayZone(Dice* dice, StreamEvent* event) {
  event->fields.emplace_back(
      "timezone", dice->Chance(0.2) ? "null" : dice->Pick(kZones).name);
}

Plan RandomPlan(Dice* dice) {
  Plan plan;
  plan.before = dice->Chance(0.5);
  plan.distance = 1 + dice->Roll(20);
  plan.unless = dice->Chance(0.6);
  StreamShape shape;
  shape.events = 10 + static_cast<std::size_t>(dice->Roll(60));
  shape.names = {"profile", "profile", "paid", "other"};
  shape.longest_step = 1 + dice->Roll(8);
  shape.late = dice->Pick<double>({0, 0.05, 0.3});
  // Together less than the 26 hours after which what is over is forgotten.
  shape.latest = 1 + dice->Roll(15);
  shape.lateness = Duration(dice->Pick<int>({0, 0, 2, 8}));
  plan.stream = RandomStream(shape, dice);
  for (StreamEvent& event : plan.stream) {
    event.time *= kHour / Duration(1);
    event.clock *= kHour / Duration(1);
    event.fields.clear();
    if (event.name != "profile") continue;
    if (dice->Chance(0.15)) {
      event.fields.emplace_back("end", "null");
    } else if (dice->Chance(0.6)) {
      SayDate(dice, &event);
    }
    if (dice->Chance(0.3)) SayZone(dice, &event);
  }
  return plan;
}

std::string Rule(const Plan& plan) {
  return fmt::format(
      "  - {{id: r, title: R, detect: {{deadline: {{field: end, {}: "
      "{}h{}}}}}}}\n",
      plan.before ? "before" : "after", plan.distance,
      plan.unless ? ", unless: paid" : "");
}

void Add(Rig* rig, Found* found) {
  for (const Detection& detection : rig->Detections()) {
    EXPECT_TRUE(detection.evidence.empty());
    (*found)[detection.customer].push_back((detection.at - kStart) / kHour);
  }
}

TEST(DeadlineReference, AgreesOverRandomStreams) {
  std::size_t detections = 0;
  ForSeeds(1.0, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Plan plan = RandomPlan(&dice);
    Found expected;
    for (const char* customer : {"ann", "bob"}) {
      const std::vector<long> found = Reference(plan, customer).Run();
      detections += found.size();
      if (!found.empty()) expected[customer] = found;
    }
    Rig rig(RuleList(Rule(plan)));
    rig.Play(plan.stream);
    Found found;
    Add(&rig, &found);
    EXPECT_EQ(found, expected) << Rule(plan) << Describe(plan.stream);
  });
  ExpectMore(detections, 100);
}

// All profiles are looked at again then.
TEST(DeadlineReference, DoesNotDependOnRestarts) {
  ForSeeds(0.5, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Plan plan = RandomPlan(&dice);
    const auto rules = RuleList(Rule(plan));
    Rig one(rules);
    one.Play(plan.stream);
    Rig restarted(rules);
    for (const StreamEvent& event : plan.stream) {
      if (dice.Chance(0.2)) restarted.Save();
      if (dice.Chance(0.1)) {
        restarted.Save();
        restarted.Restart(rules);
      }
      restarted.Take(event);
    }
    EXPECT_EQ(restarted.Json(), one.Json())
        << Rule(plan) << Describe(plan.stream);
  });
}

// In batches, and with each customer in an engine of their own, that is told
// of the others' events as moves of the clock only.
TEST(DeadlineReference, DoesNotDependOnBatchesAndShards) {
  ForSeeds(0.5, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Plan plan = RandomPlan(&dice);
    const auto rules = RuleList(Rule(plan));
    Rig one(rules);
    one.Play(plan.stream);
    Found expected;
    Add(&one, &expected);
    Rig batched(rules);
    batched.PlayBatch(plan.stream);
    Found found;
    Add(&batched, &found);
    EXPECT_EQ(found, expected) << Rule(plan) << Describe(plan.stream);
    found.clear();
    for (const char* customer : {"ann", "bob"}) {
      Rig shard(rules);
      for (StreamEvent event : plan.stream) {
        if (event.customer != customer) event.name.clear();
        shard.Take(event);
      }
      Add(&shard, &found);
    }
    EXPECT_EQ(found, expected) << Rule(plan) << Describe(plan.stream);
  });
}

}  // namespace
}  // namespace premura
